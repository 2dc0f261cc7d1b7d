/** Converts an error thrown by the `openai` client or found in a stream to one flat description that the failure table can match. */
import { APIConnectionError, APIConnectionTimeoutError, APIError } from 'openai';
import { z } from 'zod';
import { addressOfPath, showAddress } from './address';
import { readComplaint } from './complaint';
import { isUnknownAuthority, isUnsent, rootCause, wordFor } from './connection';
import type { Endpoint } from './adapters/endpoint';
import { findQuotas, findRetryDelay, findSentence, unwrapError } from './error-text';
import { quote, withoutKeys } from './quote';
import type { HeaderFields } from './rate-limit-headers';
import { readRequestedWait } from './requested-wait';
import { isPage, typeInWords } from './wording';

export interface ErrorDescription {
  kind:
    | 'status'
    | 'no-connection'
    | 'lost-connection'
    | 'timeout'
    | 'no-first-token'
    | 'stalled'
    | 'cut'
    | 'empty'
    | 'key-missing';
  /** HTTP status, or the numeric code of an error inside a stream. */
  status: number | undefined;
  /** The gateway's own name for the error (`error_type`, or a textual `code`); empty if it gave none. */
  type: string;
  limitSource: string | undefined;
  inFlightBudget: boolean;
  /** The gateway itself says that a retry may help. */
  retryable: boolean;
  /** A daily quota is used up. */
  perDay: boolean;
  /** The gateway says which part of the content it refuses. */
  hasReasons: boolean;
  /** The response was an HTML page. */
  isPage: boolean;
  waitMs: number | undefined;
  /** One sentence for people, in the gateway's words. */
  message: string;
}

const NONE = {
  status: undefined,
  type: '',
  limitSource: undefined,
  inFlightBudget: false,
  retryable: false,
  perDay: false,
  hasReasons: false,
  isPage: false,
  waitMs: undefined,
};

/** The budget for calls in flight is free again when they end. Intermediate gateways pass on OpenRouter's name for it. */
const IN_FLIGHT_BUDGET = 'openrouter_in_flight_budget';

/** Maximum number of reasons read from a list. */
const MOST_REASONS = 20;
const takeFirst = (list: unknown) => (Array.isArray(list) ? list.slice(0, MOST_REASONS) : list);

const text = z.string().optional().catch(undefined);
const number = z
  .union([z.number(), z.string().regex(/^\d/).pipe(z.coerce.number())])
  .optional()
  .catch(undefined);

/** Error bodies observed in practice. Each field may be missing; all others are ignored. */
const errorObject = z.looseObject({
  code: z.union([z.number(), z.string()]).nullish().catch(undefined),
  type: text,
  error_type: text,
  http_status: number,
  message: text,
  'html-message': text,
  status: text,
  /** Set by us: a web page was received instead of an answer. */
  page: z.boolean().optional().catch(undefined),
  availability: z
    .looseObject({ code: text, retryable: z.boolean().optional().catch(undefined), retry_after: number })
    .optional()
    .catch(undefined),
  metadata: z
    .looseObject({
      error_type: text,
      raw: z.unknown().optional(),
      reasons: z.preprocess(takeFirst, z.array(z.string()).optional()).catch(undefined),
      patterns: z.array(z.unknown()).optional().catch(undefined),
      limit_source: text,
      headers: z.record(z.string(), z.coerce.string()).optional().catch(undefined),
    })
    .optional()
    .catch(undefined),
});
/** Some servers send only a sentence. */
const errorBody = z.union([errorObject, z.string().transform((message): ErrorBody => ({ message }))]);
type ErrorBody = z.infer<typeof errorObject>;

/** Describes a failure that we detected ourselves. */
export function toErrorDescription(kind: ErrorDescription['kind'], message: string): ErrorDescription {
  return { ...NONE, kind, message };
}

/** Describes any error that the client threw. */
export function describeThrownError(error: unknown, endpoint: Endpoint, now = Date.now()): ErrorDescription {
  const description = readThrown(error, endpoint, now);
  // even the client may quote a key: its error for an invalid header contains the value
  return { ...description, message: withoutKeys(description.message, endpoint) };
}

function readThrown(error: unknown, endpoint: Endpoint, now: number): ErrorDescription {
  if (error instanceof APIConnectionTimeoutError)
    return toErrorDescription('timeout', `${endpoint.label} did not answer in time.`);
  if (error instanceof APIConnectionError) {
    const cause = rootCause(error);
    return toErrorDescription(
      isUnsent(cause) ? 'no-connection' : 'lost-connection',
      describeUnreachable(endpoint, cause),
    );
  }
  if (error instanceof APIError) return readApiError(error, endpoint, now);
  return toErrorDescription('cut', `The stream from ${endpoint.label} broke off (${wordFor(rootCause(error))}).`);
}

/** Returns one sentence with the gateway's address, the proxy if any, and why it could not be reached. */
export function describeUnreachable({ label, baseUrl, network }: Endpoint, cause: unknown): string {
  const word = wordFor(cause);
  const way = network.proxy ? ` through the proxy ${network.proxy.address}` : '';
  const advice = isUnknownAuthority(word) ? ' Set GATEWAY_TLS_CA to the certificate of its authority.' : '';
  return `${label} cannot be reached at ${showAddress(baseUrl)}${way} (${word}).${advice}`;
}

