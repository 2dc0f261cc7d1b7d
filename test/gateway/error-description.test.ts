/** What is extracted from an error: status, type, wait and message, in all formats observed in practice. */
import { APIConnectionError, APIError } from 'openai';
import { describeErrorBody, describeThrownError } from '../../src/gateway/error-description';
import { endpointAt } from '../support/endpoints';

const NOW = Date.UTC(2026, 10, 22, 12, 0, 0);
const endpoint = endpointAt('http://gateway.test/v1', { label: 'The gateway' });

function answer(status: number, error: unknown, headers: Record<string, string> = {}) {
  return describeThrownError(
    APIError.generate(status, { error } as object, undefined, new Headers(headers)),
    endpoint,
    NOW,
  );
}

describe('a wait in the body', () => {
  it('may be in the headers of the metadata, in any case', () => {
    const error = { metadata: { headers: { 'X-RateLimit-Reset': NOW + 1500 } } };
    expect(answer(429, error).waitMs).toBe(1500);
  });

  it('has lower precedence than a header', () => {
    const error = { metadata: { headers: { 'Retry-After': '9' } }, availability: { retry_after: 8 } };
    expect(answer(429, error, { 'retry-after': '1' }).waitMs).toBe(1000);
  });

  it.each<[unknown, number | undefined]>([
    [3, 3000],
    ['3', 3000],
    [null, undefined],
    [0, undefined],
    [-3, undefined],
    ['0', undefined],
    ['soon', undefined],
    [undefined, undefined],
  ])('availability.retry_after %p is %p ms', (retry_after, expected) => {
    expect(answer(503, { availability: { code: 'no_capacity', retry_after } }).waitMs).toBe(expected);
  });
});

describe('an adapter that reads a field of its own', () => {
  const readFaultCode = (body: unknown): unknown =>
    body instanceof Object && 'fault' in body && body.fault instanceof Object && 'faultcode' in body.fault
      ? body.fault.faultcode
      : undefined;
  const soap = endpointAt('http://gateway.test/v1', {
    refineError: (error, body) => (readFaultCode(body) === 'Quota' ? { ...error, type: 'insufficient_quota' } : error),
  });
  const quota = { fault: { faultcode: 'Quota', faultstring: 'Used up.' } };

  it('finds it in the body of a status', () => {
    const error = APIError.generate(400, { error: quota }, undefined, new Headers());
    expect(describeThrownError(error, soap)).toMatchObject({ status: 400, type: 'insufficient_quota' });
  });

  it('finds it in an error that came with status 200', () => {
    expect(describeErrorBody(quota, soap).type).toBe('insufficient_quota');
    expect(describeErrorBody({ fault: { faultcode: 'Other' } }, soap).type).toBe('');
  });

  it('keeps what is read for all gateways', () => {
    const error = { ...quota, metadata: { limit_source: 'openrouter_in_flight_budget' } };
    expect(describeErrorBody(error, soap)).toMatchObject({ type: 'insufficient_quota', inFlightBudget: true });
  });
});

describe('rate limit headers of an unrelated error', () => {
  const informational = {
    'x-ratelimit-remaining': '4999',
    'x-ratelimit-reset': String(NOW / 1000 + 1800),
    'x-ratelimit-remaining-requests': '59',
    'x-ratelimit-reset-requests': '30m0s',
    'x-ratelimit-remaining-tokens': '100000',
    'x-ratelimit-reset-tokens': '30m0s',
  };

  it.each([400, 401, 402, 404, 500, 502, 503, 529])('are not a wait with %i', (status) => {
    expect(answer(status, { message: 'No.' }, informational).waitMs).toBeUndefined();
  });

  it.each([500, 502, 503])('are not a wait with %i if they are in the body', (status) => {
    expect(answer(status, { message: 'No.', metadata: { headers: informational } }).waitMs).toBeUndefined();
  });

  it('are a wait with 429, wherever that status is', () => {
    expect(answer(429, { message: 'No.' }, informational).waitMs).toBe(1_800_000);
    expect(describeErrorBody({ code: 429, metadata: { headers: informational } }, endpoint, NOW).waitMs).toBe(
      1_800_000,
    );
  });

  it('are a wait if a limit is used up', () => {
    expect(answer(503, { message: 'No.' }, { ...informational, 'x-ratelimit-remaining': '0' }).waitMs).toBe(1_800_000);
  });
});

describe('a daily quota', () => {
  it.each([
    'Rate limit exceeded: free-models-per-day. Add 10 credits.',
    'Rate limit reached for m on requests per day (RPD): Limit 200, Used 200.',
    'Rate limit reached for m on tokens per day (TPD).',
    'Quota exceeded for GenerateRequestsPerDayPerProjectPerModel-FreeTier.',
    'You have reached your daily limit.',
    'Limit of RPD reached',
  ])('is recognised by its wording: %s', (message) => {
    expect(answer(429, { message }).perDay).toBe(true);
  });

  it('is not recognised in others', () => {
    expect(answer(429, { message: 'Limit 20, free-models-per-min. Come back on Monday.' }).perDay).toBe(false);
  });
});

