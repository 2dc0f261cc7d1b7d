/** Swarms as models, with the official client of OpenAI's API. */
import { randomUUID } from 'node:crypto';
import OpenAI from 'openai';
import { planText } from '../support/plan';
import { get } from '../support/readers';
import { createStack, until, type Stack } from '../support/stack';

const KEY = 'alice-has-a-key';
let stack: Stack;
let client: OpenAI;
beforeAll(async () => {
  stack = await createStack({ API_KEYS: `alice:${KEY}` });
  client = new OpenAI({ baseURL: `${stack.url}/v1`, apiKey: KEY });
});
afterAll(() => stack.stop());
beforeEach(() => stack.gateway.reset());

const calls = () => stack.gateway.calls('balanced-model');
const user = (content: string) => ({ role: 'user' as const, content });
const ask = { model: 'one-voice', messages: [user('Count')] };
const readRun = async (id: string) =>
  (await get(`${stack.url}/runs/${id.replace('chatcmpl-', '')}`, { authorization: `Bearer ${KEY}` })).body;

async function readFailure(asking: Promise<unknown>): Promise<InstanceType<typeof OpenAI.APIError>> {
  return asking.then(
    () => Promise.reject(new Error('It did not fail.')),
    (error: InstanceType<typeof OpenAI.APIError>) => error,
  );
}

test('the swarms are listed as models, and one is found by its id', async () => {
  const { data } = await client.models.list();
  expect(data.map(({ id }) => id)).toEqual([
    ...['strategic-swarm', 'coding-swarm', 'debate-swarm', 'one-voice', 'coordinate'],
  ]);
  expect(await client.models.retrieve('coordinate')).toMatchObject({ object: 'model', owned_by: 'murmuration' });
  expect(await readFailure(client.models.retrieve('gpt-9'))).toMatchObject({ status: 404, code: 'model_not_found' });
});

test('an answer has the text, the finish reason and the usage of its run', async () => {
  stack.gateway.script('balanced-model', { tokens: { count: 20 } });
  const { data: answer, response } = await client.chat.completions.create(ask).withResponse();
  const run = await readRun(answer.id);
  expect(response.headers.get('x-run-id')).toBe(run.run_id);
  expect(answer).toMatchObject({ object: 'chat.completion', model: 'one-voice' });
  expect(answer.choices).toMatchObject([
    { index: 0, finish_reason: 'stop', message: { role: 'assistant', content: run.responses[0] } },
  ]);
  const { prompt_tokens, completion_tokens } = run.usage;
  const total_tokens = prompt_tokens + completion_tokens;
  expect(answer.usage).toEqual({ prompt_tokens, completion_tokens, total_tokens, cost: run.cost_usd });
  expect(completion_tokens).toBe(20);
});

