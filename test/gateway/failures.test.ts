/** The table of GATEWAYS.md, section 5, row by row: what a gateway says -> our code, and what is done about it. */
import { APIConnectionError, APIConnectionTimeoutError, APIError } from 'openai';
import { GatewayFailure, PATIENCE_MS, TABLE, toGatewayFailure, type Remedy } from '../../src/gateway/failures';
import { readErrorBody, readSymptom, symptomOf, type Symptom } from '../../src/gateway/symptom';
import { endpointAt } from '../support/endpoints';

const endpoint = endpointAt('http://gateway.test/v1');

/** What the client throws for a status with this `error` object and these headers. */
function answer(status: number, error: object = {}, headers: Record<string, string> = {}): Symptom {
  return readSymptom(APIError.generate(status, { error }, undefined, new Headers(headers)), endpoint);
}
const typed = (status: number, error_type: string) => answer(status, { code: status, metadata: { error_type } });
const coded = (status: number, code: string) => answer(status, { code });
const limited = (status: number, limit_source: string, headers = {}) =>
  answer(status, { metadata: { limit_source } }, headers);
const wait = (seconds: number) => ({ 'retry-after': String(seconds) });
const inStream = (error: object) => readErrorBody(error, endpoint);

function inWords(remedy: Remedy): string {
  if (remedy.action !== 'retry') return remedy.action;
  const { tries, lastTries, then } = remedy;
  return `retry ${tries}x${lastTries === tries ? '' : ` (${lastTries}x when last)`}, then ${then}`;
}

type Row = [signal: string, symptom: Symptom, code: string, action: string];

