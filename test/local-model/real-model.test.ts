// The whole server with a real model, as a separate process: covers what a scripted model cannot show.
import { startLocalModelProcess, type LocalModelProcess } from './local-model-process';
import { post, readFrames, streamChat, type ChatBody } from './openai-client';

const SLOTS = 2;
const CODE_REQUEST = 'Write a Python function that adds two numbers. Answer with a short code block only.';

let server: LocalModelProcess | undefined;
let modelIds: readonly string[];
let url: string;
let model: string;

beforeAll(async () => {
  server = await startLocalModelProcess(['--slots', String(SLOTS), '--context', '2048']);
  ({ url, modelIds } = server);
  model = modelIds.at(-1) ?? '';
});

afterAll(async () => {
  await server?.stop();
});

function ask(content: string, more: Partial<ChatBody> = {}): ChatBody {
  return { model, temperature: 0, messages: [{ role: 'user', content }], ...more };
}

/** Overwrites the cached tokens of every slot, so that the next request starts cold. */
async function forgetAll(): Promise<void> {
  for (let slot = 0; slot < SLOTS; slot += 1) {
    const messages = [
      { role: 'system', content: `${slot} birds.` },
      { role: 'user', content: 'Hi' },
    ];
    await streamChat(url, { model, messages, max_tokens: 1 });
  }
}

test('two answers stream in parallel, token by token', async () => {
  const order: string[] = [];
  async function follow(name: string, content: string): Promise<void> {
    const response = await post(url, ask(content, { stream: true, max_tokens: 16 }));
    for await (const frame of readFrames(response)) if (frame.includes('"content":"')) order.push(name);
  }
  await Promise.all([follow('a', 'Tell a story about rain.'), follow('b', 'Tell a story about snow.')]);
  const changes = order.filter((name, index) => index > 0 && name !== order[index - 1]).length;
  // Both receive a token from each batch, in either order: `abab` or `abba`.
  expect(changes).toBeGreaterThan(order.length / 4);
});

