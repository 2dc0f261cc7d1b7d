// How the real openai client (maxRetries 0) handles each scripted reply; GATEWAYS.md sections 0, 1 and 3 say what to expect.
import {
  APIConnectionError,
  APIError,
  AuthenticationError,
  BadRequestError,
  InternalServerError,
  NotFoundError,
  PermissionDeniedError,
  RateLimitError,
} from 'openai';

import { CASE_TEXT, cases, createScriptedGateway, quirks, type Reply, type ScriptedGateway } from './scripted-gateway';
import { createClient, QUESTION, stream } from './scripted-gateway-clients';

let gateway: ScriptedGateway;
let client: ReturnType<typeof createClient>;

beforeAll(async () => {
  gateway = await createScriptedGateway();
  client = createClient(gateway.url);
});
afterEach(() => gateway.reset());
afterAll(() => gateway.stop());

function play(replies: Reply[]) {
  gateway.script('m', replies.slice(0, 1));
  return stream(client, 'm');
}
const FIRST_THREE = 'A flock turns';

describe('streams that succeed', () => {
  it.each([
    ['normalStream', cases.normalStream],
    ['usageInEmptyDelta', cases.usageInEmptyDelta],
    ['crlf', quirks.crlf],
    ['pingEvent', quirks.pingEvent],
    ['commentsBeforeFirstToken', quirks.commentsBeforeFirstToken],
    ['pauseAfterThreeTokens', quirks.pauseAfterThreeTokens],
  ])('%s gives the text, one finish and one usage with cost', async (_, replies) => {
    const seen = await play(replies);
    expect(seen).toMatchObject({ text: CASE_TEXT, finishes: ['stop'] });
    expect(seen.error).toBeUndefined();
    const [call] = gateway.calls('m');
    expect(seen.usages).toEqual([
      expect.objectContaining({ prompt_tokens: 6, completion_tokens: 6, total_tokens: 12, cost: call?.costUsd }),
    ]);
    expect(call).toMatchObject({ tokensSent: 6, textSent: CASE_TEXT, endedBy: 'completed', costUsd: 0.000018 });
  });

  it('have usage in a chunk without choices, or beside one empty delta', async () => {
    const empty = await play(cases.normalStream);
    expect(empty.chunks.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: 12 } });
    const delta = await play(cases.usageInEmptyDelta);
    expect(delta.chunks.at(-1)).toMatchObject({ choices: [{ delta: { content: '' } }], usage: { total_tokens: 12 } });
  });

  it('keep the text whole if characters are split over reads', async () => {
    const seen = await play(quirks.splitCharacters);
    expect(seen.text).toBe('Grüße 🐦‍⬛ 日本 \ud83d\udc26');
  });

  it('report finish length, and the model that really answered', async () => {
    expect((await play(cases.lengthLimit)).finishes).toEqual(['length']);
    const [chunk] = (await play(quirks.otherModelAnswers)).chunks;
    expect(chunk?.model).toBe('openai/gpt-5.4-mini');
  });

  it('are one body for a request that does not stream', async () => {
    gateway.script('m', cases.normalBody);
    const completion = await client.chat.completions.create({ model: 'm', messages: QUESTION });
    expect(completion).toMatchObject({
      id: gateway.calls('m')[0]?.id,
      choices: [{ message: { content: CASE_TEXT }, finish_reason: 'stop' }],
      usage: { completion_tokens: 6, cost: 0.000018 },
    });
  });
});