test('a stream has the same text in deltas, ends with the finish reason, and with the usage if requested', async () => {
  stack.gateway.script('balanced-model', { tokens: { count: 20 }, intervalMs: 50 });
  const stream = await client.chat.completions.create({
    ...ask,
    stream: true,
    stream_options: { include_usage: true },
  });
  const chunks: OpenAI.ChatCompletionChunk[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  const text = chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('');
  const run = await readRun(chunks[0]?.id ?? '');
  expect(text).toBe(run.responses[0]);
  expect(chunks.length).toBeGreaterThan(5);
  const [last, usage] = chunks.slice(-2);
  expect(last?.choices[0]?.finish_reason).toBe('stop');
  expect(usage).toMatchObject({ choices: [], usage: { completion_tokens: run.usage.completion_tokens } });
  expect(chunks.slice(0, -1).every((chunk) => !chunk.usage)).toBe(true);
});

test('a stream of a team names the voices, and an answer cut off at the limit says so', async () => {
  stack.gateway.script('strategic-model', [
    { tokens: ['DRAFT-7'] },
    { tokens: ['CRITIQUE-7'] },
    { tokens: [planText('FINAL-7')], finish: 'length' },
  ]);
  const stream = await client.chat.completions.create({ ...ask, model: 'strategic-swarm', stream: true });
  let text = '';
  let reason: string | null | undefined;
  for await (const { choices } of stream) {
    text += choices[0]?.delta.content ?? '';
    reason = choices[0]?.finish_reason ?? reason;
  }
  expect(text).toMatch(
    /### Strategist.*\n\nDRAFT-7[^]*### Plan critic.*\n\nCRITIQUE-7[^]*### Strategist.*\n\n[^]*FINAL-7/,
  );
  expect(reason).toBe('length');
});

test('the conversation, its instructions and its parameters reach the model', async () => {
  await client.chat.completions.create({
    model: 'one-voice',
    messages: [
      { role: 'system', content: 'Be brief.' },
      user('First-7'),
      { role: 'assistant', content: 'Reply-7' },
      { role: 'user', content: [{ type: 'text', text: 'Second-7' }] },
    ],
    temperature: 0.25,
    max_completion_tokens: 77,
  });
  const { messages, ...parameters } = calls()[0]?.body as { messages: { content: string }[] };
  expect(messages[messages.length - 1]?.content).toMatch(
    /# Instructions\nBe brief\.[^]*user: First-7[^]*assistant: Reply-7[^]*# Asked now\nSecond-7$/,
  );
  expect(parameters).toMatchObject({ temperature: 0.25, max_tokens: 77 });
});

test.each([
  ['a header', (session: string) => [{}, { headers: { 'X-Session-Id': session } }] as const],
  ['metadata', (session: string) => [{ metadata: { session_id: session } }, {}] as const],
])('a session named by %s is remembered, and no message is sent twice', async (_how, name) => {
  const [more, options] = name(`session-${randomUUID()}`);
  stack.gateway.script('balanced-model', { tokens: ['Answer-1'] });
  const first = user('Question-1');
  await client.chat.completions.create({ ...ask, ...more, messages: [first] }, options);
  const published = { role: 'assistant' as const, content: 'Answer-1' };
  await client.chat.completions.create({ ...ask, ...more, messages: [first, published, user('Question-2')] }, options);
  const { messages } = calls()[1]?.body as { messages: { content: string }[] };
  expect(messages.slice(1).map(({ content }) => content)).toEqual(['Question-1', 'Answer-1', 'Question-2']);
});

describe('a caller that hangs up', () => {
  const speaking = () => stack.gateway.waitFor(() => (calls()[0]?.tokensSent ?? 0) > 5, 15_000);
  beforeEach(() => stack.gateway.always('balanced-model', { tokens: { count: 500 }, intervalMs: 30 }));

  test.each([true, false])('cancels the run and closes the call to the model (stream: %s)', async (stream) => {
    const leaving = new AbortController();
    const asking = client.chat.completions.create({ ...ask, stream }, { signal: leaving.signal });
    asking.catch(() => undefined);
    await speaking();
    const left = Date.now();
    leaving.abort();
    await stack.gateway.waitFor(() => calls()[0]?.endedBy, 15_000);
    expect(calls()[0]?.endedBy).toBe('client-closed');
    expect(Date.now() - left).toBeLessThan(2000);
    expect(calls()).toHaveLength(1);
  });

  test('with an Idempotency-Key finds its run still running', async () => {
    const headers = { 'Idempotency-Key': randomUUID() };
    stack.gateway.always('balanced-model', { tokens: { count: 60 }, intervalMs: 30 });
    const leaving = new AbortController();
    const asking = client.chat.completions.create(ask, { headers, signal: leaving.signal });
    asking.catch(() => undefined);
    await speaking();
    leaving.abort();
    const answer = await client.chat.completions.create(ask, { headers });
    expect(answer.choices[0]?.message.content).toBe(calls()[0]?.textSent);
    expect(calls()).toHaveLength(1);
  });
});

describe('errors have the format that the client expects', () => {
  test.each([
    ['an unknown model', { ...ask, model: 'gpt-9' }, 404, 'model_not_found', null],
    ['no messages', { ...ask, messages: [] }, 400, 'INVALID_FIELD', 'messages'],
    ['nothing said', { ...ask, messages: [user(' ')] }, 400, 'INVALID_FIELD', 'messages'],
    ['a wrong type', { ...ask, temperature: 9 }, 400, 'INVALID_FIELD', 'temperature'],
    [
      'an image',
      {
        ...ask,
        messages: [{ role: 'user' as const, content: [{ type: 'image_url' as const, image_url: { url: 'x' } }] }],
      },
      400,
      'INVALID_FIELD',
      'messages.0.content.0.type',
    ],
    ['two answers', { ...ask, n: 2 }, 400, 'INVALID_FIELD', 'n'],
  ])('%s', async (_what, body, status, code, param) => {
    const error = await readFailure(client.chat.completions.create(body));
    expect(error).toMatchObject({ status, code, param, type: 'invalid_request_error' });
    expect(calls()).toEqual([]);
  });

  test('a wrong key, and an unknown address', async () => {
    const stranger = new OpenAI({ baseURL: `${stack.url}/v1`, apiKey: 'wrong' });
    expect(await readFailure(stranger.models.list())).toMatchObject({ status: 401, code: 'invalid_api_key' });
    const error = await readFailure(client.embeddings.create({ model: 'x', input: 'y' }));
    expect(error).toMatchObject({ status: 404, type: 'invalid_request_error' });
  });

  test('a failed run is reported once, in the reply or in the stream, and the client starts no other', async () => {
    stack.gateway.always('balanced-model', { status: 401, body: { error: { code: 401, message: 'no' } } });
    const refused = { code: 'GATEWAY_KEY_REFUSED', type: 'server_error' };
    expect(await readFailure(client.chat.completions.create(ask))).toMatchObject({ status: 502, ...refused });
    expect(calls()).toHaveLength(1);
    const stream = await client.chat.completions.create({ ...ask, stream: true });
    const reading = (async () => {
      for await (const chunk of stream) void chunk;
    })();
    expect(await readFailure(reading)).toMatchObject(refused);
    await until(() => calls().length === 2);
  });
});
