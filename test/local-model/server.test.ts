import type { ModelEngine } from '../../src/local-model/engine';
import { post, readFrames, streamChat, type Chunk } from './openai-client';
import { ASK, closeServers, serve, serveEngine, STORY } from './served-model';

const anyNumber = expect.any(Number) as number;

afterEach(closeServers);

async function waitUntil(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 2));
}

test('lists its models and is healthy', async () => {
  const { url } = await serve();
  const list: unknown = await (await fetch(`${url}/v1/models`)).json();
  const model = { id: 'tiny', object: 'model', owned_by: 'local', created: anyNumber, context_length: 4096 };
  expect(list).toEqual({ object: 'list', data: [model] });
  expect(await (await fetch(`${url}/health`)).json()).toEqual({ status: 'ok' });
});

test('streams role, texts, finish reason, usage and [DONE], in this order', async () => {
  const { url } = await serve();
  const response = await post(url, { ...ASK, stream: true, stream_options: { include_usage: true } });
  expect(response.headers.get('content-type')).toContain('text/event-stream');
  expect(response.headers.get('x-request-id')).toMatch(/^req_/);
  const frames: string[] = [];
  for await (const frame of readFrames(response)) frames.push(frame);
  expect(frames.pop()).toBe('data: [DONE]');
  const chunks = frames.map((frame) => JSON.parse(frame.slice(6)) as Chunk);
  const [first, ...rest] = chunks;
  expect(first).toEqual({
    id: expect.stringMatching(/^chatcmpl-/) as string,
    object: 'chat.completion.chunk',
    created: anyNumber,
    model: 'tiny',
    choices: [{ index: 0, delta: { role: 'assistant', content: '' }, logprobs: null, finish_reason: null }],
  });
  expect(rest.slice(0, -2).map((chunk) => chunk.choices[0]?.delta.content)).toEqual(Array.from(STORY));
  expect(rest.at(-2)?.choices).toEqual([{ index: 0, delta: {}, logprobs: null, finish_reason: 'stop' }]);
  expect(rest.at(-1)?.choices).toEqual([]);
  expect(rest.at(-1)?.usage).toMatchObject({ completion_tokens: Buffer.byteLength(STORY) });
  expect(new Set(chunks.map(({ id }) => id)).size).toBe(1);
});

test('sends no usage chunk unless requested', async () => {
  const { url } = await serve();
  const answer = await streamChat(url, { ...ASK, stream_options: null });
  expect(answer.usage).toBeUndefined();
  expect(answer.text).toBe(STORY);
});

test('returns a whole answer without stream', async () => {
  const { url } = await serve();
  const body = (await (await post(url, ASK)).json()) as { usage: { total_tokens: number } };
  const promptTokens = 'SuserNTellENSassistantN'.length;
  const completionTokens = Buffer.byteLength(STORY);
  expect(body).toEqual({
    id: expect.stringMatching(/^chatcmpl-/) as string,
    object: 'chat.completion',
    created: anyNumber,
    model: 'tiny',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: STORY, refusal: null },
        logprobs: null,
        finish_reason: 'stop',
      },
    ],
    usage: {
      prompt_tokens: promptTokens,
      completion_tokens: completionTokens,
      total_tokens: promptTokens + completionTokens,
      prompt_tokens_details: { cached_tokens: 0 },
    },
  });
});

test('accepts parts, developer messages, nulls and unknown fields', async () => {
  const { url, model } = await serve({ answer: (prompt) => prompt });
  const answer = await streamChat(url, {
    ...ASK,
    messages: [
      {
        role: 'developer',
        content: [
          { type: 'text', text: 'A' },
          { type: 'text', text: 'B' },
        ],
      },
      { role: 'user', content: 'C' },
    ],
    stop: null,
    max_tokens: null,
    logit_bias: {},
    user: 'someone',
  });
  expect(answer.text).toBe('<S>system\nA\nB<E>\n<S>user\nC<E>\n<S>assistant\n');
  expect(model.seen.evaluated).toBeGreaterThan(0);
});

test('continues a trailing assistant message', async () => {
  const { url } = await serve();
  const messages = [...ASK.messages, { role: 'assistant', content: 'Once 🦜' }];
  expect((await streamChat(url, { ...ASK, messages })).text).toBe(' upon');
});

test('prefers max_completion_tokens to max_tokens', async () => {
  const { url } = await serve();
  expect(await streamChat(url, { ...ASK, max_tokens: 9, max_completion_tokens: 4 })).toMatchObject({
    text: 'Once',
    finishReason: 'length',
  });
});

test('sends headers at once and comment lines while a request waits', async () => {
  const slow: ModelEngine = {
    async *submit() {
      await new Promise((resolve) => setTimeout(resolve, 150));
      yield { kind: 'text', text: 'late' };
      yield { kind: 'end', finishReason: 'stop', usage: { promptTokens: 1, completionTokens: 1, cachedTokens: 0 } };
    },
    stop: () => Promise.resolve(),
  };
  const url = await serveEngine(Promise.resolve(slow), 40);
  const frames: string[] = [];
  for await (const frame of readFrames(await post(url, { ...ASK, stream: true }))) frames.push(frame);
  const comments = frames.findIndex((frame) => frame !== ': keep-alive');
  expect(comments).toBeGreaterThanOrEqual(2);
  expect(frames.slice(comments)).toHaveLength(4);
});

test.each([true, false])('a client that leaves (stream: %s) frees its slot within one token', async (stream) => {
  const { url, model } = await serve({ slots: 1, answer: () => 'x'.repeat(4_000) });
  const leave = new AbortController();
  const lost = post(url, { ...ASK, stream }, leave.signal);
  await waitUntil(() => model.seen.evaluated > 50);
  leave.abort();
  await lost.catch(() => undefined);
  const answer = await streamChat(url, { ...ASK, max_tokens: 2 });
  expect(answer.text).toBe('xx');
  const evaluated = model.seen.evaluated;
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(model.seen.evaluated).toBe(evaluated);
});

test('a broken stream ends with an error object, without finish reason and [DONE]', async () => {
  const { url, model } = await serve({ answer: () => 'x'.repeat(4_000) });
  const frames: string[] = [];
  for await (const frame of readFrames(await post(url, { ...ASK, stream: true }))) {
    frames.push(frame);
    model.failing = frames.length > 3;
  }
  expect(JSON.parse(frames.at(-1)?.slice(6) ?? '')).toMatchObject({
    error: { type: 'server_error', code: 'internal_error' },
  });
  expect(frames.join()).not.toMatch(/DONE|"finish_reason":"/);
});

test('a broken whole answer is a 500', async () => {
  const { url, model } = await serve();
  model.failing = true;
  const response = await post(url, ASK);
  expect(response.status).toBe(500);
  expect(await response.json()).toMatchObject({ error: { code: 'internal_error' } });
});

test('stopping the engine informs the readers, stopping the server closes their sockets', async () => {
  const { url, engine } = await serve({ answer: () => 'x'.repeat(4_000) });
  const response = await post(url, { ...ASK, stream: true });
  const frames: string[] = [];
  for await (const frame of readFrames(response)) {
    if (frames.push(frame) === 2) void engine.stop();
  }
  expect(frames.at(-1)).toContain('"code":503');
  await closeServers();
  await expect(fetch(`${url}/health`)).rejects.toThrow();
});
