/**
 * Failures at a gateway and their remedies: one table, matched from top to bottom; the first match wins.
 * docs/operate/gateway-network.md describes how waits are read.
 */
import type { FailureCode } from '../contract/failures';
import type { ErrorDescription } from './error-description';

/**
 * `retry`: retry the same model after a wait, up to `tries` times, then go to the next one; `lastTries` applies if there is no next one.
 * `rest`: use another model, or if there is none, retry the same after a wait, up to `tries` times. The model was not called, because other
 * calls found it unavailable.
 * `probe`: like `rest`, but the wait does not count: another call tests whether the model has recovered.
 * `wait`: call the same model when our own limit allows it; does not count as a try. `budget-model`: use the cheaper model for runs that
 * are out of budget.
 * `enlarge`: retry the same model at once with a larger token limit, once per model; then go to the next one.
 * `next`: the next model of the alias. `next-gateway`: the next model at another gateway. `fail`: no other model would do better.
 */
export type Remedy =
  | { action: 'retry'; tries: number; lastTries: number; baseMs: number; then: 'next' | 'next-gateway' }
  | { action: 'rest'; tries: number }
  | { action: 'probe' | 'wait' | 'budget-model' | 'enlarge' | 'next' | 'next-gateway' | 'fail' };

interface Row {
  code: FailureCode;
  when(error: ErrorDescription): boolean;
  remedy: Remedy;
}

/** A turn does not wait longer than this while another model could answer. */
export const LONGEST_REQUESTED_WAIT_MS = 60_000;

const retryFrom =
  (baseMs: number) =>
  (tries: number, lastTries = tries): Remedy => ({ action: 'retry', tries, lastTries, baseMs, then: 'next' });
const retryFrom200Ms = retryFrom(200);
const retryFrom1S = retryFrom(1000);
/** A restarting gateway is back within the minute that these tries take. */
const untilBack: Remedy = { action: 'retry', tries: 8, lastTries: 8, baseMs: 200, then: 'next-gateway' };

const REFUSALS = [
  ...['content_policy_violation', 'refusal', 'content_filter', 'moderation', 'data_inspection_failed'],
  ...['DataInspectionFailed', 'ResponsibleAIPolicyViolation', 'moderation_blocked', 'content_policy'],
];
const TOO_LONG = ['context_length_exceeded', 'max_tokens_exceeded', 'token_limit_exceeded', 'string_too_long'];
const KEY_REFUSED = ['authentication', 'permission_denied'];
const NO_CREDIT = ['payment_required', 'insufficient_quota'];
const UNKNOWN_MODEL = ['model_not_found', 'model_deprecated', 'no_endpoints', 'not_found', 'model_refused'];
const COUNTRY_REFUSED = ['unsupported_country_region_territory', 'country_refused'];
/** Statuses with which a firewall or a law blocks everybody here from the gateway; the second list applies only to HTML pages. */
const FORBIDDEN: readonly ErrorDescription['status'][] = [403, 451];
const FORBIDDEN_BY_PAGE: readonly ErrorDescription['status'][] = [400, 405, 406, 418];
const BAD_REQUEST = ['invalid_request', 'invalid_prompt'];
const NO_CONNECTION: readonly ErrorDescription['kind'][] = ['no-connection', 'lost-connection'];
/** Statuses of intermediaries that timed out: the model behind them may have worked and may be charged for. */
const GAVE_UP_WAITING: readonly ErrorDescription['status'][] = [408, 504, 524];