const rows: Row[] = [
  ['400 invalid_request', typed(400, 'invalid_request'), 'GATEWAY_REFUSED_REQUEST', 'fail'],
  ['400 invalid_prompt', typed(400, 'invalid_prompt'), 'GATEWAY_REFUSED_REQUEST', 'fail'],
  ['400 model_not_found', coded(400, 'model_not_found'), 'MODEL_NOT_FOUND', 'next'],
  ['400 without a type', answer(400), 'GATEWAY_REFUSED_REQUEST', 'next'],
  ['413', answer(413), 'GATEWAY_REFUSED_REQUEST', 'fail'],
  ['422', answer(422), 'GATEWAY_REFUSED_REQUEST', 'fail'],
  ['any other 4xx', answer(418), 'GATEWAY_REFUSED_REQUEST', 'next'],

  ['400 context_length_exceeded', typed(400, 'context_length_exceeded'), 'CONTEXT_TOO_LONG', 'next'],
  ['400 context_length_exceeded, as OpenAI says it', coded(400, 'context_length_exceeded'), 'CONTEXT_TOO_LONG', 'next'],
  ['400 max_tokens_exceeded', typed(400, 'max_tokens_exceeded'), 'CONTEXT_TOO_LONG', 'next'],
  ['413 token_limit_exceeded', typed(413, 'token_limit_exceeded'), 'CONTEXT_TOO_LONG', 'next'],
  ['400 string_too_long', typed(400, 'string_too_long'), 'CONTEXT_TOO_LONG', 'next'],

  ['400 content_policy_violation', typed(400, 'content_policy_violation'), 'CONTENT_REFUSED', 'fail'],
  ['400 refusal', typed(400, 'refusal'), 'CONTENT_REFUSED', 'fail'],
  ['400 content_filter', coded(400, 'content_filter'), 'CONTENT_REFUSED', 'fail'],
  ['403 moderation', answer(403, { metadata: { reasons: ['violence'] } }), 'CONTENT_REFUSED', 'fail'],
  ['403 guardrail', answer(403, { metadata: { patterns: ['secret'] } }), 'CONTENT_REFUSED', 'fail'],
  ['446, a guardrail of Portkey', answer(446), 'CONTENT_REFUSED', 'fail'],

  ['no key', symptomOf('key-missing', 'No key.'), 'GATEWAY_KEY_MISSING', 'next-gateway'],
  ['401', answer(401), 'GATEWAY_KEY_REFUSED', 'next-gateway'],
  ['authentication inside a stream', inStream({ type: 'authentication' }), 'GATEWAY_KEY_REFUSED', 'next-gateway'],

  ['402 in flight', limited(402, 'openrouter_in_flight_budget', wait(1)), 'RATE_LIMITED', 'retry 10x, then next'],
  ['402 credits', limited(402, 'openrouter_credits'), 'GATEWAY_CREDIT_EXHAUSTED', 'next-gateway'],
  ['402 key limit', limited(402, 'openrouter_key_limit'), 'GATEWAY_CREDIT_EXHAUSTED', 'next-gateway'],
  ['402 without a word', answer(402), 'GATEWAY_CREDIT_EXHAUSTED', 'next-gateway'],
  ['412, a budget of Portkey', answer(412), 'GATEWAY_CREDIT_EXHAUSTED', 'next-gateway'],
  ['403 with limit_source', limited(403, 'openrouter_key_limit'), 'GATEWAY_CREDIT_EXHAUSTED', 'next-gateway'],
  ['payment_required in a stream', inStream({ type: 'payment_required' }), 'GATEWAY_CREDIT_EXHAUSTED', 'next-gateway'],

  ['404 availability', answer(404, { availability: { code: 'model_deprecated' } }), 'MODEL_NOT_FOUND', 'next'],
  [
    '404 that another try may mend',
    answer(404, { availability: { code: 'no_capacity', retryable: true } }),
    'GATEWAY_UNAVAILABLE',
    'retry 3x, then next',
  ],
  ['404 no_endpoints', coded(404, 'no_endpoints'), 'MODEL_NOT_FOUND', 'next'],
  ['404 without a word', answer(404), 'MODEL_NOT_FOUND', 'next'],
  ['410', answer(410), 'MODEL_NOT_FOUND', 'next'],
  ['model_deprecated, status only inside', inStream({ error_type: 'model_deprecated' }), 'MODEL_NOT_FOUND', 'next'],

  ['408', answer(408), 'GATEWAY_UNAVAILABLE', 'retry 1x, then next'],
  ['504', answer(504), 'GATEWAY_UNAVAILABLE', 'retry 1x, then next'],
  ['524', answer(524), 'GATEWAY_UNAVAILABLE', 'retry 1x, then next'],
  ['a timeout', readSymptom(new APIConnectionTimeoutError(), endpoint), 'GATEWAY_UNAVAILABLE', 'retry 1x, then next'],
  ['409', answer(409), 'GATEWAY_ERROR', 'retry 3x, then next'],

  ['429', answer(429), 'RATE_LIMITED', 'retry 5x (8x when last), then next'],
  ['429 with a wait of 60 s', answer(429, {}, wait(60)), 'RATE_LIMITED', 'retry 5x (8x when last), then next'],
  ['429 with a wait of 61 s', answer(429, {}, wait(61)), 'RATE_LIMITED', 'next'],
  ['429 per day', answer(429, { message: 'Over: free-models-per-day' }), 'RATE_LIMITED', 'next'],
  ['429 per day, in the limit', limited(429, 'free_per_day'), 'RATE_LIMITED', 'next'],
  [
    'rate_limit_exceeded in a stream',
    inStream({ code: 'rate_limit_exceeded' }),
    'RATE_LIMITED',
    'retry 5x (8x when last), then next',
  ],

  ['500 server', typed(500, 'server'), 'GATEWAY_ERROR', 'retry 2x, then next'],
  ['502', answer(502), 'GATEWAY_UNAVAILABLE', 'retry 2x (8x when last), then next'],
  ['503', answer(503), 'GATEWAY_UNAVAILABLE', 'retry 2x (8x when last), then next'],
  ['503 with a wait of 61 s', answer(503, {}, wait(61)), 'GATEWAY_UNAVAILABLE', 'next'],
  ['529', answer(529), 'GATEWAY_UNAVAILABLE', 'retry 2x (8x when last), then next'],
  ['502 as the code of a chunk', inStream({ code: 502 }), 'GATEWAY_UNAVAILABLE', 'retry 2x (8x when last), then next'],
  ['no connection', broken('ECONNREFUSED'), 'GATEWAY_UNAVAILABLE', 'retry 8x, then next-gateway'],

  ['a connection that breaks', broken('ECONNRESET'), 'GATEWAY_UNAVAILABLE', 'retry 8x, then next-gateway'],

  ['a stream that is cut', readSymptom(new TypeError('terminated'), endpoint), 'STREAM_CUT', 'retry 3x, then next'],
  ['a filtered answer without text', empty('content_filter'), 'CONTENT_REFUSED', 'next'],
  ['an answer without text at the token limit', empty('length'), 'STREAM_CUT', 'next'],
  ['a stream that stalls', symptomOf('stalled', 'Silent.'), 'STREAM_STALLED', 'retry 1x, then next'],
  [
    'no first token',
    symptomOf('no-first-token', 'Silent.'),
    'FIRST_TOKEN_TIMEOUT',
    'retry 0x (2x when last), then next',
  ],
  ['an error of which nothing is known', inStream({}), 'GATEWAY_ERROR', 'retry 2x, then next'],
];

