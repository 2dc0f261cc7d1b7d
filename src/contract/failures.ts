/** The closed set of failure codes. */
import type { z } from 'zod';
import type { failure } from './shapes';

/**
 * The same codes are used in HTTP error bodies, WebSocket error frames,
 * the `run.failed` event and the type of Temporal failures.
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
  'UNSUPPORTED_MEDIA_TYPE',
  'UNAUTHORIZED',
  'TOO_MANY_WRONG_KEYS',
  'FORBIDDEN_HOST',
  'FORBIDDEN_ORIGIN',
  'IDEMPOTENCY_CONFLICT',
  'GATE_CLOSED',
  'RUN_ENDED',
  'RUN_NOT_ENDED',
  'TOO_MANY_REQUESTS',
  'CALLER_LIMIT',
  // the gateway
  'GATEWAY_KEY_MISSING',
  'GATEWAY_KEY_REFUSED',
  'GATEWAY_CREDIT_EXHAUSTED',
  'GATEWAY_UNAVAILABLE',
  'GATEWAY_ERROR',
  'GATEWAY_REFUSED_REQUEST',
  'GATEWAY_FORBIDDEN',
  'CONTENT_REFUSED',
  'CONTEXT_TOO_LONG',
  'MODEL_NOT_FOUND',
  'RATE_LIMITED',
  'FIRST_TOKEN_TIMEOUT',
  'STREAM_STALLED',
  'STREAM_CUT',
  'MAX_TOKENS_REACHED',
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
  'RUN_TOO_LARGE',
  // this service
  'TEMPORAL_UNAVAILABLE',
  'REDIS_UNAVAILABLE',
  'REDIS_FULL',
  'INTERNAL',
] as const;
export type FailureCode = (typeof FAILURE_CODES)[number];

export type Failure = z.infer<typeof failure>;

/** Whether a string, such as the type of a Temporal failure, is one of our codes. */
export function isFailureCode(code: unknown): code is FailureCode {
  return typeof code === 'string' && (FAILURE_CODES as readonly string[]).includes(code);
}
