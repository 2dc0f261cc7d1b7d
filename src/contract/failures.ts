/**
 * The closed set of failure codes. The same code stands in an HTTP error body, in a WebSocket error frame,
 * in the `run.failed` event and in the Temporal failure's type.
 */
export const FAILURE_CODES = [
  // the caller's request
  'INVALID_JSON',
  'INVALID_FIELD',
  'INVALID_CURSOR',
  'UNKNOWN_SWARM',
  'UNKNOWN_RUN',
  'UNKNOWN_SESSION',
  'NOT_FOUND',
  'METHOD_NOT_ALLOWED',
  'BODY_TOO_LARGE',
  'UNAUTHORIZED',
  'IDEMPOTENCY_CONFLICT',
  'GATE_CLOSED',
  'RUN_ENDED',
  'RUN_NOT_ENDED',
  // the gateway
  'GATEWAY_KEY_MISSING',
  'GATEWAY_KEY_REFUSED',
  'GATEWAY_CREDIT_EXHAUSTED',
  'GATEWAY_UNAVAILABLE',
  'GATEWAY_ERROR',
  'GATEWAY_REFUSED_REQUEST',
  'CONTENT_REFUSED',
  'CONTEXT_TOO_LONG',
  'MODEL_NOT_FOUND',
  'RATE_LIMITED',
  'FIRST_TOKEN_TIMEOUT',
  'STREAM_STALLED',
  'STREAM_CUT',
  // the run
  'BUDGET_EXHAUSTED',
  'CANCELLED',
  'FENCED',
  'TEXT_LOST',
  'WORKER_LOST',
  'TERMINATED',
  'SESSION_BUSY',
  'ALL_VOICES_FAILED',
  'INTERRUPTED',
  'CUT_OFF',
  'APPROVAL_REFUSED',
  // this service
  'TEMPORAL_UNAVAILABLE',
  'REDIS_UNAVAILABLE',
  'INTERNAL',
] as const;
export type FailureCode = (typeof FAILURE_CODES)[number];

/** What a caller is told about a failure; `message` is one sentence that says what to do where that is known. */
export interface Failure {
  code: FailureCode;
  message: string;
}

/** Whether a string, such as the type of a Temporal failure, is one of our codes. */
export function isFailureCode(code: unknown): code is FailureCode {
  return typeof code === 'string' && (FAILURE_CODES as readonly string[]).includes(code);
}