describe('streams that end without an error and are no success', () => {
  it.each<[string, Reply[], { text: string; finishes: string[] }]>([
    ['endWithoutFinish', quirks.endWithoutFinish, { text: CASE_TEXT, finishes: [] }],
    ['endAfterThreeTokens', quirks.endAfterThreeTokens, { text: FIRST_THREE, finishes: [] }],
    // openai 7 throws a SyntaxError here; openai 6 silently drops the half frame.
    ['halfFrame', quirks.halfFrame, { text: FIRST_THREE, finishes: [] }],
    ['finishError', quirks.finishError, { text: CASE_TEXT, finishes: ['error'] }],
    ['vllmAbort', quirks.vllmAbort, { text: CASE_TEXT, finishes: ['abort'] }],
    ['errorBodyWith200', quirks.errorBodyWith200, { text: '', finishes: [] }],
    ['legacyErrorField', quirks.legacyErrorField, { text: '', finishes: [] }],
    ['emptyStream', quirks.emptyStream, { text: '', finishes: [] }],
    ['emptyStreamWithDone', quirks.emptyStreamWithDone, { text: '', finishes: [] }],
  ])('%s', async (_, replies, expected) => {
    const seen = await play(replies);
    expect(seen.error).toBeUndefined();
    expect(seen).toMatchObject(expected);
  });
});

describe('errors inside a stream', () => {
  it.each<[string, Reply[], number | string]>([
    ['errorChunkAfterThreeTokens', cases.errorChunkAfterThreeTokens, 502],
    ['errorChunkWithStringCode', quirks.errorChunkWithStringCode, 'server_error'],
    ['errorEvent', quirks.errorEvent, 500],
    ['bareErrorChunk', quirks.bareErrorChunk, 500],
  ])('%s is an APIError without a status, with the code as it was sent', async (_, replies, code) => {
    const { error, text } = await play(replies);
    expect(text).toBe(FIRST_THREE);
    expect(error).toBeInstanceOf(APIError);
    expect(error).toMatchObject({ status: undefined, code });
    expect(gateway.calls('m')[0]).toMatchObject({ finish: 'error', costUsd: 0, tokensSent: 3 });
  });

  it('keep their metadata', async () => {
    const { error } = await play(cases.errorChunkAfterThreeTokens);
    expect(error).toMatchObject({ error: { metadata: { error_type: 'provider_unavailable' } } });
  });

  it('accompany the text if the request does not stream', async () => {
    gateway.script('m', cases.errorChunkAfterThreeTokens);
    const { choices } = await client.chat.completions.create({ model: 'm', messages: QUESTION });
    expect(choices[0]).toMatchObject({
      finish_reason: 'error',
      error: { code: 502 },
      message: { content: FIRST_THREE },
    });
  });
});

describe('broken transport', () => {
  it.each<[string, Reply[], string]>([
    ['cutAfterThreeTokens', cases.cutAfterThreeTokens, FIRST_THREE],
    ['cutBeforeDone', quirks.cutBeforeDone, CASE_TEXT],
  ])('%s is a raw TypeError "terminated" after the whole text that was sent', async (_, replies, text) => {
    const seen = await play(replies);
    expect(seen.text).toBe(text);
    expect(seen.error).not.toBeInstanceOf(APIError);
    expect(seen.error).toMatchObject({ name: 'TypeError', message: 'terminated', cause: { code: 'UND_ERR_SOCKET' } });
    expect(gateway.calls('m')[0]?.endedBy).toBe('cut');
  });

  it('an empty data line is a SyntaxError', async () => {
    const { error, text } = await play(quirks.emptyDataLine);
    expect(error).toMatchObject({ name: 'SyntaxError' });
    expect(text).toBe(FIRST_THREE);
  });

  it('cut before the headers is an APIConnectionError', async () => {
    const { error } = await play(quirks.cutBeforeHeaders);
    expect(error).toBeInstanceOf(APIConnectionError);
    expect(gateway.calls('m')[0]).toMatchObject({ status: 0, endedBy: 'cut', costUsd: 0 });
  });

  it('hang before the headers is a timeout of the SDK; hang after them is not', async () => {
    const hasty = client.withOptions({ timeout: 400 });
    gateway.script('m', [...cases.hangBeforeHeaders, ...quirks.hangAfterThreeTokens]);
    // An APIConnectionTimeoutError outside Jest; in Jest's realm the SDK does not recognise the DOMException as an error.
    expect((await stream(hasty, 'm')).error).toBeInstanceOf(APIConnectionError);
    await gateway.waitFor(() => gateway.calls('m')[0]?.endedBy === 'client-closed');
    const startedAt = Date.now();
    const seen = await stream(hasty, 'm', { signal: AbortSignal.timeout(1000) });
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(990);
    expect(seen.error).toBeUndefined();
    expect(seen.text).toBe(FIRST_THREE);
  });

  it('a socket that stays open after [DONE] keeps the loop of openai 6 waiting', async () => {
    gateway.script('m', quirks.openAfterDone);
    const seen = await stream(client, 'm', { signal: AbortSignal.timeout(1000) });
    expect(seen).toMatchObject({ text: CASE_TEXT, finishes: ['stop'] });
    const call = await gateway.waitFor(() => gateway.calls('m').find(({ endedBy }) => endedBy));
    expect(call.endedBy).toBe('client-closed');
    expect((call.endedAt ?? 0) - (call.firstTokenAt ?? 0)).toBeGreaterThan(300);
  });
});

