/** Errors in OpenAI's format, for all paths below `/v1/`: `{"error": {"message", "type", "param", "code"}}`. */
import type { Middleware } from 'koa';
import type { FailureCode } from '../../../contract/failures';
import type { Logger } from '../../../log';
import { replyWithErrors, type ApiError, type WriteError } from '../../errors';

/** The common prefix of the paths of OpenAI's API. */
export const OPENAI_PATHS = '/v1/';

/** The codes that OpenAI's clients compare with; all other codes are this API's own. */
const CODES: Partial<Record<FailureCode, string>> = {
  UNAUTHORIZED: 'invalid_api_key',
  UNKNOWN_SWARM: 'model_not_found',
  BUDGET_EXHAUSTED: 'insufficient_quota',
  CONTEXT_TOO_LONG: 'context_length_exceeded',
  RATE_LIMITED: 'rate_limit_exceeded',
  TOO_MANY_WRONG_KEYS: 'rate_limit_exceeded',
  TOO_MANY_REQUESTS: 'rate_limit_exceeded',
  CONTENT_REFUSED: 'content_policy_violation',
};

const TYPES: Partial<Record<number, string>> = {
  401: 'authentication_error',
  402: 'insufficient_quota',
  429: 'requests',
};

export function toOpenAiError({ code, message, status }: ApiError) {
  const type = TYPES[status] ?? (status < 500 ? 'invalid_request_error' : 'server_error');
  const param = code === 'INVALID_FIELD' ? (/^([\w.]+): /.exec(message)?.[1] ?? null) : null;
  return { error: { message, type, param, code: CODES[code] ?? code } };
}

/** Runs before authentication and parsing, so that their errors have OpenAI's format too. */
export function replyWithOpenAiErrors(log: Logger): Middleware {
  const reply = replyWithErrors(log, writeOpenAiError);
  return async function openAiErrors(ctx, next) {
    return ctx.path.startsWith(OPENAI_PATHS) ? reply(ctx, next) : next();
  };
}

const writeOpenAiError: WriteError = (ctx, error) => {
  // the run has already been retried as often as is useful: a retry by OpenAI's clients would start another run
  if ('run_id' in error.extra) ctx.set('x-should-retry', 'false');
  ctx.body = toOpenAiError(error);
};
