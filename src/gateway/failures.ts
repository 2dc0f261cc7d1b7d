/**
 * What goes wrong at a gateway, and what is done about it: one table, read from the top, first match wins.
 * Its rows follow the gateways' own documentation; ARCHITECTURE.md says which.
 */
import type { FailureCode } from '../contract/failures';
import type { Symptom } from './symptom';

/**
 * `retry`: the same model again after a wait, so many times, then the next one; `lastTries` holds when there is no next one.
 * `rest`: another model, or without one the same after a wait, so many times: it was not asked, because others found it ill.
 * `probe`: like `rest`, but the wait uses up nothing: another call finds out whether the model is well again.
 * `wait`: the same model when our own limit allows it, which uses up no try. `economy`: the cheaper model for runs without money.
 * `next`: the next model of the alias. `next-gateway`: the next model behind another gateway. `fail`: no other would do better.
 */
export type Remedy =
  | { action: 'retry'; tries: number; lastTries: number; baseMs: number; then: 'next' | 'next-gateway' }
  | { action: 'rest'; tries: number }
  | { action: 'probe' | 'wait' | 'economy' | 'next' | 'next-gateway' | 'fail' };

interface Row {
  code: FailureCode;
  when(symptom: Symptom): boolean;
  remedy: Remedy;
}

/** A wait longer than this is not sat out while another model could answer. */
export const PATIENCE_MS = 60_000;

const soon = (tries: number, lastTries = tries): Remedy => ({
  action: 'retry',
  tries,
  lastTries,
  baseMs: 200,
  then: 'next',
});
const later = (tries: number, lastTries = tries): Remedy => ({
  action: 'retry',
  tries,
  lastTries,
  baseMs: 1000,
  then: 'next',
});
/** A gateway that restarts is back within the minute that these tries take. */
const untilBack: Remedy = { action: 'retry', tries: 8, lastTries: 8, baseMs: 200, then: 'next-gateway' };

const REFUSALS = ['content_policy_violation', 'refusal', 'content_filter', 'moderation'];
const TOO_LONG = ['context_length_exceeded', 'max_tokens_exceeded', 'token_limit_exceeded', 'string_too_long'];
const KEY_REFUSED = ['authentication', 'permission_denied'];
const NO_CREDIT = ['payment_required', 'insufficient_quota'];
const UNKNOWN_MODEL = ['model_not_found', 'model_deprecated', 'no_endpoints', 'not_found'];
const BAD_REQUEST = ['invalid_request', 'invalid_prompt'];
const NO_CONNECTION: readonly Symptom['kind'][] = ['no-connection', 'lost-connection'];
/** Statuses of those in between: the model behind them may have worked, and been paid. */
const GAVE_UP_WAITING: readonly Symptom['status'][] = [408, 504, 524];

