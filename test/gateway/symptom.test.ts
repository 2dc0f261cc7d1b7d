/** What is read out of an error: status, type, wait and words, in all the shapes that were seen in the wild. */
import { APIConnectionError, APIError } from 'openai';
import { readErrorBody, readSymptom } from '../../src/gateway/symptom';
import { readWait } from '../../src/gateway/wait';
import { endpointAt } from '../support/endpoints';

const NOW = Date.UTC(2026, 10, 22, 12, 0, 0);
const endpoint = endpointAt('http://gateway.test/v1', { label: 'The gateway' });

function answer(status: number, error: unknown, headers: Record<string, string> = {}) {
  return readSymptom(APIError.generate(status, { error } as object, undefined, new Headers(headers)), endpoint, NOW);
}

describe('a wait in the headers', () => {
  const waitIn = (headers: Record<string, string>) => readWait((name) => new Headers(headers).get(name), NOW);
  const date = (seconds: number) => new Date(NOW + seconds * 1000).toUTCString();

  it.each<[string, Record<string, string>, number | undefined]>([
    ['retry-after-ms', { 'retry-after-ms': '1500' }, 1500],
    ['seconds', { 'Retry-After': '2' }, 2000],
    ['parts of a second', { 'Retry-After': '0.5' }, 500],
    ['no seconds at all', { 'Retry-After': '0' }, 0],
    ['a date', { 'Retry-After': date(90) }, 90_000],
    ['a date that is past', { 'Retry-After': date(-90) }, 0],
    ['a reset in epoch milliseconds', { 'X-RateLimit-Reset': String(NOW + 1500) }, 1500],
    ['a reset in epoch seconds', { 'X-RateLimit-Reset': String(NOW / 1000 + 20) }, 20_000],
    ['a reset that is past', { 'X-RateLimit-Reset': String(NOW - 5) }, 0],
    ['a reset in past seconds', { 'X-RateLimit-Reset': String(NOW / 1000 - 20) }, 0],
    ['a reset that is no time', { 'X-RateLimit-Reset': '60' }, undefined],
    ['a limit of requests that begins anew', { 'x-ratelimit-reset-requests': '1s' }, 1000],
    ['a limit of tokens that begins anew', { 'x-ratelimit-reset-tokens': '6m0s' }, 360_000],
    ['parts of a second as OpenAI writes them', { 'x-ratelimit-reset-tokens': '250ms' }, 250],
    ['hours', { 'x-ratelimit-reset-tokens': '1h2m3.5s' }, 3_723_500],
    ['a duration that is none', { 'x-ratelimit-reset-tokens': '6 m' }, undefined],
    [
      'the limit that is used up, of two',
      {
        'x-ratelimit-reset-requests': '1s',
        'x-ratelimit-remaining-requests': '59',
        'x-ratelimit-reset-tokens': '20s',
        'x-ratelimit-remaining-tokens': '0',
      },
      20_000,
    ],
    ['the sooner of two', { 'x-ratelimit-reset-requests': '1s', 'x-ratelimit-reset-tokens': '20s' }, 1000],
    ['a wait for ever, which ends after a year', { 'retry-after-ms': 'Infinity' }, 31_536_000_000],
    ['seconds beyond all dates', { 'Retry-After': '9'.repeat(30) }, 31_536_000_000],
    ['words', { 'Retry-After': 'later' }, undefined],
    ['an empty retry-after-ms', { 'retry-after-ms': '' }, undefined],
    ['nothing', {}, undefined],
  ])('%s', (_, headers, expected) => {
    expect(waitIn(headers)).toBe(expected);
  });

  it('is read from the most exact header that there is', () => {
    const reset = { 'X-RateLimit-Reset': String(NOW + 9000) };
    expect(waitIn({ 'retry-after-ms': '700', 'Retry-After': '1', ...reset })).toBe(700);
    expect(waitIn({ 'Retry-After': '1', ...reset })).toBe(1000);
    expect(waitIn({ 'Retry-After': 'later', ...reset })).toBe(9000);
  });
});

