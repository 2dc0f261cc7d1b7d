/** Messages in error bodies of gateways, upstream vendors, validators and proxies. */
import { APIError } from 'openai';
import { describeErrorBody, describeThrownError } from '../../src/gateway/error-description';
import { endpointAt, readFailure, hear } from '../support/endpoints';
import { createScriptedGateway, type ScriptedGateway } from '../support/scripted-gateway';

let gateway: ScriptedGateway;
beforeAll(async () => {
  gateway = await createScriptedGateway();
});
afterEach(() => gateway.reset());
afterAll(() => gateway.stop());

/** Returns the failure of a call with this reply. */
async function failWith(status: number, body: object | string, headers: Record<string, string> = {}) {
  gateway.script('m', { status, body: body as string, headers });
  return readFailure(await hear(endpointAt(gateway.url)));
}

const RETRY_INFO = { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '34s' };
const QUOTA = {
  '@type': 'type.googleapis.com/google.rpc.QuotaFailure',
  violations: [{ quotaId: 'GenerateRequestsPerDayPerProjectPerModel-FreeTier' }],
};

describe('the message', () => {
  it.each<[string, object | string, string]>([
    ['a list with an error', [{ error: { code: 400, message: 'API key not valid.' } }], 'API key not valid.'],
    ['a list of errors', { errors: [{ message: 'No route.' }, { message: 'No key.' }] }, 'No route.; No key.'],
    ['detail as a text', { detail: 'Model not loaded' }, 'Model not loaded'],
    [
      'detail as a list',
      { detail: [{ loc: ['body', 'temperature'], msg: 'Input should be at most 1', type: 'x' }] },
      'body.temperature: Input should be at most 1',
    ],
    ['detail as an object', { detail: { message: 'Busy' } }, 'Busy'],
    ['error as a text', { error: 'Unknown model' }, 'Unknown model'],
    ['error as a text beside a message', { error: 'Forbidden', message: 'Your team may not.' }, 'Your team may not.'],
    ['an error in an error', { error: { error: { message: 'Deep.' } } }, 'Deep.'],
    ['a message only', { message: 'Plain.' }, 'Plain.'],
    ['msg', { code: 1, msg: 'Short.' }, 'Short.'],
    ['problem+json', { title: 'Too large', status: 413, detail: 'At most 1 MB.' }, 'At most 1 MB.'],
    ['error_description', { error: 'invalid_client', error_description: 'Expired.' }, 'Expired.'],
    ['a fault', { fault: { faultstring: 'Quota.', detail: { errorcode: 'x' } } }, 'Quota.'],
    ['JSON in a message', { error: { message: '{"error":{"message":"Inner."}}' } }, 'Inner.'],
    ['plain text', 'upstream connect error', 'upstream connect error'],
  ])('in %s', async (_, body, expected) => {
    const { message } = await failWith(418, body);
    expect(message).toContain(`answered 418: ${expected.replace(/\.$/, '')}.`);
  });

  it.each([
    ['as a text', 'The model is overloaded'],
    ['as JSON in a text', '{"error":{"message":"The model is overloaded"}}'],
    ['as an object', { error: { message: 'The model is overloaded' } }],
    ['as a list', [{ error: { message: 'The model is overloaded' } }]],
  ])('quotes the upstream vendor, raw %s', async (_, raw) => {
    const error = { code: 418, message: 'Provider returned error', metadata: { raw, provider_name: 'X' } };
    expect((await failWith(418, { error })).message).toContain('Provider returned error: The model is overloaded.');
  });

  it.each<[string, object | string]>([
    ['an empty body', ''],
    ['an empty object', {}],
    ['an empty list', []],
    ['numbers', { message: 5, detail: 7 }],
    ['null', { error: null }],
  ])('is omitted if there is none: %s', async (_, body) => {
    expect((await failWith(418, body)).message).toMatch(/answered 418\.$/);
  });

  it('is limited, however long the text is', () => {
    const long = 'x'.repeat(100_000);
    const deep = (depth: number): object => (depth === 0 ? { message: long } : { error: deep(depth - 1) });
    const bodies = [
      [{ detail: Array(500).fill({ msg: long }) }],
      { message: long, metadata: { raw: long } },
      deep(500),
    ];
    for (const body of bodies) {
      const error = APIError.generate(500, { error: body } as object, undefined, new Headers());
      expect(describeThrownError(error, endpointAt('http://gateway.test/v1')).message.length).toBeLessThan(800);
    }
  });

  it.each([
    'sk-proj-abcdefghijklmnop1234',
    'gsk_abcdefghijklmnop1234',
    'AIzaSyA1234567890abcdefghijklmnopqrstuv',
    'Bearer abcdef1234567890',
  ])('does not repeat a foreign key of the gateway either: %s', async (key) => {
    const shapes = [
      { detail: `Bad ${key}` },
      [{ error: { message: `Bad ${key}.` } }],
      { metadata: { raw: `Bad ${key}` } },
    ];
    for (const error of shapes) expect((await failWith(418, { error })).message).not.toContain(key.slice(-12));
  });

  it('repeats no key of ours in a raw text', async () => {
    const { message } = await failWith(418, { error: { message: 'No', metadata: { raw: 'Bad test-key here' } } });
    expect(message).toContain('Bad [key] here');
  });
});

