/** Fields that a model rejects: the call is repeated without them or with their other name, which later calls remember. */
import { createChat, type Chat, type ChatCall } from '../../src/gateway/chat';
import { createLocalFieldMemory, nameModelSettings, type FieldMemory } from '../../src/gateway/request-fields';
import { endpointAt, QUESTION, SCOPE } from '../support/endpoints';
import { CASE_TEXT, cases, createScriptedGateway, type Reply, type ScriptedGateway } from '../support/scripted-gateway';

let gateway: ScriptedGateway;
beforeAll(async () => {
  gateway = await createScriptedGateway();
});
afterEach(() => gateway.reset());
afterAll(() => gateway.stop());

const [good] = cases.normalStream as [Reply];
const refuse = (status: number, error: object | string): Reply => ({
  status,
  body: { error } as Reply['body'] & object,
});

async function call(chat: Chat, more: Partial<ChatCall> = {}) {
  let text = '';
  const outcome = await chat({
    ...{ endpoint: endpointAt(gateway.url), model: 'm', messages: QUESTION, temperature: 0.7, maxTokens: 9 },
    ...{ scope: SCOPE, signal: new AbortController().signal, onText: (piece: string) => void (text += piece) },
    ...more,
  }).then(
    () => undefined,
    (error: Error & { code?: string }) => error,
  );
  return { text, failure: outcome };
}

/** The fields under test that each request had. */
const FIELDS = ['temperature', 'max_tokens', 'max_completion_tokens', 'stream_options', 'stream'];
const sent = () => gateway.calls('m').map(({ body }) => FIELDS.filter((field) => field in (body as object)).join(' '));
const ALL = 'temperature max_tokens stream_options stream';
const OTHER_NAME = 'temperature max_completion_tokens stream_options stream';

const COLD = 'max_tokens stream_options stream';
const BARE = 'temperature max_tokens stream';

it.each<[string, Reply, string]>([
  [
    'temperature, by its value',
    refuse(400, {
      message:
        "Unsupported value: 'temperature' does not support 0.7 with this model. Only the default (1) value is supported.",
      ...{ type: 'invalid_request_error', param: 'temperature', code: 'unsupported_value' },
    }),
    COLD,
  ],
  ['temperature, by param alone', refuse(400, { message: 'No.', param: 'temperature' }), COLD],
  ['temperature, in words', refuse(400, '`temperature` is deprecated for this model.'), COLD],
  ['temperature, by a list', { status: 400, body: [{ error: { message: 'temperature is not supported' } }] }, COLD],
  [
    'temperature, by a validator',
    {
      status: 422,
      body: {
        detail: [{ loc: ['body', 'temperature'], msg: 'Extra inputs are not permitted', type: 'extra_forbidden' }],
      },
    },
    COLD,
  ],
  [
    'max_tokens, which has another name',
    refuse(400, {
      message:
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
      ...{ param: 'max_tokens', code: 'unsupported_parameter' },
    }),
    OTHER_NAME,
  ],
  [
    'max_tokens, in words of a server behind',
    refuse(400, { metadata: { raw: '{"detail":"Unknown field max_tokens"}' } }),
    OTHER_NAME,
  ],
  ['stream_options, as an argument', refuse(400, 'Unrecognized request argument supplied: stream_options'), BARE],
  ['stream_options, as a property', refuse(400, { message: "property 'stream_options' is unsupported" }), BARE],
  ['stream_options, in Go', refuse(400, { message: 'json: unknown field "stream_options"' }), BARE],
  ['stream_options, as text', { status: 422, body: { detail: 'stream_options: extra fields not permitted' } }, BARE],
  ['stream_options, by a path', refuse(400, { message: 'No.', param: 'stream_options.include_usage' }), BARE],
  ['stream_options, with status 501', refuse(501, 'stream_options is not implemented'), BARE],
  [
    'temperature, with status 200',
    { status: 200, body: { error: { code: 400, message: 'temperature is not supported' } } },
    COLD,
  ],
])('%s: the call is repeated once, and the rule remembered', async (_, refusal, fields) => {
  gateway.script('m', [refusal, good, good]);
  const chat = createChat();
  const outcomes = [await call(chat), await call(chat)];
  expect(outcomes).toEqual([
    { text: CASE_TEXT, failure: undefined },
    { text: CASE_TEXT, failure: undefined },
  ]);
  expect(sent()).toEqual([ALL, fields, fields]);
});

const limits = () =>
  gateway.calls('m').map(({ body }) => {
    const { max_tokens, max_completion_tokens } = body as Record<string, number | undefined>;
    return max_completion_tokens === undefined ? max_tokens : -max_completion_tokens;
  });