export const TABLE: readonly Row[] = [
  { code: 'GATEWAY_KEY_MISSING', when: ({ kind }) => kind === 'key-missing', remedy: { action: 'next-gateway' } },
  { code: 'STREAM_STALLED', when: ({ kind }) => kind === 'stalled', remedy: soon(1) },
  { code: 'FIRST_TOKEN_TIMEOUT', when: ({ kind }) => kind === 'no-first-token', remedy: soon(0, 2) },
  // the same question would be answered, and paid, in the same way
  {
    code: 'CONTENT_REFUSED',
    when: ({ kind, type }) => kind === 'empty' && type === 'content_filter',
    remedy: { action: 'next' },
  },
  { code: 'STREAM_CUT', when: ({ kind }) => kind === 'empty', remedy: { action: 'next' } },
  {
    code: 'GATEWAY_KEY_REFUSED',
    when: ({ status, type }) => status === 401 || KEY_REFUSED.includes(type),
    remedy: { action: 'next-gateway' },
  },
  { code: 'RATE_LIMITED', when: ({ status, inFlightBudget }) => status === 402 && inFlightBudget, remedy: later(10) },
  {
    code: 'GATEWAY_CREDIT_EXHAUSTED',
    when: ({ status, limitSource, type }) =>
      status === 402 || status === 412 || (status === 403 && limitSource !== undefined) || NO_CREDIT.includes(type),
    remedy: { action: 'next-gateway' },
  },
  { code: 'CONTEXT_TOO_LONG', when: ({ type }) => TOO_LONG.includes(type), remedy: { action: 'next' } },
  { code: 'GATEWAY_UNAVAILABLE', when: ({ retryable }) => retryable, remedy: soon(3) },
  {
    code: 'MODEL_NOT_FOUND',
    when: ({ status, type }) => status === 404 || status === 410 || UNKNOWN_MODEL.includes(type),
    remedy: { action: 'next' },
  },
  {
    code: 'CONTENT_REFUSED',
    when: ({ status, type }) => status === 403 || status === 446 || REFUSALS.includes(type),
    remedy: { action: 'fail' },
  },
  {
    code: 'GATEWAY_REFUSED_REQUEST',
    when: ({ status, type }) => status === 413 || status === 422 || BAD_REQUEST.includes(type),
    remedy: { action: 'fail' },
  },
  { code: 'RATE_LIMITED', when: ({ status, perDay }) => status === 429 && perDay, remedy: { action: 'next' } },
  {
    code: 'RATE_LIMITED',
    when: ({ status, type }) => status === 429 || type === 'rate_limit_exceeded',
    // without a word of the gateway the last tries must outlast a quota of a minute
    remedy: later(5, 8),
  },
  {
    code: 'GATEWAY_UNAVAILABLE',
    when: ({ status, kind }) => GAVE_UP_WAITING.includes(status) || kind === 'timeout',
    remedy: soon(1),
  },
  { code: 'GATEWAY_ERROR', when: ({ status }) => status === 409, remedy: soon(3) },
  { code: 'GATEWAY_ERROR', when: ({ status }) => status === 500, remedy: soon(2) },
  { code: 'GATEWAY_UNAVAILABLE', when: ({ kind }) => NO_CONNECTION.includes(kind), remedy: untilBack },
  { code: 'GATEWAY_UNAVAILABLE', when: ({ status }) => (status ?? 0) > 500, remedy: soon(2, 8) },
  { code: 'STREAM_CUT', when: ({ kind }) => kind === 'cut', remedy: soon(3) },
  {
    code: 'GATEWAY_REFUSED_REQUEST',
    when: ({ status }) => (status ?? 0) >= 400 && (status ?? 0) < 500,
    remedy: { action: 'next' },
  },
  { code: 'GATEWAY_ERROR', when: () => true, remedy: soon(2) },
];

/** A call that ended like this has used nothing: the gateway said no, or was not there. */
const UNUSED: readonly Symptom['kind'][] = ['status', 'no-connection', 'key-missing'];

function isUnused({ kind, status }: Symptom): boolean {
  return UNUSED.includes(kind) && !GAVE_UP_WAITING.includes(status);
}

/** A call that did not end well, in our words. */
export class GatewayFailure extends Error {
  constructor(
    readonly code: FailureCode,
    message: string,
    readonly remedy: Remedy,
    /** How long the gateway asked us to wait, milliseconds. */
    readonly waitMs: number | undefined,
    /** Whether the gateway said no before it began, so that nothing can have been used. */
    readonly isRefusal = false,
  ) {
    super(message);
    this.name = 'GatewayFailure';
  }
}

/** Finds the row for a symptom. */
export function toGatewayFailure(symptom: Symptom): GatewayFailure {
  const { message, waitMs } = symptom;
  const isRefusal = isUnused(symptom);
  const { code, remedy } = TABLE.find(({ when }) => when(symptom)) ?? TABLE[TABLE.length - 1]!;
  if (remedy.action !== 'retry' || (waitMs ?? 0) <= PATIENCE_MS)
    return new GatewayFailure(code, message, remedy, waitMs, isRefusal);
  const again = new Date(Date.now() + (waitMs ?? 0)).toISOString();
  return new GatewayFailure(code, `${message} It asks to wait until ${again}.`, { action: 'next' }, waitMs, isRefusal);
}
