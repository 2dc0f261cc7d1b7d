// Every way in which the local model server can refuse or break a request, as a closed set of codes.
// One table turns a code into its OpenAI-style reply, so that no other file picks statuses.

interface ReplyShape {
  readonly status: number;
  readonly type: string;
  readonly retryAfterSeconds?: number;
}

const REPLIES = {
  invalid_request: { status: 400, type: 'invalid_request_error' },
  context_length_exceeded: { status: 400, type: 'invalid_request_error' },
  model_not_found: { status: 404, type: 'invalid_request_error' },
  not_found: { status: 404, type: 'invalid_request_error' },
  method_not_allowed: { status: 405, type: 'invalid_request_error' },
  body_too_large: { status: 413, type: 'invalid_request_error' },
  rate_limit_exceeded: { status: 429, type: 'rate_limit_error', retryAfterSeconds: 5 },
  internal_error: { status: 500, type: 'server_error' },
  model_loading: { status: 503, type: 'unavailable_error', retryAfterSeconds: 1 },
  model_unavailable: { status: 503, type: 'unavailable_error', retryAfterSeconds: 1 },
} as const satisfies Record<string, ReplyShape>;

/** The closed set of reasons that tests and callers may rely on. */
export type FailureCode = keyof typeof REPLIES;

/** A refusal or breakdown with a code; `param` names the offending request field in OpenAI's notation. */
export class LocalModelFailure extends Error {
  override readonly name = 'LocalModelFailure';

  constructor(
    readonly code: FailureCode,
    message: string,
    readonly param: string | null = null,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** What goes over the wire for one failure. */
export interface FailureReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: { readonly error: Readonly<Record<string, string | number | null>> };
}

/** The HTTP reply for anything thrown; a foreign error becomes an opaque 500, its text stays in the log. */
export function failureReply(thrown: unknown): FailureReply {
  const failure = toFailure(thrown);
  const shape: ReplyShape = REPLIES[failure.code];
  const headers: Record<string, string> =
    shape.retryAfterSeconds === undefined ? {} : { 'retry-after': String(shape.retryAfterSeconds) };
  // llama.cpp's server answers like this while it loads, and clients know the shape.
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