describe('the type', () => {
  it.each<[string, object]>([
    ['metadata.error_type', { type: 'x', code: 'y', error_type: 'z', metadata: { error_type: 'wanted' } }],
    ['error_type', { type: 'x', code: 'y', error_type: 'wanted', availability: { code: 'z' } }],
    ['availability.code', { type: 'x', code: 'y', availability: { code: 'wanted' } }],
    ['a textual code', { type: 'x', code: 'wanted' }],
    ['type, where the code is a number', { type: 'wanted', code: 400 }],
    ['type, where the code is null', { type: 'wanted', code: null }],
  ])('is %s', (_, error) => {
    expect(answer(400, error).type).toBe('wanted');
  });

  it('is empty if none is given', () => {
    expect(answer(400, { message: 'Bad' }).type).toBe('');
  });
});

describe('the status of an error inside a stream', () => {
  it.each<[object, number | undefined]>([
    [{ code: 502 }, 502],
    [{ code: '429' }, 429],
    [{ code: 'server_error' }, 502],
    [{ code: 'some_word' }, undefined],
    [{ http_status: 404, error_type: 'not_found' }, 404],
    [{ http_status: null }, undefined],
    [{}, undefined],
  ])('%j stands for %p', (error, status) => {
    expect(describeErrorBody(error, endpoint).status).toBe(status);
  });

  it('has lower precedence than the status of the reply', () => {
    expect(answer(503, { code: 429 }).status).toBe(503);
  });
});

describe('a malformed body', () => {
  it.each<[string, unknown]>([
    ['null', null],
    ['a number', 7],
    ['a list', ['x']],
    ['fields of the wrong type', { code: {}, message: 5, metadata: 'x', availability: [], type: null }],
    ['metadata of the wrong type', { metadata: { reasons: 'x', headers: 'y', limit_source: 3 } }],
  ])('%s does not throw', (_, error) => {
    expect(answer(500, error)).toMatchObject({ kind: 'status', status: 500, type: '', waitMs: undefined });
    expect(describeErrorBody(error, endpoint)).toMatchObject({ kind: 'status', type: '' });
  });
});

describe('the message', () => {
  it('is short, however long the text of the gateway is', () => {
    expect(answer(500, { message: 'x'.repeat(100_000) }).message.length).toBeLessThan(400);
  });

  it('ends with one full stop', () => {
    expect(answer(500, { message: 'Oh no.' }).message).toMatch(/Oh no\.$/);
    expect(answer(500, { message: 'Oh no' }).message).toMatch(/Oh no\.$/);
  });

  it('contains the reasons of a refusal, even after a long text', () => {
    const { message } = answer(403, { message: 'x'.repeat(1000), metadata: { reasons: ['violence', 'hate'] } });
    expect(message).toContain('violence, hate');
  });

  it('names the address and the cause when there is no connection', () => {
    const cause = new Error('fetch failed', { cause: Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }) });
    const { kind, message } = describeThrownError(
      new APIConnectionError({ message: 'Connection error.', cause }),
      endpoint,
    );
    expect(kind).toBe('no-connection');
    expect(message).toContain('http://gateway.test/v1');
    expect(message).toContain('ECONNREFUSED');
  });
});

describe('a key that an error quotes', () => {
  const key = 'sk-a-key-that-nobody-may-read';
  const provider = 'the-key-of-the-provider-behind';
  const ours = endpointAt('http://gateway.test/v1', { apiKey: key, secrets: [provider, `${key}-and-more`] });
  const text = (error: unknown) => describeThrownError(error, ours, NOW).message;
  const status = (error: object) => APIError.generate(401, { error }, undefined, new Headers());

  it.each<[string, unknown]>([
    ['in its message', status({ message: `Incorrect API key provided: ${key}.` })],
    ['in its reasons', status({ message: 'No.', metadata: { reasons: [`bad ${key}`] } })],
    ['that belongs to an upstream provider', status({ message: `The provider does not know ${provider}.` })],
    ['that begins with another', status({ message: `Not ${key}-and-more.` })],
    ['which is no header', new TypeError(`Headers.append: "Bearer ${key}" is an invalid header value.`)],
    ['on the way', new APIConnectionError({ cause: new Error(`No route for ${key}`) })],
  ])('%s is not repeated', (_, error) => {
    expect(text(error)).toContain('[key]');
    expect(text(error)).not.toMatch(/nobody|provider-behind|and-more/);
  });

  it.each(Array.from({ length: key.length + 2 }, (_, i) => 300 - i))(
    'is not repeated in part if the message is cut %i letters in',
    (before) => {
      expect(text(status({ message: `${'x'.repeat(before)}${key}` }))).not.toContain('sk-');
    },
  );
});