describe('refusals', () => {
  it.each<[string, Reply[], new (...args: never[]) => APIError, object]>([
    ['invalidKey', cases.invalidKey, AuthenticationError, { status: 401 }],
    ['creditsExhausted', cases.creditsExhausted, APIError, { status: 402 }],
    [
      'inFlightBudget',
      quirks.inFlightBudget,
      APIError,
      { error: { metadata: { limit_source: 'openrouter_in_flight_budget' } } },
    ],
    ['moderated', cases.moderated, PermissionDeniedError, { error: { metadata: { reasons: ['violence'] } } }],
    [
      'modelDeprecated',
      cases.modelDeprecated,
      NotFoundError,
      { code: undefined, error: { availability: { retryable: false } } },
    ],
    [
      'contextLength',
      quirks.contextLength,
      BadRequestError,
      { error: { metadata: { error_type: 'context_length_exceeded' } } },
    ],
    ['retryAfterTwoSeconds', cases.retryAfterTwoSeconds, RateLimitError, { status: 429, code: 429 }],
    ['serverErrorOnce', cases.serverErrorOnce, InternalServerError, { status: 500 }],
    ['unavailableThreeTimes', cases.unavailableThreeTimes, InternalServerError, { status: 503 }],
    ['htmlBadGateway', cases.htmlBadGateway, InternalServerError, { status: 502, error: undefined }],
    ['portkeyFailure', quirks.portkeyFailure, InternalServerError, { status: 500 }],
  ])('%s', async (_, replies, type, fields) => {
    const { error } = await play(replies);
    expect(error).toBeInstanceOf(type);
    expect(error).toMatchObject(fields);
    expect(gateway.calls('m')).toHaveLength(1);
    expect(gateway.calls('m')[0]).toMatchObject({ costUsd: 0, tokensSent: 0, endedBy: 'completed' });
  });

  it('say how long to wait in every documented way', async () => {
    const header = async (replies: Reply[], name: string) => {
      const { error } = await play(replies);
      return (error as APIError).headers?.get(name) ?? null;
    };
    expect(await header(cases.retryAfterTwoSeconds, 'retry-after')).toBe('2');
    expect(await header(quirks.retryAfterMs, 'retry-after-ms')).toBe('700');
    const date = Date.parse((await header(quirks.retryAfterDate, 'retry-after')) ?? '') - Date.now();
    expect(date).toBeGreaterThan(1900);
    expect(date).toBeLessThanOrEqual(3000);
    const reset = Number(await header(cases.resetInOneAndAHalfSeconds, 'x-ratelimit-reset')) - Date.now();
    expect(reset).toBeGreaterThan(1300);
    expect(reset).toBeLessThanOrEqual(1501);
    expect(await header(cases.resetInOneAndAHalfSeconds, 'retry-after')).toBeNull();
    const { error } = await play(quirks.resetInMetadataOnly);
    expect((error as APIError).headers?.has('x-ratelimit-reset')).toBe(false);
    expect(error).toMatchObject({ error: { metadata: { headers: { 'X-RateLimit-Remaining': '0' } } } });
  });
});
