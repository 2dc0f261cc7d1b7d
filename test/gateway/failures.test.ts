/** Row by row: an error of a gateway, our code, and the remedy. */
import { APIConnectionError, APIConnectionTimeoutError, APIError } from 'openai';
import {
  GatewayFailure,
  LONGEST_REQUESTED_WAIT_MS,
  TABLE,
  toGatewayFailure,
  type Remedy,
} from '../../src/gateway/failures';
import {
  describeErrorBody,
  describeThrownError,
  toErrorDescription,
  type ErrorDescription,
} from '../../src/gateway/error-description';
import { endpointAt } from '../support/endpoints';

const endpoint = endpointAt('http://gateway.test/v1');

/** Returns the description of what the client throws for a status with this `error` object and these headers. */
function answer(status: number, error: object = {}, headers: Record<string, string> = {}): ErrorDescription {
  return describeThrownError(APIError.generate(status, { error }, undefined, new Headers(headers)), endpoint);
}
const typed = (status: number, error_type: string) => answer(status, { code: status, metadata: { error_type } });
const coded = (status: number, code: string) => answer(status, { code });
const limited = (status: number, limit_source: string, headers = {}) =>
  answer(status, { metadata: { limit_source } }, headers);
const wait = (seconds: number) => ({ 'retry-after': String(seconds) });
const inStream = (error: object) => describeErrorBody(error, endpoint);

function inWords(remedy: Remedy): string {
  if (remedy.action !== 'retry') return remedy.action;
  const { tries, lastTries, then } = remedy;
  return `retry ${tries}x${lastTries === tries ? '' : ` (${lastTries}x when last)`}, then ${then}`;
}

type Row = [signal: string, symptom: ErrorDescription, code: string, action: string];