it.each<[string, Reply, number]>([
  [
    'OpenAI',
    refuse(400, {
      message:
        'max_tokens is too large: 9000. This model supports at most 4096 completion tokens, whereas you provided 9000.',
      ...{ type: 'invalid_request_error', param: 'max_tokens', code: 'invalid_value' },
    }),
    4096,
  ],
  [
    'OpenAI, by its code',
    refuse(400, {
      message: "Invalid 'max_tokens': integer above maximum value. Expected a value <= 8192, but got 9000 instead.",
      ...{ param: 'max_tokens', code: 'integer_above_max_value' },
    }),
    8192,
  ],
  ['Groq', refuse(400, '`max_tokens` must be less than or equal to `8192`, the maximum value for `max_tokens`'), 8192],
  ['a maximum value', refuse(400, { message: 'max_tokens: the maximum value is 4,096', param: 'max_tokens' }), 4096],
  [
    'Anthropic',
    refuse(400, 'max_tokens: 9000 > 8192, which is the maximum allowed number of output tokens for claude-3-5-sonnet'),
    8192,
  ],
  ['DeepSeek', refuse(400, 'Invalid max_tokens value, the valid range of max_tokens is [1, 8192]'), 8192],
  ['Alibaba', refuse(400, 'Range of max_tokens should be [1, 2000]'), 2000],
  [
    'Gemini',
    refuse(400, {
      message:
        'Unable to submit request because it has a maxOutputTokens value of 9000 but the supported range is from 1 (inclusive) to 8193 (exclusive).',
    }),
    8192,
  ],
  [
    'Bedrock',
    refuse(400, 'The maximum tokens you requested exceeds the model limit of 4096. Try again with a lower value.'),
    4096,
  ],
  ['Cohere', refuse(400, 'too many tokens: max tokens must be less than or equal to 4096'), 4096],
  ['a limit that is left out', refuse(422, 'max_tokens must be less than 4097'), 4096],
  [
    'a validator',
    {
      status: 422,
      body: {
        detail: [
          { loc: ['body', 'temperature'], msg: 'Input should be less than or equal to 2', type: 'less_than_equal' },
          { loc: ['body', 'max_tokens'], msg: 'Input should be less than or equal to 4096', type: 'less_than_equal' },
        ],
      },
    },
    4096,
  ],
])(
  'max_tokens above what the model takes, as %s says it: is asked once more with that, and remembered',
  async (_, refusal, most) => {
    gateway.script('m', [refusal, good, good, good]);
    const memory = createLocalFieldMemory();
    const outcomes = [await call(createChat(memory), { maxTokens: 9000 })];
    outcomes.push(
      await call(createChat(memory), { maxTokens: 9001 }),
      await call(createChat(memory), { maxTokens: 100 }),
    );
    expect(outcomes).toEqual(Array(3).fill({ text: CASE_TEXT, failure: undefined }));
    expect(limits()).toEqual([9000, most, most, 100]);
  },
);

it.each([
  ['no number', 'max_tokens is too large'],
  ['a number that is not lower', 'max_tokens must be at most 10000'],
  ['a lowest limit', 'max_tokens must be at least 9500'],
])('max_tokens rejected for its amount with %s is not sent under its other name', async (_, message) => {
  gateway.always('m', refuse(400, message));
  expect((await call(createChat(), { maxTokens: 9000 })).failure?.code).toBe('GATEWAY_REFUSED_REQUEST');
  expect(limits()).toEqual([9000]);
});

it('a limit under its other name is also lowered, whichever was learnt first', async () => {
  const most = refuse(400, { message: 'max_completion_tokens must be at most 4096', param: 'max_completion_tokens' });
  gateway.script('m', [refuse(400, { message: 'No.', param: 'max_tokens' }), most, good, good]);
  const memory = createLocalFieldMemory();
  await call(createChat(memory), { maxTokens: 9000 });
  const backwards: FieldMemory = { ...memory, recall: async (name) => (await memory.recall(name)).reverse() };
  await call(createChat(backwards), { maxTokens: 9000 });
  expect(limits()).toEqual([9000, -9000, -4096, -4096]);
});

it('a gateway that lowers its limit with each request cannot loop forever', async () => {
  gateway.script(
    'm',
    Array.from({ length: 99 }, (_, i) => refuse(400, `max_tokens must be at most ${8999 - i}`)),
  );
  expect((await call(createChat(), { maxTokens: 9000 })).failure?.code).toBe('GATEWAY_REFUSED_REQUEST');
  expect(gateway.calls('m').length).toBeLessThan(20);
});

