/** The error format of the API: `{"error": {"code", "message"}, "detail": message}` with the matching HTTP status. */
import { isGrpcServiceError } from '@temporalio/client';
import type { Context, Middleware } from 'koa';
import { z } from 'zod';
import type { RunScope } from '../contract';
import type { Failure, FailureCode } from '../contract/failures';
import { failureNotice } from '../events/frames';
import type { Logger } from '../log';
import { isNamespaceMissing } from '../temporal/namespace';
import { isOutOfMemory, REDIS_FULL_MESSAGE } from '../redis/maxmemory';

const STATUS: Partial<Record<FailureCode, number>> = {
  INVALID_JSON: 400,
  INVALID_FIELD: 400,
  INVALID_CURSOR: 400,
  UNAUTHORIZED: 401,
  FORBIDDEN_HOST: 403,
  FORBIDDEN_ORIGIN: 403,
  BUDGET_EXHAUSTED: 402,
  UNKNOWN_SWARM: 404,
  UNKNOWN_RUN: 404,
  UNKNOWN_SESSION: 404,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  CANCELLED: 409,
  SESSION_BUSY: 409,
  IDEMPOTENCY_CONFLICT: 409,
  GATE_CLOSED: 409,
  RUN_ENDED: 409,
  RUN_NOT_ENDED: 409,
  APPROVAL_REFUSED: 409,
  BODY_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  CONTENT_REFUSED: 422,
  CONTEXT_TOO_LONG: 422,
  RUN_TOO_LARGE: 422,
  MAX_TOKENS_REACHED: 422,
  TOO_MANY_WRONG_KEYS: 429,
  TOO_MANY_REQUESTS: 429,
  CALLER_LIMIT: 429,
  INTERNAL: 500,
  RATE_LIMITED: 503,
  REDIS_UNAVAILABLE: 503,
  REDIS_FULL: 503,
  TEMPORAL_UNAVAILABLE: 503,
};
const UNAVAILABLE = 503;
/** The retry delay for a request that started nothing. */
const RETRY_AFTER_SECONDS = 2;
/** The retry delay after a run that waited for a rate-limited gateway as long as it may: such limits count per minute at least. */
const LIMITED_SECONDS = 60;
/** The default status: any other failure is a failure of the gateway. */
const BAD_GATEWAY = 502;

/** An error that is shown to the caller. `extra` holds additional fields of the body, for example of the failed run. */
export class ApiError extends Error {
  readonly status: number;

  constructor(
    readonly code: FailureCode,
    message: string,
    readonly extra: object = {},
    /** The delay after which to retry, if retrying can help. */
    readonly retryAfterSeconds?: number,
  ) {
    super(message);
    this.name = 'ApiError';
    this.status = STATUS[code] ?? BAD_GATEWAY;
  }
}

/** The body of an error reply. */
export function errorBody({ code, message }: Failure) {
  return { error: { code, message }, detail: message };
}

/** The run that something refers to, as far as it is known. */
export type About = { [Id in keyof RunScope]?: RunScope[Id] | undefined };

/**
 * An error frame; `done` is false if the client continues to read. `content` is then empty, because a client that reads only that field
 * takes it for text of a run.
 */
export function errorFrame(failure: Failure, { run_id, session_id, team_id }: About, done = true) {
  const content = done ? failureNotice(failure.message) : '';
  return { event: 'error', content, done, ...errorBody(failure), run_id, session_id, team_id };
}

/** Parses a value that a caller sent, or throws an error that names the invalid field. */
export function parse<S extends z.ZodType>(schema: S, value: unknown): z.infer<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const atCursor = parsed.error.issues.every(({ path }) => path[path.length - 1] === 'after');
  throw new ApiError(atCursor ? 'INVALID_CURSOR' : 'INVALID_FIELD', describeError(parsed.error));
}

/** The first issue with its field. For a union, the issue of the closest branch: the one that went deepest or has the fewest issues. */
function describeError(error: z.ZodError, above: readonly PropertyKey[] = []): string {
  const issue = error.issues[0];
  const path = [...above, ...(issue?.path ?? [])];
  if (issue?.code === 'invalid_union') {
    const measureDepth = (issues: typeof error.issues) => issues[0]?.path.length ?? 0;
    const closest = [...issue.errors].sort((a, b) => measureDepth(b) - measureDepth(a) || a.length - b.length)[0];
    if (closest) return describeError(new z.ZodError(closest), path);
  }
  const field = path.map(String).join('.') || 'body';
  return `${field}: ${issue?.message ?? 'is not valid'}`;
}

/** Writes the body and the headers of an error reply; the status is already set. */
export type WriteError = (ctx: Context, error: ApiError) => void;

const writeError: WriteError = (ctx, error) => {
  ctx.body = { ...errorBody(error), ...error.extra };
};

/** Turns thrown errors into replies. An unexpected error is logged and reported as `INTERNAL` without details. */
export function replyWithErrors(log: Logger, write: WriteError = writeError): Middleware {
  return async function errors(ctx, next) {
    try {
      await next();
    } catch (error) {
      const known = toApiError(error);
      if (known.code === 'INTERNAL') log.error({ error, path: ctx.path }, 'request failed');
      ctx.status = known.status;
      const isUnavailable = known.status === UNAVAILABLE && !('run_id' in known.extra);
      const usual = known.code === 'RATE_LIMITED' ? LIMITED_SECONDS : isUnavailable ? RETRY_AFTER_SECONDS : undefined;
      const seconds = known.retryAfterSeconds ?? usual;
      if (seconds !== undefined) ctx.set('Retry-After', String(seconds));
      write(ctx, known);
    }
  };
}

/** Converts an error for the caller: an {@link ApiError} stays as it is; any other error is mapped to what it means for the caller. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (isOutOfMemory(error)) return new ApiError('REDIS_FULL', REDIS_FULL_MESSAGE);
  const name = error instanceof Error ? error.name : '';
  if (name === 'MaxRetriesPerRequestError')
    return new ApiError('REDIS_UNAVAILABLE', 'Redis does not answer; try again in a moment.');
  if (isNamespaceMissing(error))
    return new ApiError(
      'TEMPORAL_UNAVAILABLE',
      'The namespace in TEMPORAL_NAMESPACE is not there any more: create it again.',
    );
  if (name === 'ServiceError' || isGrpcServiceError(error))
    return new ApiError('TEMPORAL_UNAVAILABLE', 'Temporal does not answer; try again in a moment.');
  return new ApiError('INTERNAL', 'Something went wrong on our side; the log has the details.');
}
