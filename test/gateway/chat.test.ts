/** Successful calls: what is sent, what is received, and what is known afterwards. */
import { connectLocal } from '../../src/gateway/adapters/local';
import { endpointAt, readFailure, hear, QUESTION } from '../support/endpoints';
import {
  CASE_TEXT,
  cases,
  createScriptedGateway,
  quirks,
  type Reply,
  type ScriptedGateway,
} from '../support/scripted-gateway';

let gateway: ScriptedGateway;

beforeAll(async () => {
  gateway = await createScriptedGateway();
});
afterEach(() => gateway.reset());
afterAll(() => gateway.stop());

function listen(replies: Reply | Reply[], more: Parameters<typeof endpointAt>[1] = {}) {
  gateway.script('m', [replies].flat().slice(0, 1));
  return hear(endpointAt(gateway.url, more));
}

/** A frame as sent over the wire. */
const frame = (chunk: object) => `data: ${JSON.stringify(chunk)}\n\n`;
const chunkWith = (delta: object | null) => frame({ choices: [{ index: 0, delta, finish_reason: null }] });

describe('the request', () => {
  it('asks for a stream with usage and nothing that other gateways would reject', async () => {
    await listen(cases.normalStream);
    expect(gateway.calls('m')[0]?.body).toEqual({
      model: 'm',
      messages: QUESTION,
      temperature: 0.7,
      max_tokens: 100,
      stream: true,
      stream_options: { include_usage: true },
    });
  });

  it('uses the token limit field that the gateway knows', async () => {
    await listen(cases.normalStream, { tokenLimitField: 'max_completion_tokens' });
    const body = gateway.calls('m')[0]?.body;
    expect(body).toHaveProperty('max_completion_tokens', 100);
    expect(body).not.toHaveProperty('max_tokens');
  });

  it('is sent once, marked as no retry', async () => {
    await listen(cases.normalStream);
    expect(gateway.requests).toHaveLength(1);
    expect(gateway.calls('m')[0]?.headers['x-stainless-retry-count']).toBe('0');
  });
});