describe('a wait in the body', () => {
  it('may stand in the headers of the metadata, in any case', () => {
    const error = { metadata: { headers: { 'X-RateLimit-Reset': NOW + 1500 } } };
    expect(answer(429, error).waitMs).toBe(1500);
  });

  it('gives way to a header', () => {
    const error = { metadata: { headers: { 'Retry-After': '9' } }, availability: { retry_after: 8 } };
    expect(answer(429, error, { 'retry-after': '1' }).waitMs).toBe(1000);
  });

  it.each<[unknown, number | undefined]>([
    [3, 3000],
    ['3', 3000],
    [null, undefined],
    ['soon', undefined],
    [undefined, undefined],
  ])('availability.retry_after %p is %p ms', (retry_after, expected) => {
    expect(answer(503, { availability: { code: 'no_capacity', retry_after } }).waitMs).toBe(expected);
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

  it('is empty where none is given', () => {
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
    expect(readErrorBody(error, endpoint).status).toBe(status);
  });

  it('gives way to the status of the reply', () => {
    expect(answer(503, { code: 429 }).status).toBe(503);
  });
});

describe('a body that is not as it should be', () => {
  it.each<[string, unknown]>([
    ['null', null],
    ['a number', 7],
    ['a list', ['x']],
    ['fields of the wrong type', { code: {}, message: 5, metadata: 'x', availability: [], type: null }],
    ['metadata of the wrong type', { metadata: { reasons: 'x', headers: 'y', limit_source: 3 } }],
  ])('%s is no reason to throw', (_, error) => {
    expect(answer(500, error)).toMatchObject({ kind: 'status', status: 500, type: '', waitMs: undefined });
    expect(readErrorBody(error, endpoint)).toMatchObject({ kind: 'status', type: '' });
  });
});

describe('the sentence', () => {
  it('is short, however long the gateway talks', () => {
    expect(answer(500, { message: 'x'.repeat(100_000) }).message.length).toBeLessThan(400);
  });

  it('ends with one full stop', () => {
    expect(answer(500, { message: 'Oh no.' }).message).toMatch(/Oh no\.$/);
    expect(answer(500, { message: 'Oh no' }).message).toMatch(/Oh no\.$/);
  });

  it('tells the reasons of a refusal, behind a long text too', () => {
    const { message } = answer(403, { message: 'x'.repeat(1000), metadata: { reasons: ['violence', 'hate'] } });
    expect(message).toContain('violence, hate');
  });

  it('names the address and the cause when there is no connection', () => {
    const cause = new Error('fetch failed', { cause: Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }) });
    const { kind, message } = readSymptom(new APIConnectionError({ message: 'Connection error.', cause }), endpoint);
    expect(kind).toBe('no-connection');
    expect(message).toContain('http://gateway.test/v1');
    expect(message).toContain('ECONNREFUSED');
  });
});

describe('a key that an error quotes', () => {
  const key = 'sk-a-key-that-nobody-may-read';
  const provider = 'the-key-of-the-provider-behind';
  const ours = endpointAt('http://gateway.test/v1', { apiKey: key, secrets: [provider, `${key}-and-more`] });
  const said = (error: unknown) => readSymptom(error, ours, NOW).message;
  const status = (error: object) => APIError.generate(401, { error }, undefined, new Headers());

  it.each<[string, unknown]>([
    ['in its message', status({ message: `Incorrect API key provided: ${key}.` })],
    ['in its reasons', status({ message: 'No.', metadata: { reasons: [`bad ${key}`] } })],
    ['that is one of a provider behind', status({ message: `The provider does not know ${provider}.` })],
    ['that begins with another', status({ message: `Not ${key}-and-more.` })],
    ['which is no header', new TypeError(`Headers.append: "Bearer ${key}" is an invalid header value.`)],
    ['on the way', new APIConnectionError({ cause: new Error(`No route for ${key}`) })],
  ])('%s is not repeated', (_, error) => {
    expect(said(error)).toContain('[key]');
    expect(said(error)).not.toMatch(/nobody|provider-behind|and-more/);
  });

  it.each(Array.from({ length: key.length + 2 }, (_, i) => 300 - i))(
    'is not repeated in part where the sentence is cut, %i letters in',
    (before) => {
      expect(said(status({ message: `${'x'.repeat(before)}${key}` }))).not.toContain('sk-');
    },
  );
});