it('the same applies inside a stream without content', async () => {
  const error = { code: 400, message: 'temperature is not supported' };
  gateway.script('m', [{ fault: { kind: 'error', at: 0, error, as: 'bare-chunk' } }, good]);
  expect(await call(createChat())).toEqual({ text: CASE_TEXT, failure: undefined });
  expect(sent()).toEqual([ALL, COLD]);
});

it('several fields are rejected one after another', async () => {
  gateway.script('m', [
    refuse(400, { message: 'No.', param: 'max_tokens' }),
    refuse(400, { message: 'No.', param: 'temperature' }),
    ...[good, good],
  ]);
  const chat = createChat();
  await call(chat);
  expect((await call(chat)).text).toBe(CASE_TEXT);
  expect(sent().slice(2)).toEqual([
    'max_completion_tokens stream_options stream',
    'max_completion_tokens stream_options stream',
  ]);
});

it('a rejected value is omitted only if it is that value', async () => {
  gateway.script('m', [
    refuse(400, { message: 'temperature must be at most 1', param: 'temperature' }),
    good,
    good,
    good,
  ]);
  const chat = createChat();
  await call(chat, { temperature: 1.5 });
  await call(chat, { temperature: 0.5 });
  await call(chat, { temperature: 1.5 });
  expect(sent()).toEqual([ALL, COLD, ALL, COLD]);
});

it('a field rejected under both names fails the call', async () => {
  gateway.always('m', refuse(400, 'Unknown argument: max_tokens, max_completion_tokens'));
  const { failure } = await call(createChat());
  expect(failure?.code).toBe('GATEWAY_REFUSED_REQUEST');
  expect(sent()).toEqual([ALL, OTHER_NAME]);
});

it.each<[string, Reply, string]>([
  [
    'a request that lacks something',
    { status: 422, body: { detail: [{ loc: ['body', 'user'], msg: 'Field required', input: { temperature: 1 } }] } },
    'GATEWAY_REFUSED_REQUEST',
  ],
  [
    'a context that is too small',
    refuse(400, "'max_tokens' is too large: 9. This model's maximum context length is 8 tokens"),
    'CONTEXT_TOO_LONG',
  ],
  [
    'a refused content',
    refuse(400, { code: 'content_filter', message: 'It speaks of temperature' }),
    'CONTENT_REFUSED',
  ],
  ['a failure', refuse(500, 'temperature is not supported'), 'GATEWAY_ERROR'],
  ['a rate limit', refuse(429, 'temperature'), 'RATE_LIMITED'],
  ['a key', refuse(401, 'temperature'), 'GATEWAY_KEY_REFUSED'],
])('%s is not a rejected field, and is called once', async (_, refusal, code) => {
  gateway.always('m', refusal);
  expect((await call(createChat())).failure?.code).toBe(code);
  expect(gateway.calls('m')).toHaveLength(1);
});

it('a field that was omitted without success is not remembered', async () => {
  const kept: unknown[] = [];
  const memory: FieldMemory = { ...createLocalFieldMemory(), keep: async (_, rules) => void kept.push(...rules) };
  gateway.always('m', refuse(400, { message: 'No.', param: 'temperature' }));
  await call(createChat(memory));
  expect([sent(), kept]).toEqual([[ALL, COLD], []]);
});

it('a rule found by another worker is known', async () => {
  const memory = createLocalFieldMemory();
  gateway.script('m', [refuse(400, { message: 'No.', param: 'temperature' }), good, good]);
  await call(createChat(memory));
  await call(createChat(memory));
  expect(sent()).toEqual([ALL, COLD, COLD]);
});

it('rules are forgotten when the operator changes something, and do not apply to another model', () => {
  const endpoint = endpointAt('http://a.test/v1');
  const names = [
    nameModelSettings(endpoint, 'm'),
    nameModelSettings(endpoint, 'n'),
    nameModelSettings({ ...endpoint, baseUrl: 'http://b.test/v1' }, 'm'),
    nameModelSettings({ ...endpoint, apiKey: 'another' }, 'm'),
    nameModelSettings({ ...endpoint, headers: () => ({ 'x-provider': 'other' }) }, 'm'),
    nameModelSettings({ ...endpoint, extras: () => ({ provider: { only: ['x'] } }) }, 'm'),
  ];
  expect(new Set(names).size).toBe(names.length);
  expect(nameModelSettings({ ...endpoint }, 'm')).toBe(names[0]);
  expect(names.join()).not.toContain('test-key');
});