const rows: Row[] = [
  ['400 invalid_request', typed(400, 'invalid_request'), 'GATEWAY_REFUSED_REQUEST', 'fail'],
  ['400 invalid_prompt', typed(400, 'invalid_prompt'), 'GATEWAY_REFUSED_REQUEST', 'fail'],
  ['400 model_not_found', coded(400, 'model_not_found'), 'MODEL_NOT_FOUND', 'next'],
  ['400 without a type', answer(400), 'GATEWAY_REFUSED_REQUEST', 'next'],
  ['413', answer(413), 'GATEWAY_REFUSED_REQUEST', 'fail'],
  ['422', answer(422), 'GATEWAY_REFUSED_REQUEST', 'next'],
  [
    '422 of a validator',
    answer(422, { detail: [{ loc: ['body', 'x'], msg: 'No' }] }),
    'GATEWAY_REFUSED_REQUEST',
    'next',
  ],
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
  [
    '403 with reasons in words',
    answer(403, { message: 'Your input was flagged by moderation' }),
    'CONTENT_REFUSED',
    'fail',
  ],
  ['403 without a word', answer(403), 'GATEWAY_FORBIDDEN', 'next-gateway'],
  [
    '403 of a firewall',
    page(403, '<!DOCTYPE html><title>Attention Required! | Cloudflare</title>'),
    'GATEWAY_FORBIDDEN',
    'next-gateway',
  ],
  [
    '403 of a firewall that speaks of policies',
    page(403, '<html>Blocked: content policy</html>'),
    'GATEWAY_FORBIDDEN',
    'next-gateway',
  ],
  ['405 of a firewall', page(405, '<html>Request blocked</html>'), 'GATEWAY_FORBIDDEN', 'next-gateway'],
  ['403 for a country', coded(403, 'unsupported_country_region_territory'), 'GATEWAY_FORBIDDEN', 'next-gateway'],
  [
    '400 for a location',
    answer(400, { message: 'User location is not supported for the API use.' }),
    'GATEWAY_FORBIDDEN',
    'next-gateway',
  ],
  ['451', answer(451), 'GATEWAY_FORBIDDEN', 'next-gateway'],
  ['403 for a model', answer(403, { message: 'You do not have access to the model x' }), 'MODEL_NOT_FOUND', 'next'],
  ['446, a guardrail of Portkey', answer(446), 'CONTENT_REFUSED', 'fail'],

  ['no key', toErrorDescription('key-missing', 'No key.'), 'GATEWAY_KEY_MISSING', 'next-gateway'],
  ['401', answer(401), 'GATEWAY_KEY_REFUSED', 'next-gateway'],
  ['authentication inside a stream', inStream({ type: 'authentication' }), 'GATEWAY_KEY_REFUSED', 'next-gateway'],

  ['402 in flight', limited(402, 'openrouter_in_flight_budget', wait(1)), 'RATE_LIMITED', 'retry 10x, then next'],
  ['402 credits', limited(402, 'openrouter_credits'), 'GATEWAY_CREDIT_EXHAUSTED', 'next-gateway'],
  ['402 key limit', limited(402, 'openrouter_key_limit'), 'GATEWAY_CREDIT_EXHAUSTED', 'next-gateway'],
  ['402 without a word', answer(402), 'GATEWAY_CREDIT_EXHAUSTED', 'next-gateway'],
  ['412, a budget of Portkey', answer(412), 'GATEWAY_CREDIT_EXHAUSTED', 'next-gateway'],
  ['403 with limit_source', limited(403, 'openrouter_key_limit'), 'GATEWAY_CREDIT_EXHAUSTED', 'next-gateway'],
  ['payment_required in a stream', inStream({ type: 'payment_required' }), 'GATEWAY_CREDIT_EXHAUSTED', 'next-gateway'],

  [
    'a redirect',
    answer(302, {}, { location: 'https://x.test/' }),
    'GATEWAY_UNAVAILABLE',
    'retry 2x, then next-gateway',
  ],
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
  [
    'a timeout',
    describeThrownError(new APIConnectionTimeoutError(), endpoint),
    'GATEWAY_UNAVAILABLE',
    'retry 1x, then next',
  ],
  ['409', answer(409), 'GATEWAY_ERROR', 'retry 3x, then next'],

  ['429', answer(429), 'RATE_LIMITED', 'retry 5x (8x when last), then next'],
  ['429 with a wait of 60 s', answer(429, {}, wait(60)), 'RATE_LIMITED', 'retry 5x (8x when last), then next'],
  ['429 with a wait of 61 s', answer(429, {}, wait(61)), 'RATE_LIMITED', 'next'],
  ['429 per day', answer(429, { message: 'Over: free-models-per-day' }), 'RATE_LIMITED', 'next'],
  [
    '429 per day, over within the minute',
    answer(429, { message: 'tokens per day (TPD)' }, wait(20)),
    'RATE_LIMITED',
    'retry 5x (8x when last), then next',
  ],
  ['429 per day, with a long wait', answer(429, { message: 'per-day' }, wait(7200)), 'RATE_LIMITED', 'next'],
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

  [
    'a stream that is cut',
    describeThrownError(new TypeError('terminated'), endpoint),
    'STREAM_CUT',
    'retry 3x, then next',
  ],
  ['a filtered answer without text', empty('content_filter'), 'CONTENT_REFUSED', 'next'],
  ['an answer without text at the token limit', empty('length'), 'MAX_TOKENS_REACHED', 'enlarge'],
  ['an answer of tool calls', empty('tool_calls'), 'STREAM_CUT', 'next'],
  ['thoughts without an answer', empty('thoughts'), 'STREAM_CUT', 'retry 1x, then next'],
  ['a refusal in words', empty('refusal'), 'CONTENT_REFUSED', 'fail'],
  ['a stream that stalls', toErrorDescription('stalled', 'Silent.'), 'STREAM_STALLED', 'retry 1x, then next'],
  [
    'no first token',
    toErrorDescription('no-first-token', 'Silent.'),
    'FIRST_TOKEN_TIMEOUT',
    'retry 0x (2x when last), then next',
  ],
  ['an unknown error', inStream({}), 'GATEWAY_ERROR', 'retry 2x, then next'],
];

function page(status: number, html: string): ErrorDescription {
  return describeThrownError(APIError.generate(status, undefined, html, new Headers()), endpoint);
}

function empty(type: string): ErrorDescription {
  return { ...toErrorDescription('empty', 'Nothing was said.'), type };
}

function broken(code: string): ErrorDescription {
  const cause = new Error('fetch failed', { cause: Object.assign(new Error('No.'), { code }) });
  return describeThrownError(new APIConnectionError({ message: 'Connection error.', cause }), endpoint);
}

it.each(rows)('%s', (_, symptom, code, action) => {
  const failure = toGatewayFailure(symptom);
  expect(failure).toBeInstanceOf(GatewayFailure);
  expect({ code: failure.code, action: inWords(failure.remedy) }).toEqual({ code, action });
});

