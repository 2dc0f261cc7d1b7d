/** Failed calls: each has a code and a remedy, makes exactly one request, and neither loses nor invents text. */
import { endpointAt, readFailure, hear } from '../support/endpoints';
import {
  CASE_TEXT,
  cases,
  createScriptedGateway,
  quirks,
  type Reply,
  type ScriptedGateway,
} from '../support/scripted-gateway';

let gateway: ScriptedGateway;
// before the first call, because the client keeps references to the functions it prints with
const printed = jest.spyOn(console, 'error').mockImplementation(() => undefined);

beforeAll(async () => {
  gateway = await createScriptedGateway();
});
afterEach(() => gateway.reset());
afterAll(() => gateway.stop());
afterAll(() => printed.mockRestore());

/** Plays the first of the replies. A second call would receive the good one behind it, and be counted. */
async function fail(replies: Reply | Reply[], more: Parameters<typeof endpointAt>[1] = {}) {
  gateway.script('m', replies);
  const received = await hear(endpointAt(gateway.url, more));
  expect(gateway.requests.map(({ headers }) => headers['x-stainless-retry-count'])).toEqual(['0']);
  const { code, remedy, waitMs, message } = readFailure(received);
  return { code, action: remedy.action, remedy, waitMs, message, text: received.text };
}

const FIRST_THREE = 'A flock turns';

