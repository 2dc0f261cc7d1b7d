/** Errors leave the API in one shape and in one place: `{"error": {"code", "message"}, "detail": message}` with the right status. */
import { isGrpcServiceError } from '@temporalio/client';
import type { Context, Middleware } from 'koa';
import { z } from 'zod';
import type { RunScope } from '../contract';
import type { Failure, FailureCode } from '../contract/failures';
import type { Logger } from '../log';

const STATUS: Partial<Record<FailureCode, number>> = {
  INVALID_JSON: 400,
  INVALID_FIELD: 400,
  INVALID_CURSOR: 400,
  UNAUTHORIZED: 401,
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
  CONTENT_REFUSED: 422,
  CONTEXT_TOO_LONG: 422,
  INTERNAL: 500,
  RATE_LIMITED: 503,
  REDIS_UNAVAILABLE: 503,
  TEMPORAL_UNAVAILABLE: 503,
};
const UNAVAILABLE = 503;
/** A request that started nothing may be sent again after this. */
const RETRY_AFTER_SECONDS = '2';
/** Whatever else goes wrong went wrong at the gateway. */
const BAD_GATEWAY = 502;

/** An error that a caller may see. `extra` stands beside `error` in the body: the run that failed, for example. */
export class ApiError extends Error {
  readonly status: number;

  constructor(
    readonly code: FailureCode,
    message: string,
    readonly extra: object = {},
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

/** Which run something is about, as far as that is known. */
export type About = { [Id in keyof RunScope]?: RunScope[Id] | undefined };

/** The frame that tells an error. */
export function errorFrame(failure: Failure, { run_id, session_id, team_id }: About) {
  return { event: 'error', content: '', done: true, ...errorBody(failure), run_id, session_id, team_id };
}

/** Parses what a caller sent, or says which field is wrong. */
export function parse<S extends z.ZodType>(schema: S, value: unknown): z.infer<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const atCursor = parsed.error.issues.every(({ path }) => path[path.length - 1] === 'after');
  throw new ApiError(atCursor ? 'INVALID_CURSOR' : 'INVALID_FIELD', sentenceOf(parsed.error));
}

/** The first issue with its field; of a union's branches the one that came closest. */
function sentenceOf(error: z.ZodError): string {
  const issue = error.issues[0];
  if (issue?.code === 'invalid_union') {
    const closest = [...issue.errors].sort((a, b) => a.length - b.length)[0];
    if (closest) return sentenceOf(new z.ZodError(closest));
  }
  const field = issue?.path.join('.') || 'body';
  return `${field}: ${issue?.message ?? 'is not valid'}`;
}

/** Writes the body of an error reply, and its headers; the status is already set. */
export type WriteError = (ctx: Context, error: ApiError) => void;

const writeError: WriteError = (ctx, error) => {
  ctx.body = { ...errorBody(error), ...error.extra };
};

/** Turns thrown errors into replies. What we did not throw on purpose is logged, and told as `INTERNAL` without details. */
export function replyWithErrors(log: Logger, write: WriteError = writeError): Middleware {
  return async function errors(ctx, next) {
    try {
      await next();
    } catch (error) {
      const known = toApiError(error);
      if (known.code === 'INTERNAL') log.error({ error, path: ctx.path }, 'request failed');
      ctx.status = known.status;
      if (known.status === UNAVAILABLE && !('run_id' in known.extra)) ctx.set('Retry-After', RETRY_AFTER_SECONDS);
      write(ctx, known);
    }
  };
}

/** An error as a caller may see it: one that was thrown on purpose as it is, an unforeseen one by what it means to a caller. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  const name = error instanceof Error ? error.name : '';
  if (name === 'MaxRetriesPerRequestError')
    return new ApiError('REDIS_UNAVAILABLE', 'Redis does not answer; try again in a moment.');
  if (name === 'ServiceError' || isGrpcServiceError(error))
    return new ApiError('TEMPORAL_UNAVAILABLE', 'Temporal does not answer; try again in a moment.');
  return new ApiError('INTERNAL', 'Something went wrong on our side; the log has the details.');
}