describe('a wait in the body', () => {
  it.each<[string, object, number]>([
    ['RetryInfo', { error: { code: 429, message: 'Quota', details: [QUOTA_OF_MINUTE(), RETRY_INFO] } }, 34_000],
    ['RetryInfo in a list', [{ error: { message: 'Quota', details: [RETRY_INFO] } }] as object, 34_000],
    ['parts of a second', { error: { details: [{ ...RETRY_INFO, retryDelay: '34.5s' }] } }, 34_500],
    ['seconds and nanos', { error: { details: [{ retryDelay: { seconds: '3', nanos: 500_000_000 } }] } }, 3500],
    [
      'RetryInfo behind a gateway',
      { error: { metadata: { raw: JSON.stringify({ error: { details: [RETRY_INFO] } }) } } },
      34_000,
    ],
    ['retry_after', { error: { message: 'Slow down', retry_after: 7 } }, 7000],
    ['retry_after beside the error', { message: 'Slow down', retry_after_ms: 700 }, 700],
  ])('%s', async (_, body, expected) => {
    expect((await failWith(429, body)).waitMs).toBe(expected);
  });

  it.each(['0s', '-3s', '', 'soon', '0.0001s'])('of %p is none', async (retryDelay) => {
    const body = { error: { details: [{ ...RETRY_INFO, retryDelay }] } };
    expect((await failWith(429, body)).waitMs).toBeUndefined();
  });

  it('of a daily quota is recognised by the name of the quota', async () => {
    const { message } = await failWith(429, { error: { message: 'Quota exceeded.', details: [QUOTA] } });
    expect(message).toContain('daily quota');
  });
});

function QUOTA_OF_MINUTE() {
  return { ...QUOTA, violations: [{ quotaId: 'GenerateRequestsPerMinutePerProject' }] };
}

describe('a wrong base URL', () => {
  it.each([404, 405])('is reported with %i: the called address is named', async (status) => {
    const { message } = await failWith(status, '<html><head><title>404 Not Found</title></head></html>');
    expect(message).toContain(`called at ${gateway.url}/chat/completions (OPENROUTER_BASE_URL)`);
  });

  it('is reported with a page, whatever the status', async () => {
    const { message } = await failWith(200, '<!doctype html><title>Welcome</title>', { 'content-type': 'text/html' });
    expect(message).toContain(`called at ${gateway.url}/chat/completions`);
  });

  it('is named without user name, password and query', () => {
    const error = APIError.generate(404, { error: {} } as object, undefined, new Headers());
    const { message } = describeThrownError(error, endpointAt('https://user:secret@gateway.test/v1/?key=secret'));
    expect(message).toContain('gateway.test');
    expect(message).not.toContain('secret');
  });
});

describe('an answer with a wrong content type', () => {
  const SSE = 'data: {"choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":null}]}\n\n';
  const END = 'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n';
  const WHOLE = JSON.stringify({ choices: [{ message: { content: 'Hi' }, finish_reason: 'stop' }] });
  const answer = (body: string, type: string) => {
    gateway.script('m', { status: 200, body, headers: { 'content-type': type } });
    return hear(endpointAt(gateway.url));
  };

  it.each([
    ['a stream as JSON', `${SSE}${END}`, 'application/json'],
    ['a stream after a comment as JSON', `: hello\n\n${SSE}${END}`, 'application/json; charset=utf-8'],
    ['a stream as text', `${SSE}${END}`, 'text/plain'],
    ['a stream as HTML', `\n${SSE}${END}`, 'text/html'],
    ['JSON as a stream', WHOLE, 'text/event-stream'],
    ['JSON as text, after white space', ` \n${WHOLE}`, 'text/plain'],
    ['JSON after a byte order mark', `\ufeff${WHOLE}`, 'application/json'],
  ])('%s is read', async (_, body, type) => {
    const received = await answer(body, type);
    expect(received.text).toBe('Hi');
    expect(received.result).toMatchObject({ finishReason: 'stop' });
  });

  it.each([
    ['an error as a stream', '{"error":{"message":"No model"}}', 'text/event-stream', 'No model'],
    ['a list with an error', '[{"error":{"message":"No model"}}]', 'application/json', 'No model'],
    [
      'a list with an error in a stream',
      'data: [{"error":{"message":"No model"}}]\n\n',
      'text/event-stream',
      'No model',
    ],
    ['a page as a stream', '<html>Log in</html>', 'text/event-stream', 'Log in'],
    ['a page as JSON', '<html>Log in</html>', 'application/json', 'Log in'],
  ])('%s is a failure in its own words', async (_, body, type, words) => {
    expect(readFailure(await answer(body, type)).message).toContain(words);
  });
});

test('an error in a stream may be a text or a list', () => {
  const endpoint = endpointAt('http://gateway.test/v1');
  expect(describeErrorBody('Overloaded', endpoint).message).toContain('Overloaded');
  expect(describeErrorBody([{ message: 'Overloaded', code: 503 }], endpoint)).toMatchObject({ status: 503 });
});