describe('the text about a wait', () => {
  const minutes = (count: number) => new Date(Date.now() + count * 60_000).toISOString().slice(0, 15);

  it('says when a daily quota resets', () => {
    const headers = { 'X-RateLimit-Remaining': '0', 'X-RateLimit-Reset': String(Date.now() + 120 * 60_000) };
    const { message } = toGatewayFailure(answer(429, { message: 'free-models-per-day', metadata: { headers } }));
    expect(message).toContain(`The daily quota resets at ${minutes(120)}`);
  });

  it('says that the reset time of a daily quota is unknown', () => {
    const { message } = toGatewayFailure(answer(429, { message: 'free-models-per-day' }));
    expect(message).toContain('does not say when the daily quota resets');
  });

  it('says how long any other wait is that is too long', () => {
    expect(toGatewayFailure(answer(429, {}, wait(7200))).message).toContain(`asks to wait until ${minutes(120)}`);
    expect(toGatewayFailure(answer(429, {}, wait(20))).message).not.toContain('wait until');
  });
});

it('has no unreachable row', () => {
  const reached = new Set(rows.map(([, symptom]) => TABLE.findIndex(({ when }) => when(symptom))));
  expect([...reached].sort((a, b) => a - b)).toEqual(TABLE.map((_, i) => i));
});

it.each<[string, ErrorDescription, boolean]>([
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
  ['a stream that is cut', toErrorDescription('cut', 'Cut.'), false],
])('%s: unused is %p', (_, symptom, isRefusal) => {
  expect(toGatewayFailure(symptom).isRefusal).toBe(isRefusal);
});

it('passes on how long the gateway asked us to wait, and its message', () => {
  const failure = toGatewayFailure(answer(429, { message: 'Slow down' }, wait(7)));
  expect(failure.waitMs).toBe(7000);
  expect(failure.message).toContain('Slow down');
});

it('waits no longer than its patience if another model could answer', () => {
  const after = (waitMs: number) => toGatewayFailure({ ...answer(503), waitMs }).remedy.action;
  expect([after(LONGEST_REQUESTED_WAIT_MS), after(LONGEST_REQUESTED_WAIT_MS + 1)]).toEqual(['retry', 'next']);
});

it('does not turn a final failure into another model because of a wait', () => {
  const { remedy } = toGatewayFailure(answer(400, { metadata: { error_type: 'invalid_request' } }, wait(600)));
  expect(remedy).toEqual({ action: 'fail' });
});

/** How other gateways report that a context is too small; each with status 400 unless another is given. */
it.each<[string, number, string]>([
  [
    'vLLM',
    400,
    "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens (3000 in the messages, 2000 in the completion). Please reduce the length of the messages or completion.",
  ],
  [
    'vLLM, of the limit',
    400,
    "'max_tokens' or 'max_completion_tokens' is too large: 2000. This model's maximum context length is 4096 tokens and your request has 3500 input tokens (2000 > 4096 - 3500).",
  ],
  [
    'vLLM, of the decoder',
    400,
    'The decoder prompt (length 5000) is longer than the maximum model length of 4096. Make sure that `max_model_len` is no smaller than the number of text tokens.',
  ],
  ['SGLang', 400, "The input (5000 tokens) is longer than the model's context length (4096 tokens)."],
  ['llama.cpp', 400, 'the request exceeds the available context size, try increasing it'],
  [
    'TGI',
    422,
    'Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000 `inputs` tokens and 20 `max_new_tokens`',
  ],
  ['Anthropic', 400, 'prompt is too long: 210000 tokens > 200000 maximum'],
  [
    'Anthropic, with the answer',
    400,
    'input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000, decrease input length or `max_tokens` and try again',
  ],
  ['Bedrock', 400, 'Input is too long for requested model.'],
  ['Gemini', 400, 'The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).'],
  ['Cohere', 400, 'too many tokens: total number of tokens in the prompt cannot exceed 4081 - received 5000.'],
  [
    'Mistral',
    400,
    'Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length',
  ],
  ['xAI', 400, "This model's maximum prompt length is 131072 but the request contains 537812 tokens."],
  ['Alibaba', 400, 'Range of input length should be [1, 30720]'],
  ['Ollama', 500, 'prompt too long; exceeded max context length by 2 tokens'],
  ['GitHub', 413, 'Request body too large for gpt-4o model. Max size: 8000 tokens.'],
])('%s reports that a context is too small', (_, status, message) => {
  const text = [answer(status, { message, type: 'BadRequestError', code: status }), inStream({ message })];
  expect(text.map((symptom) => toGatewayFailure(symptom).code)).toEqual(['CONTEXT_TOO_LONG', 'CONTEXT_TOO_LONG']);
});

it.each([
  [400, 'max_tokens is too large: 100000. This model supports at most 16384 completion tokens.'],
  [400, 'temperature must be at most 1'],
  [400, 'The messages must alternate between user and assistant.'],
])('%d "%s" is not about the context', (status, message) => {
  expect(toGatewayFailure(answer(status, { message })).code).toBe('GATEWAY_REFUSED_REQUEST');
});