test('all models stream in parallel while the server stays responsive', async () => {
  const latencies: number[] = [];
  let isStreaming = true;
  async function probe(): Promise<void> {
    while (isStreaming) {
      const startedAt = Date.now();
      await (await fetch(`${url}/health`)).text();
      latencies.push(Date.now() - startedAt);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  const answers = modelIds.map((id) => streamChat(url, ask('Explain tides.', { model: id, max_tokens: 8 })));
  const probing = probe();
  const texts = (await Promise.all(answers)).map(({ text }) => text);
  isStreaming = false;
  await probing;
  expect(texts.every((text) => text.length > 5)).toBe(true);
  expect(latencies.sort((a, b) => a - b)[Math.floor(latencies.length / 2)]).toBeLessThan(200);
});

test('a greedy answer is the same from a cold and a warm slot, alone and in parallel', async () => {
  const request = ask(CODE_REQUEST, { max_tokens: 16 });
  const cold = await streamChat(url, request);
  const warm = await streamChat(url, request);
  const [accompanied] = await Promise.all([streamChat(url, request), streamChat(url, ask('Hi', { max_tokens: 8 }))]);
  expect([warm.text, accompanied.text]).toEqual([cold.text, cold.text]);
});

test('a cut answer is continued to exactly the uncut one, wherever it was cut', async () => {
  const uncut = await streamChat(url, ask(CODE_REQUEST, { max_tokens: 80 }));
  expect(uncut.finishReason).toBe('stop');
  const continueFrom = async (prefill: string): Promise<string> => {
    const messages = [
      { role: 'user', content: CODE_REQUEST },
      { role: 'assistant', content: prefill },
    ];
    return prefill + (await streamChat(url, ask('', { messages, max_tokens: 80 }))).text;
  };
  const boundaries = uncut.chunks.map(({ choices }) => choices[0]?.delta.content ?? '');
  const afterTokens = [3, 10].map((count) => boundaries.slice(0, count + 1).join(''));
  const insideTokens = [0.5, 0.75].map((part) => uncut.text.slice(0, Math.floor(uncut.text.length * part)));
  const afterLine = uncut.text.slice(0, uncut.text.indexOf(':\n') + 2);
  for (const cut of [...afterTokens, ...insideTokens, afterLine, uncut.text]) {
    expect(await continueFrom(cut.trimEnd())).toBe(uncut.text);
  }
  await forgetAll();
  expect(await continueFrom(afterLine.trimEnd())).toBe(uncut.text);
});

test('a client that leaves frees its slot', async () => {
  const leave = new AbortController();
  for (let slot = 0; slot < SLOTS; slot += 1) {
    const response = await post(url, ask('Tell a very long story.', { stream: true }), leave.signal);
    await readFrames(response).next();
  }
  leave.abort();
  const { finishReason, textAtMs } = await streamChat(url, ask('Hi', { max_tokens: 2 }));
  expect(finishReason).toBe('length');
  expect(textAtMs[0]).toBeLessThan(5_000);
});

test('usage counts the prompt, the answer and what was reused', async () => {
  await forgetAll();
  const request = ask('Count from one to ten in words.', { max_tokens: 7 });
  const first = (await streamChat(url, request)).usage;
  const second = (await streamChat(url, request)).usage;
  const prompt = first?.prompt_tokens ?? 0;
  expect(prompt).toBeGreaterThan(10);
  expect(first).toMatchObject({ completion_tokens: 7, total_tokens: prompt + 7 });
  expect(first?.prompt_tokens_details.cached_tokens).toBeLessThan(prompt / 2);
  expect(second).toEqual({ ...first, prompt_tokens_details: { cached_tokens: prompt - 1 } });
});

test('control tokens in a message count as the tokens of their letters', async () => {
  const promptTokens = async (content: string): Promise<number> =>
    (await streamChat(url, ask(content, { max_tokens: 1 }))).usage?.prompt_tokens ?? 0;
  const plain = await promptTokens('Hi');
  expect(await promptTokens('Hi<|im_end|>')).toBeGreaterThan(plain + 3);
});

test('characters of several tokens arrive whole', async () => {
  const answer = await streamChat(url, ask('Repeat exactly, nothing else: 🦜🌊🦚 漢字 æøå', { max_tokens: 24 }));
  expect(answer.text).toContain('🦜');
  expect(answer.text).not.toContain('\uFFFD');
});

test('an answer matches the requested JSON Schema, whatever the question', async () => {
  const schema = {
    type: 'object',
    properties: { verdict: { enum: ['pass', 'revise'] }, score: { type: 'number' } },
    required: ['verdict', 'score'],
    additionalProperties: false,
  };
  const response_format = { type: 'json_schema', json_schema: { name: 'critic', strict: true, schema } };
  const more = { max_tokens: 40, response_format };
  const answers = await Promise.all([
    streamChat(url, ask('Say hello in French.', more)),
    streamChat(url, ask(CODE_REQUEST, more)),
    streamChat(url, ask(CODE_REQUEST, { max_tokens: 8 })),
  ]);
  for (const { text } of answers.slice(0, 2)) {
    const value = JSON.parse(text) as Record<string, unknown>;
    expect(Object.keys(value)).toEqual(['verdict', 'score']);
    expect(['pass', 'revise']).toContain(value.verdict);
  }
  expect(answers.map(({ finishReason }) => finishReason)).toEqual(['stop', 'stop', 'length']);
});

test('SIGTERM ends the process cleanly, also during an answer', async () => {
  const response = await post(url, ask('Tell a very long story.', { stream: true }));
  const frames: string[] = [];
  let exitCode: Promise<number | null> | undefined;
  for await (const frame of readFrames(response)) {
    frames.push(frame);
    if (frames.length === 3) exitCode = server?.stop();
  }
  expect(frames.at(-1)).toContain('"code":503');
  expect(await exitCode).toBe(0);
});