describe('a gateway that rejects a call', () => {
  it.each<[string, Reply[], string, string]>([
    ['401', cases.invalidKey, 'GATEWAY_KEY_REFUSED', 'next-gateway'],
    ['402 for credits', cases.creditsExhausted, 'GATEWAY_CREDIT_EXHAUSTED', 'next-gateway'],
    ['402 for the budget in flight', quirks.inFlightBudget, 'RATE_LIMITED', 'retry'],
    ['403 for moderation', cases.moderated, 'CONTENT_REFUSED', 'fail'],
    ['404 for a deprecated model, without a code', cases.modelDeprecated, 'MODEL_NOT_FOUND', 'next'],
    ['400 for the context length', quirks.contextLength, 'CONTEXT_TOO_LONG', 'next'],
    ['429 for a day', quirks.freePerDay, 'RATE_LIMITED', 'next'],
    ['500', cases.serverErrorOnce, 'GATEWAY_ERROR', 'retry'],
    ['500 in the shape of Portkey', quirks.portkeyFailure, 'GATEWAY_ERROR', 'retry'],
    ['502 with a page of HTML', cases.htmlBadGateway, 'GATEWAY_UNAVAILABLE', 'retry'],
    ['503', cases.unavailableThreeTimes.slice(0, 1), 'GATEWAY_UNAVAILABLE', 'retry'],
    ['503 while a model is loaded', quirks.loadingModel, 'GATEWAY_UNAVAILABLE', 'retry'],
  ])('with %s', async (_, replies, code, action) => {
    expect(await fail(replies)).toMatchObject({ code, action, text: '' });
  });

  it('names the variable that holds the rejected key', async () => {
    const { message } = await fail(cases.invalidKey, { keyVariable: 'SOME_API_KEY' });
    expect(message).toContain('SOME_API_KEY');
  });

  it('is not quoted with the key that it rejects', async () => {
    const published = { error: { message: 'Incorrect API key provided: test-key.' } };
    const { message } = await fail({ status: 401, body: published });
    expect(message).toContain('Incorrect API key provided: [key].');
  });

  it('shows the reasons of a moderation', async () => {
    expect((await fail(cases.moderated)).message).toContain('violence');
  });

  it.each<[string, Reply, string]>([
    ['beside no `error` field, as Portkey does', quirks.portkeyFailure[0]!, 'Something went wrong'],
    ['in a page of HTML', cases.htmlBadGateway[0]!, 'Bad Gateway'],
    [
      'in a page of HTML inside JSON',
      { status: 502, body: { 'html-message': '<h1>other side closed</h1>' } },
      'other side closed',
    ],
    ['as a bare text', { status: 404, body: { error: 'model "x" is not here' } }, 'model "x" is not here'],
  ])('is quoted when its message comes %s', async (_, reply, words) => {
    const { message } = await fail(reply);
    expect(message).toContain(words);
    expect(message).not.toMatch(/[<>{]/);
  });
});

describe('a gateway that says how long to wait', () => {
  it.each<[string, Reply[], number, number]>([
    ['in Retry-After, seconds', cases.retryAfterTwoSeconds, 2000, 2000],
    ['in Retry-After, a date', quirks.retryAfterDate, 1500, 3000],
    ['in retry-after-ms', quirks.retryAfterMs, 700, 700],
    ['in X-RateLimit-Reset, epoch milliseconds', cases.resetInOneAndAHalfSeconds, 1000, 1500],
    ['only in the body', quirks.resetInMetadataOnly, 1000, 1500],
    ['with a budget in flight', quirks.inFlightBudget, 1000, 1000],
  ])('%s, is respected', async (_, replies, atLeast, atMost) => {
    const { code, action, waitMs } = await fail(replies);
    expect([code, action]).toEqual(['RATE_LIMITED', 'retry']);
    expect(waitMs).toBeGreaterThanOrEqual(atLeast);
    expect(waitMs).toBeLessThanOrEqual(atMost);
  });

  it('not at all, leaves the wait to us', async () => {
    const { action, waitMs } = await fail({ status: 429 });
    expect([action, waitMs]).toEqual(['retry', undefined]);
  });

  it('too long, is skipped for the next model', async () => {
    const { code, action, waitMs } = await fail({ status: 429, wait: { ms: 61_000, as: 'retry-after' } });
    expect([code, action, waitMs]).toEqual(['RATE_LIMITED', 'next', 61_000]);
  });
});

describe('a gateway that cannot be reached', () => {
  it('refuses the connection', async () => {
    const gone = await createScriptedGateway();
    await gone.stop();
    const { code, remedy, message } = readFailure(await hear(endpointAt(gone.url)));
    expect([code, remedy]).toEqual([
      'GATEWAY_UNAVAILABLE',
      expect.objectContaining({ action: 'retry', then: 'next-gateway' }),
    ]);
    expect(message).toContain(gone.url);
  });

  it('drops the connection before the headers', async () => {
    expect(await fail(quirks.cutBeforeHeaders)).toMatchObject({ code: 'GATEWAY_UNAVAILABLE', action: 'retry' });
  });
});

describe('a gateway that falls silent', () => {
  const hasty = { firstTokenTimeoutMs: 200, idleTimeoutMs: 3000 };

  it.each<[string, Reply[]]>([
    ['before the headers', cases.hangBeforeHeaders],
    ['after the headers', [{ fault: { kind: 'hang', at: 0 } }]],
    ['but for comments', [{ ...cases.normalStream[0], firstTokenMs: 5000, keepAliveMs: 30 }]],
    ['but for empty deltas', [{ tokens: Array<string>(100).fill(''), intervalMs: 20 }]],
  ])('%s, fails after the first-token limit, and its socket is closed', async (_, replies) => {
    expect(await fail(replies, hasty)).toMatchObject({ code: 'FIRST_TOKEN_TIMEOUT', action: 'retry', text: '' });
    const call = await gateway.waitFor(() => gateway.calls('m').find(({ endedBy }) => endedBy));
    expect(call.endedBy).toBe('client-closed');
    expect((call.endedAt ?? 0) - call.at).toBeLessThan(1000);
  });

  it('after some text, is stalled: the text was passed on, and the socket is closed', async () => {
    const limits = { firstTokenTimeoutMs: 3000, idleTimeoutMs: 200 };
    expect(await fail(quirks.hangAfterThreeTokens, limits)).toMatchObject({
      code: 'STREAM_STALLED',
      action: 'retry',
      text: FIRST_THREE,
    });
    const call = await gateway.waitFor(() => gateway.calls('m').find(({ endedBy }) => endedBy));
    expect(call.endedBy).toBe('client-closed');
  });
});

describe('an error inside the stream', () => {
  it.each<[string, Reply[], string]>([
    ['a chunk with a numeric code', cases.errorChunkAfterThreeTokens, 'GATEWAY_UNAVAILABLE'],
    ['a chunk with the code "server_error"', quirks.errorChunkWithStringCode, 'GATEWAY_UNAVAILABLE'],
    ['an error event', quirks.errorEvent, 'GATEWAY_ERROR'],
    ['a chunk that is nothing but an error', quirks.bareErrorChunk, 'GATEWAY_ERROR'],
  ])('%s is mapped to its code, after the text so far', async (_, replies, code) => {
    expect(await fail(replies)).toMatchObject({ code, action: 'retry', text: FIRST_THREE });
  });

  it('in an `error:` field, as llama.cpp sent it, is mapped to its code', async () => {
    const { code, message } = await fail(quirks.legacyErrorField);
    expect([code, message]).toEqual(['GATEWAY_ERROR', expect.stringContaining('context is full')]);
  });

  it.each<[string, Record<string, string | number>, string, string]>([
    ['429 as a text', { code: '429', message: 'Slow down' }, 'RATE_LIMITED', 'retry'],
    ['402', { code: 402, message: 'Out of credit' }, 'GATEWAY_CREDIT_EXHAUSTED', 'next-gateway'],
    ['a refusal', { code: 'content_filter', message: 'No' }, 'CONTENT_REFUSED', 'fail'],
    ['a context that is too long', { code: 'context_length_exceeded', message: 'No' }, 'CONTEXT_TOO_LONG', 'next'],
  ])('%s is handled as before the stream', async (_, error, code, action) => {
    const reply: Reply = { fault: { kind: 'error', at: 1, error, as: 'bare-chunk' } };
    expect(await fail(reply)).toMatchObject({ code, action, text: 'Hello' });
  });
});

describe('status 200 with something other than a stream', () => {
  it('is the error that it contains', async () => {
    const { code, action, message } = await fail(quirks.errorBodyWith200);
    expect([code, action, message]).toEqual([
      'GATEWAY_UNAVAILABLE',
      'retry',
      expect.stringContaining('Upstream failed'),
    ]);
  });

  it('is the refusal that it contains', async () => {
    const error = { message: 'No money', metadata: { error_type: 'payment_required' } };
    expect((await fail({ status: 200, body: { error } })).code).toBe('GATEWAY_CREDIT_EXHAUSTED');
  });

  it('is an outage if it is an HTML page', async () => {
    const { code, message } = await fail({ status: 200, body: '<html><h1>We are moving house</h1></html>' });
    expect([code, message]).toEqual(['GATEWAY_UNAVAILABLE', expect.stringContaining('We are moving house')]);
  });

  it.each<[string, Record<string, string | never[]>]>([
    ['without choices', { id: 'x', choices: [] }],
    ['that is empty', {}],
  ])('is an error if it is a completion %s', async (_, body) => {
    expect((await fail({ status: 200, body })).action).toBe('retry');
  });

  it('is an error if the error accompanies the partial text of a completion', async () => {
    const choice = { message: { content: 'A flock' }, finish_reason: 'error', error: { code: 502, message: 'Lost' } };
    const { code, text } = await fail({ status: 200, body: { choices: [choice] } });
    expect([code, text]).toEqual(['GATEWAY_UNAVAILABLE', 'A flock']);
  });
});

describe('a stream that ends without success', () => {
  it.each<[string, Reply[], string]>([
    ['without a finish reason', quirks.endWithoutFinish, CASE_TEXT],
    ['in the middle', quirks.endAfterThreeTokens, FIRST_THREE],
    ['in the middle of a frame', quirks.halfFrame, FIRST_THREE],
    ['with finish reason "error"', quirks.finishError, CASE_TEXT],
    ['with finish reason "abort"', quirks.vllmAbort, CASE_TEXT],
    ['without anything', quirks.emptyStream, ''],
    ['with nothing but [DONE]', quirks.emptyStreamWithDone, ''],
    ['with a cut socket', cases.cutAfterThreeTokens, FIRST_THREE],
    ['with a frame that is no JSON', quirks.emptyDataLine, FIRST_THREE],
  ])('%s is cut', async (_, replies, text) => {
    expect(await fail(replies)).toMatchObject({ code: 'STREAM_CUT', action: 'retry', text });
  });

  it('prints nothing, because model output must not reach the log', async () => {
    await fail(quirks.emptyDataLine);
    expect(printed).not.toHaveBeenCalled();
  });
});

describe('a key that is missing', () => {
  it('prevents the call if a key is required, and names the variable', async () => {
    const endpoint = endpointAt(gateway.url, { apiKey: undefined, keyVariable: 'SOME_API_KEY' });
    const { code, remedy, message } = readFailure(await hear(endpoint));
    expect([code, remedy.action]).toEqual(['GATEWAY_KEY_MISSING', 'next-gateway']);
    expect(message).toContain('SOME_API_KEY');
    expect(gateway.requests).toHaveLength(0);
  });

  it('is accepted if none is required', async () => {
    gateway.script('m', cases.normalStream);
    const { text } = await hear(endpointAt(gateway.url, { apiKey: undefined, keyRequired: false }));
    expect(text).toBe(CASE_TEXT);
  });
});