function empty(type: string): Symptom {
  return { ...symptomOf('empty', 'Nothing was said.'), type };
}

function broken(code: string): Symptom {
  const cause = new Error('fetch failed', { cause: Object.assign(new Error('No.'), { code }) });
  return readSymptom(new APIConnectionError({ message: 'Connection error.', cause }), endpoint);
}

it.each(rows)('%s', (_, symptom, code, action) => {
  const failure = toGatewayFailure(symptom);
  expect(failure).toBeInstanceOf(GatewayFailure);
  expect({ code: failure.code, action: inWords(failure.remedy) }).toEqual({ code, action });
});

it('has no row that nothing reaches', () => {
  const reached = new Set(rows.map(([, symptom]) => TABLE.findIndex(({ when }) => when(symptom))));
  expect([...reached].sort((a, b) => a - b)).toEqual(TABLE.map((_, i) => i));
});

it.each<[string, Symptom, boolean]>([
  ['no connection', broken('ECONNREFUSED'), true],
  ['a name that is not known', broken('ENOTFOUND'), true],
  ['a connection that breaks', broken('ECONNRESET'), false],
  ['a socket that closes', broken('UND_ERR_SOCKET'), false],
  ['headers that do not come', broken('UND_ERR_HEADERS_TIMEOUT'), false],
  ['429', answer(429), true],
  ['503', answer(503), true],
  ['408', answer(408), false],
  ['504', answer(504), false],
  ['524', answer(524), false],
  ['a stream that is cut', symptomOf('cut', 'Cut.'), false],
])('%s: that nothing was used is %p', (_, symptom, isRefusal) => {
  expect(toGatewayFailure(symptom).isRefusal).toBe(isRefusal);
});

it('passes on how long the gateway asked us to wait, and its words', () => {
  const failure = toGatewayFailure(answer(429, { message: 'Slow down' }, wait(7)));
  expect(failure.waitMs).toBe(7000);
  expect(failure.message).toContain('Slow down');
});

it('waits no longer than its patience where another model could answer', () => {
  const after = (waitMs: number) => toGatewayFailure({ ...answer(503), waitMs }).remedy.action;
  expect([after(PATIENCE_MS), after(PATIENCE_MS + 1)]).toEqual(['retry', 'next']);
});

it('does not turn a failure that is final into another model because of a wait', () => {
  const { remedy } = toGatewayFailure(answer(400, { metadata: { error_type: 'invalid_request' } }, wait(600)));
  expect(remedy).toEqual({ action: 'fail' });
});