/** Describes an `error` object that arrived with status 200. */
export function describeErrorBody(error: unknown, endpoint: Endpoint, now = Date.now()): ErrorDescription {
  return describe(error, undefined, undefined, endpoint, now);
}

function readApiError(error: APIError, endpoint: Endpoint, now: number): ErrorDescription {
  return describe(error.error ?? readMessage(error), error.status, error.headers, endpoint, now);
}

/** The client puts the status before a body that is not JSON, and its own text if there is no body. */
function readMessage({ message, status }: APIError): string {
  const text = message.startsWith(`${status} `) ? message.slice(`${status} `.length) : message;
  return text === 'status code (no body)' ? '' : text;
}

function describe(
  answer: unknown,
  status: number | undefined,
  headers: Headers | undefined,
  endpoint: Endpoint,
  now: number,
): ErrorDescription {
  const body = errorBody.safeParse(unwrapError(answer)).data ?? {};
  const found = status ?? readStatus(body);
  const reason = writeSentence(answer, body, endpoint);
  const complaint = readComplaint(answer);
  const limitSource = body.metadata?.limit_source;
  const description: ErrorDescription = {
    kind: 'status',
    status: found,
    type: typeInWords(found, complaint.words) ?? readType(body),
    hasReasons: hasReasons(body),
    isPage: isPage(readPage(body)),
    limitSource,
    inFlightBudget: limitSource === IN_FLIGHT_BUDGET,
    retryable: body.availability?.retryable === true,
    perDay: PER_DAY.test(`${reason} ${limitSource ?? ''} ${findQuotas(answer)}`),
    waitMs: readRequestedWait(collectHeaders(headers, body), now, {
      inBody: findRetryDelay(answer),
      isRateLimited: found === 429,
    }),
    message: `${endpoint.label} answered ${found ?? 'with an error'}${reason ? `: ${reason}` : ''}`
      .replace(/\.?$/, '.')
      .concat(describePlace(endpoint, { status: found, headers, isPage: body.page === true })),
  };
  return endpoint.refineError(description, answer);
}

/** A daily quota, in the wording of gateways: `free-models-per-day`, "requests per day (RPD)", `GenerateRequestsPerDay...`. */
const PER_DAY = /per[-_ ]?day|daily|\b[rt]pd\b/i;

function readPage({ message, 'html-message': html }: ErrorBody): string {
  return message ?? html ?? '';
}

function hasReasons({ metadata = {} }: ErrorBody): boolean {
  return [metadata.reasons, metadata.patterns].some((list) => Array.isArray(list) && list.length > 0);
}

/** An error inside a stream has no status; its code may serve as one. */
function readStatus({ code, http_status }: ErrorBody): number | undefined {
  if (typeof code === 'number') return code;
  if (/^[45]\d\d$/.test(code ?? '')) return Number(code);
  return http_status ?? (code === 'server_error' ? 502 : undefined);
}

function readType({ code, type, error_type, metadata, availability }: ErrorBody): string {
  const textualCode = typeof code === 'string' ? code : undefined;
  return metadata?.error_type ?? error_type ?? availability?.code ?? textualCode ?? type ?? '';
}

const MISPLACED: readonly (number | undefined)[] = [404, 405];

/** Returns the called address if it may be the cause of the error. */
function describePlace(
  endpoint: Endpoint,
  { status = 0, headers, isPage }: { status: number | undefined; headers: Headers | undefined; isPage: boolean },
): string {
  const called = addressOfPath(endpoint, '/chat/completions');
  const location = status >= 300 && status < 400 ? headers?.get('location') : undefined;
  if (location) return ` ${describeRedirect(endpoint, called, location)}`;
  if (!isPage && !MISPLACED.includes(status)) return '';
  return ` It was called at ${showAddress(called)} (${endpoint.urlVariable}).`;
}

/** Describes a redirect that is not followed, because it leads to another origin or would drop the request. */
export function describeRedirect({ urlVariable }: Endpoint, from: string, location: string): string {
  const to = URL.canParse(location, from) ? showAddress(new URL(location, from).href) : 'nowhere';
  return `It redirects from ${showAddress(from)} to ${to}, where no key is sent: set ${urlVariable} to the address itself.`;
}

/** Returns the answer's own headers, and the upstream headers that a gateway quotes. */
function collectHeaders(headers: Headers | undefined, { metadata = {} }: ErrorBody): HeaderFields {
  const quoted = Object.entries(metadata.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value] as const);
  return new Map([...quoted, ...(headers?.entries() ?? [])]);
}

function writeSentence(answer: unknown, body: ErrorBody, endpoint: Endpoint): string {
  const { raw, reasons } = body.metadata ?? {};
  const sentence = quote(findSentence(unwrapError(answer)) || findSentence(answer), endpoint);
  const behind = quote(findSentence(raw), endpoint);
  // the vendor's own message, which the gateway in between replaces with "Provider returned error"
  const isNew = behind !== '' && !sentence.includes(behind);
  return (
    [sentence, isNew ? behind : ''].filter(Boolean).join(': ') +
    quote(reasons ? ` (${reasons.join(', ')})` : '', endpoint)
  );
}
