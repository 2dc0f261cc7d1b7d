// All reasons for which the local model server rejects or aborts a request, as a closed set of codes.
// One table maps each code to its OpenAI-style reply, so that no other file chooses statuses.

interface ReplyShape {
  readonly status: number;
  readonly type: string;
  readonly retryAfterSeconds?: number;
}

const REPLIES = {
  invalid_request: { status: 400, type: 'invalid_request_error' },
  context_length_exceeded: { status: 400, type: 'invalid_request_error' },
  forbidden_host: { status: 403, type: 'permission_error' },
  forbidden_origin: { status: 403, type: 'permission_error' },
  model_not_found: { status: 404, type: 'invalid_request_error' },
  not_found: { status: 404, type: 'invalid_request_error' },
  method_not_allowed: { status: 405, type: 'invalid_request_error' },
  body_too_large: { status: 413, type: 'invalid_request_error' },
  rate_limit_exceeded: { status: 429, type: 'rate_limit_error', retryAfterSeconds: 5 },
  internal_error: { status: 500, type: 'server_error' },
  model_loading: { status: 503, type: 'unavailable_error', retryAfterSeconds: 1 },
  model_unavailable: { status: 503, type: 'unavailable_error', retryAfterSeconds: 1 },
} as const satisfies Record<string, ReplyShape>;

/** The closed set of codes that tests and callers may rely on. */
export type LocalFailureCode = keyof typeof REPLIES;

/** A rejection or breakdown with a code; `param` names the invalid request field in OpenAI's notation. */
export class LocalModelFailure extends Error {
  override readonly name = 'LocalModelFailure';

  constructor(
    readonly code: LocalFailureCode,
    message: string,
    readonly param: string | null = null,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The HTTP reply for one failure. */
export interface FailureReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: { readonly error: Readonly<Record<string, string | number | null>> };
}

/** Returns the HTTP reply for any thrown error. An unexpected error becomes an opaque 500; its text is only logged. */
export function failureReply(thrown: unknown): FailureReply {
  const failure = toFailure(thrown);
  const shape: ReplyShape = REPLIES[failure.code];
  const headers: Record<string, string> =
    shape.retryAfterSeconds === undefined ? {} : { 'retry-after': String(shape.retryAfterSeconds) };
  // The format of llama.cpp's server while it loads, which clients know.
  const error =
    shape.status === 503
      ? { code: 503, message: failure.message, type: shape.type }
      : { message: failure.message, type: shape.type, param: failure.param, code: failure.code };
  return { status: shape.status, headers, body: { error } };
}

function toFailure(thrown: unknown): LocalModelFailure {
  if (thrown instanceof LocalModelFailure) return thrown;
  return new LocalModelFailure('internal_error', 'The local model failed on this request.', null, { cause: thrown });
}