describe('a gateway that does not stream', () => {
  it('is supported: one whole completion', async () => {
    const body = {
      id: 'gen-whole',
      model: 'm-2',
      choices: [{ index: 0, message: { role: 'assistant', content: CASE_TEXT }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 5, completion_tokens: 6, cost: 0.25 },
    };
    const { text, result } = await listen({ status: 200, body });
    expect(text).toBe(CASE_TEXT);
    expect(result).toMatchObject({ model: 'm-2', finishReason: 'stop', costUsd: 0.25, generationId: 'gen-whole' });
  });
});

describe('a successful stream', () => {
  it.each([
    ['with comments and usage in a chunk without choices', cases.normalStream],
    ['with usage beside an empty delta', cases.usageInEmptyDelta],
    ['with CRLF line ends', quirks.crlf],
    ['with a ping that has no choices', quirks.pingEvent],
    ['that pauses for less than the idle limit', quirks.pauseAfterThreeTokens],
  ])('%s gives text, usage, cost, model and generation id', async (_, replies) => {
    const { text, result, error } = await listen(replies);
    const [call] = gateway.calls('m');
    expect(error).toBeUndefined();
    expect(text).toBe(CASE_TEXT);
    expect(result).toEqual({
      model: 'm',
      finishReason: 'stop',
      usage: { prompt_tokens: 6, completion_tokens: 6 },
      costUsd: call?.costUsd,
      generationId: call?.id,
      firstTokenMs: expect.any(Number),
    });
    expect(result?.costUsd).toBeGreaterThan(0);
  });

  it('is passed on piece by piece, in order and without empty pieces', async () => {
    const { pieces } = await listen({ tokens: ['', 'A', '', ' flock', ''] });
    expect(pieces).toEqual(['A', ' flock']);
  });

  it('passes on text before the stream has ended', async () => {
    gateway.script('m', { tokens: ['early', 'late'], intervalMs: 200 });
    let openAtFirst: number | undefined;
    await hear(endpointAt(gateway.url), { onText: () => (openAtFirst ??= gateway.open()) });
    expect(openAtFirst).toBe(1);
  });

  it('keeps characters whole that were split over packets', async () => {
    expect((await listen(quirks.splitCharacters)).text).toBe('Grüße 🐦‍⬛ 日本 🐦');
  });

  it('also keeps them whole in a packet that mentions an error', async () => {
    const words = ['{"error: ', 'Grüße', ' 日本'].join('');
    expect((await listen({ tokens: [words], splitUtf8: true })).text).toBe(words);
  });

  it('reports the model that really answered', async () => {
    expect((await listen(quirks.otherModelAnswers)).result?.model).toBe('openai/gpt-5.4-mini');
  });

  it.each(['length', 'content_filter', 'tool_calls', 'function_call'])(
    'may end with finish reason %s',
    async (finish) => {
      const { text, result } = await listen({ ...cases.normalStream[0], finish });
      expect([text, result?.finishReason]).toEqual([CASE_TEXT, finish]);
    },
  );

  it('measures the time to the first text, not to the headers or to an empty delta', async () => {
    const { result } = await listen({ tokens: ['', 'Hi'], intervalMs: 150 });
    expect(result?.firstTokenMs).toBeGreaterThanOrEqual(145);
    expect(result?.firstTokenMs).toBeLessThan(1000);
  });

  it('survives a chunk whose delta is null', async () => {
    const { text, error } = await listen({ tokens: ['A', 'B'], raw: [{ after: 1, text: chunkWith(null) }] });
    expect([text, error]).toEqual(['AB', undefined]);
  });
});

describe('a gateway that keeps the connection open after the end', () => {
  it('is not waited for once the usage is known', async () => {
    const startedAt = Date.now();
    const { text, result, error } = await listen(quirks.openAfterDone, { idleTimeoutMs: 10_000 });
    expect([text, error]).toEqual([CASE_TEXT, undefined]);
    expect(result).toMatchObject({ finishReason: 'stop', usage: { completion_tokens: 6 } });
    expect(Date.now() - startedAt).toBeLessThan(2000);
  });

  it('may send the usage some time after the finish reason', async () => {
    const late: Reply = { fault: { kind: 'hang', at: 'finish', forMs: 400 } };
    const { result } = await listen(late, { firstTokenTimeoutMs: 200, idleTimeoutMs: 200 });
    expect(result?.usage?.completion_tokens).toBe(3);
  });
});

describe('usage and cost', () => {
  it('are unknown if the gateway reports none', async () => {
    const { result } = await listen({ usage: 'none' });
    expect(result).toMatchObject({ usage: undefined, costUsd: null });
  });

  it('leave the cost unknown if only tokens are reported', async () => {
    const { result } = await listen({ reportsCost: false });
    expect(result).toMatchObject({ usage: { completion_tokens: 3 }, costUsd: null });
  });

  it('cost nothing if the model runs locally', async () => {
    gateway.script('m', { reportsCost: false });
    const { result } = await hear(connectLocal({ baseUrl: gateway.url }));
    expect(result).toMatchObject({ usage: { completion_tokens: 3 }, costUsd: 0 });
  });

  it('accept a reported cost of zero', async () => {
    expect((await listen({ costUsd: 0 })).result?.costUsd).toBe(0);
  });

  it('include the tokens that came from a cache', async () => {
    const usage = { prompt_tokens: 9, completion_tokens: 3, prompt_tokens_details: { cached_tokens: 4 } };
    const { result } = await listen({ usage: 'none', raw: [{ after: 3, text: frame({ choices: [], usage }) }] });
    expect(result?.usage).toEqual({ prompt_tokens: 9, completion_tokens: 3, cached_tokens: 4 });
  });
});

describe('the generation id', () => {
  const chunk = (id: string) => ({ after: 1, text: frame({ id, choices: [] }) });

  it('is the first one in the stream', async () => {
    const { result } = await listen({ id: 'chatcmpl-1', raw: [chunk('chatcmpl-2')] });
    expect(result?.generationId).toBe('chatcmpl-1');
  });

  it('is the id of OpenRouter if Portkey invents others for comments', async () => {
    const { result } = await listen({ id: '1790000000000', raw: [chunk('gen-1'), chunk('1790000000001')] });
    expect(result?.generationId).toBe('gen-1');
  });
});

describe('a model that thinks before it answers', () => {
  const thought = (after: number, field: string) => ({ after, text: chunkWith({ [field]: 'Hm.' }) });

  it.each(['reasoning', 'reasoning_content'])('is alive while it streams %s', async (field) => {
    const raw = [1, 2, 3].map((after) => thought(after, field));
    const patience = { firstTokenTimeoutMs: 350, idleTimeoutMs: 350 };
    const { text, result } = await listen({ tokens: ['', '', '', '', 'Hi'], intervalMs: 150, raw }, patience);
    expect(text).toBe('Hi');
    expect(result?.firstTokenMs).toBeGreaterThan(350);
  });

  it('counts as stalled, not as without a first token, if it stops while thinking', async () => {
    const hang: Reply = { tokens: ['', 'Hi'], raw: [thought(1, 'reasoning')], fault: { kind: 'hang', at: 1 } };
    expect(readFailure(await listen(hang, { idleTimeoutMs: 200 }))).toMatchObject({ code: 'STREAM_STALLED' });
  });
});