export const TABLE: readonly Row[] = [
  { code: 'GATEWAY_KEY_MISSING', when: ({ kind }) => kind === 'key-missing', remedy: { action: 'next-gateway' } },
  { code: 'STREAM_STALLED', when: ({ kind }) => kind === 'stalled', remedy: retryFrom200Ms(1) },
  { code: 'FIRST_TOKEN_TIMEOUT', when: ({ kind }) => kind === 'no-first-token', remedy: retryFrom200Ms(0, 2) },
  // repeating the question would produce, and cost, the same
  {
    code: 'CONTENT_REFUSED',
    when: ({ kind, type }) => kind === 'empty' && type === 'content_filter',
    remedy: { action: 'next' },
  },
  // another model would be asked for the content that was refused
  {
    code: 'CONTENT_REFUSED',
    when: ({ kind, type }) => kind === 'empty' && type === 'refusal',
    remedy: { action: 'fail' },
  },
  {
    code: 'MAX_TOKENS_REACHED',
    when: ({ kind, type }) => kind === 'empty' && type === 'length',
    remedy: { action: 'enlarge' },
  },
  // thinking without an answer: retry once, since it may have been chance
  { code: 'STREAM_CUT', when: ({ kind, type }) => kind === 'empty' && type === 'thoughts', remedy: retryFrom200Ms(1) },
  { code: 'STREAM_CUT', when: ({ kind }) => kind === 'empty', remedy: { action: 'next' } },
  {
    code: 'GATEWAY_KEY_REFUSED',
    when: ({ status, type }) => status === 401 || KEY_REFUSED.includes(type),
    remedy: { action: 'next-gateway' },
  },
  {
    code: 'RATE_LIMITED',
    when: ({ status, inFlightBudget }) => status === 402 && inFlightBudget,
    remedy: retryFrom1S(10),
  },
  {
    code: 'GATEWAY_CREDIT_EXHAUSTED',
    when: ({ status, limitSource, type }) =>
      status === 402 || status === 412 || (status === 403 && limitSource !== undefined) || NO_CREDIT.includes(type),
    remedy: { action: 'next-gateway' },
  },
  { code: 'CONTEXT_TOO_LONG', when: ({ type }) => TOO_LONG.includes(type), remedy: { action: 'next' } },
  { code: 'GATEWAY_UNAVAILABLE', when: ({ retryable }) => retryable, remedy: retryFrom200Ms(3) },
  // a maintenance or login page, or a base URL that has moved: it redirects to a place that must not receive our key
  {
    code: 'GATEWAY_UNAVAILABLE',
    when: ({ status = 0 }) => status >= 300 && status < 400,
    remedy: { action: 'retry', tries: 2, lastTries: 2, baseMs: 1000, then: 'next-gateway' },
  },
  {
    code: 'MODEL_NOT_FOUND',
    when: ({ status, type }) => status === 404 || status === 410 || UNKNOWN_MODEL.includes(type),
    remedy: { action: 'next' },
  },
  {
    code: 'CONTENT_REFUSED',
    when: ({ status, type, hasReasons }) => (status === 403 && hasReasons) || status === 446 || REFUSALS.includes(type),
    remedy: { action: 'fail' },
  },
  {
    code: 'GATEWAY_FORBIDDEN',
    when: ({ status, type, isPage }) =>
      FORBIDDEN.includes(status) || COUNTRY_REFUSED.includes(type) || (isPage && FORBIDDEN_BY_PAGE.includes(status)),
    remedy: { action: 'next-gateway' },
  },
  // a validator's message about the fields that this model's server accepts
  { code: 'GATEWAY_REFUSED_REQUEST', when: ({ status }) => status === 422, remedy: { action: 'next' } },
  {
    code: 'GATEWAY_REFUSED_REQUEST',
    when: ({ status, type }) => status === 413 || BAD_REQUEST.includes(type),
    remedy: { action: 'fail' },
  },
  {
    code: 'RATE_LIMITED',
    when: ({ status, perDay, waitMs }) => status === 429 && perDay && (waitMs ?? Infinity) > LONGEST_REQUESTED_WAIT_MS,
    remedy: { action: 'next' },
  },
  {
    code: 'RATE_LIMITED',
    when: ({ status, type }) => status === 429 || type === 'rate_limit_exceeded',
    // if the gateway names no wait, the last tries must outlast a quota per minute
    remedy: retryFrom1S(5, 8),
  },
  {
    code: 'GATEWAY_UNAVAILABLE',
    when: ({ status, kind }) => GAVE_UP_WAITING.includes(status) || kind === 'timeout',
    remedy: retryFrom200Ms(1),
  },
  { code: 'GATEWAY_ERROR', when: ({ status }) => status === 409, remedy: retryFrom200Ms(3) },
  { code: 'GATEWAY_ERROR', when: ({ status }) => status === 500, remedy: retryFrom200Ms(2) },
  { code: 'GATEWAY_UNAVAILABLE', when: ({ kind }) => NO_CONNECTION.includes(kind), remedy: untilBack },
  { code: 'GATEWAY_UNAVAILABLE', when: ({ status }) => (status ?? 0) > 500, remedy: retryFrom200Ms(2, 8) },
  { code: 'STREAM_CUT', when: ({ kind }) => kind === 'cut', remedy: retryFrom200Ms(3) },
  {
    code: 'GATEWAY_REFUSED_REQUEST',
    when: ({ status }) => (status ?? 0) >= 400 && (status ?? 0) < 500,
    remedy: { action: 'next' },
  },
  { code: 'GATEWAY_ERROR', when: () => true, remedy: retryFrom200Ms(2) },
];

/** Calls that ended like this used nothing: the gateway rejected them, or was unreachable. */
const UNUSED: readonly ErrorDescription['kind'][] = ['status', 'no-connection', 'key-missing'];

function isUnused({ kind, status }: ErrorDescription): boolean {
  return UNUSED.includes(kind) && !GAVE_UP_WAITING.includes(status);
}

/** A failed call, described in our terms. */
export class GatewayFailure extends Error {
  constructor(
    readonly code: FailureCode,
    message: string,
    readonly remedy: Remedy,
    /** How long the gateway asked us to wait, milliseconds. */
    readonly waitMs: number | undefined,
    /** Whether the gateway rejected the call before it started, so that nothing can have been used. */
    readonly isRefusal = false,
  ) {
    super(message);
    this.name = 'GatewayFailure';
  }
}

/** Converts an error to a failure using the matching row of the table. */
export function toGatewayFailure(error: ErrorDescription): GatewayFailure {
  const { waitMs } = error;
  const message = describeWait(error);
  const isRefusal = isUnused(error);
  const { code, remedy } = TABLE.find(({ when }) => when(error)) ?? TABLE[TABLE.length - 1]!;
  if (remedy.action !== 'retry' || (waitMs ?? 0) <= LONGEST_REQUESTED_WAIT_MS)
    return new GatewayFailure(code, message, remedy, waitMs, isRefusal);
  return new GatewayFailure(code, message, { action: 'next' }, waitMs, isRefusal);
}

/** Returns the message; if the wait is too long to sit out, adds when it ends. */
function describeWait({ message, waitMs, perDay, status }: ErrorDescription): string {
  if (waitMs === undefined && perDay && status === 429)
    return `${message} The gateway does not say when the daily quota resets.`;
  if (waitMs === undefined || waitMs <= LONGEST_REQUESTED_WAIT_MS) return message;
  const until = new Date(Date.now() + waitMs).toISOString();
  return `${message} ${perDay ? `The daily quota resets at ${until}.` : `It asks to wait until ${until}.`}`;
}
