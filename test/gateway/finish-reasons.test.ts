/** Finish reasons of many servers, and which ends count without one. */
import { connectCompatible } from '../../src/gateway/adapters/compatible';
import { connectLocal } from '../../src/gateway/adapters/local';
import { connectPortkey } from '../../src/gateway/adapters/portkey';
import { readFinishReason } from '../../src/gateway/finish-reasons';
import { endpointAt, readFailure, hear } from '../support/endpoints';
import { CASE_TEXT, cases, createScriptedGateway, type Reply, type ScriptedGateway } from '../support/scripted-gateway';

let gateway: ScriptedGateway;
beforeAll(async () => {
  gateway = await createScriptedGateway();
});
afterEach(() => gateway.reset());
afterAll(() => gateway.stop());

it.each([
  ...['stop', 'STOP', 'eos', 'eos_token', 'end_turn', 'endTurn', 'END_TURN', 'stop_sequence', 'COMPLETE', '<|im_end|>'],
  ...['FinishReason.STOP', 'FINISH_REASON_STOP', 'stop-sequence', ' stop '],
])('%s is a stop', (word) => {
  expect(readFinishReason(word)).toEqual({ kind: 'good', reason: 'stop' });
});
it.each([
  'length',
  'MAX_TOKENS',
  'max_tokens',
  'maxTokens',
  'max_output_tokens',
  'model_length',
  'FinishReason.MAX_TOKENS',
])('%s is a length limit', (word) => {
  expect(readFinishReason(word)).toEqual({ kind: 'good', reason: 'length' });
});
it.each(['SAFETY', 'content_filtered', 'RECITATION', 'guardrail_intervened', 'refusal', 'sensitive'])(
  '%s is a content filter',
  (word) => {
    expect(readFinishReason(word)).toEqual({ kind: 'good', reason: 'content_filter' });
  },
);
it.each(['error', 'ABORT', 'cancelled', 'insufficient_system_resource'])('%s is not a successful end', (word) => {
  expect(readFinishReason(word)?.kind).toBe('bad');
});
it.each([null, undefined, '', 'null', 'None', 'FINISH_REASON_UNSPECIFIED', 2, {}, [] as unknown])(
  '%p is not a finish reason',
  (value) => {
    expect(readFinishReason(value)).toBeUndefined();
  },
);

const [good] = cases.normalStream as [Reply];
const plain = () => ({ ...connectCompatible({ baseUrl: gateway.url, apiKey: 'k' }), idleTimeoutMs: 3000 });
const strict = {
  OpenRouter: () => endpointAt(gateway.url),
  Portkey: () =>
    connectPortkey({
      apiKey: 'k',
      baseUrl: gateway.url,
      config: undefined,
      virtualKey: undefined,
      provider: 'openai',
      providerKey: 'p',
    }),
  'the local model': () => connectLocal({ baseUrl: gateway.url }),
};

const frame = (fields: object) => `data: ${JSON.stringify(fields)}\n\n`;
const USAGE = { prompt_tokens: 6, completion_tokens: 6 };
const silent: Reply = { ...good, finish: null, usage: 'none', done: true };
const withUsage: Reply = { ...silent, raw: [{ after: 6, text: frame({ choices: [], usage: USAGE }) }] };

describe('a plain gateway', () => {
  it.each(['eos', 'end_turn', 'STOP'])('that ends with %s gives the answer once', async (finish) => {
    gateway.always('m', { ...good, finish });
    const { text, result } = await hear(plain());
    expect([text, result?.finishReason]).toEqual([CASE_TEXT, 'stop']);
  });

  it('may name the reason in camel case', async () => {
    const last = frame({ choices: [{ index: 0, delta: {}, finishReason: 'MAX_TOKENS' }] });
    gateway.always('m', { ...silent, raw: [{ after: 6, text: last }] });
    expect((await hear(plain())).result?.finishReason).toBe('length');
  });

  it('ends an answer with text, usage and [DONE], even if the connection stays open', async () => {
    gateway.script('m', [withUsage, { ...withUsage, fault: { kind: 'hang', at: 'done' } }]);
    for (let call = 0; call < 2; call++) {
      const { text, result, error } = await hear(plain());
      expect([text, result?.finishReason, error]).toEqual([CASE_TEXT, 'stop', undefined]);
    }
  });

  it('ends a whole completion without a reason', async () => {
    const body = { choices: [{ index: 0, message: { content: CASE_TEXT } }], usage: USAGE };
    gateway.always('m', { status: 200, body });
    expect((await hear(plain())).result?.finishReason).toBe('stop');
  });

  it('may have a non-standard reason', async () => {
    gateway.always('m', { ...good, finish: 'enough_said' });
    expect((await hear(plain())).result?.finishReason).toBe('enough_said');
  });

  it.each<[string, Reply]>([
    ['without usage', silent],
    ['without [DONE]', { ...withUsage, done: false }],
    ['without text', { ...withUsage, tokens: [], raw: [{ after: 0, text: frame({ choices: [], usage: USAGE }) }] }],
    ['with the reason "error"', { ...good, finish: 'error' }],
    ['with a non-standard reason and no [DONE]', { ...good, finish: 'enough_said', done: false }],
  ])('treats an answer %s as cut', async (_, reply) => {
    gateway.always('m', reply);
    expect(readFailure(await hear(plain())).code).toBe('STREAM_CUT');
  });
});

describe.each(Object.entries(strict))('%s', (_, endpoint) => {
  it('knows the synonyms', async () => {
    gateway.always('m', { ...good, finish: 'end_turn' });
    expect((await hear(endpoint())).result?.finishReason).toBe('stop');
  });

  it.each<[string, Reply]>([
    ['without a reason', withUsage],
    ['with an unknown reason', { ...good, finish: 'enough_said' }],
  ])('treats an answer %s as cut', async (_name, reply) => {
    gateway.always('m', reply);
    expect(readFailure(await hear(endpoint())).code).toBe('STREAM_CUT');
  });
});
