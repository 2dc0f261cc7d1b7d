/** Calls the HTTP API. Every failure is an {@link ApiFailure}, including an unreachable API. */
import type { FailureCode } from '../../contract';
import { apiKey, noteRefusal } from './key';

/** `AWAY`: there was no reply, or one that is not from this API. */
export class ApiFailure extends Error {
  constructor(
    readonly code: FailureCode | 'AWAY',
    message: string,
  ) {
    super(message);
    this.name = 'ApiFailure';
  }
}

interface CallOptions {
  method?: 'GET' | 'POST';
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  /** Error statuses whose body is a valid answer, for example 503 of a health check. */
  accept?: readonly number[];
  /** Whether a refused key is asked for; default true. */
  asksForKey?: boolean;
}

/** `path` is a path of the API, for example `/runs`. */
export async function call<T>(path: string, options: CallOptions = {}): Promise<T> {
  const response = await reach(path, options);
  const body = await response.json().catch(() => undefined);
  if (response.ok || options.accept?.includes(response.status)) return body as T;
  if (response.status === 401 && options.asksForKey !== false) noteRefusal();
  throw readRefusal(response.status, body);
}

function readRefusal(status: number, body: unknown): ApiFailure {
  const failure = (body as { error?: { code: FailureCode; message: string } } | undefined)?.error;
  return failure
    ? new ApiFailure(failure.code, failure.message)
    : new ApiFailure('AWAY', `The API answered with status ${status}.`);
}

async function reach(path: string, { method = 'GET', body, headers, signal }: CallOptions): Promise<Response> {
  try {
    return await fetch(path, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...(apiKey.value ? { Authorization: `Bearer ${apiKey.value}` } : {}),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal ? { signal } : {}),
      cache: 'no-store',
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiFailure('AWAY', 'The API does not answer. Is it running, and are you online?');
  }
}

/** Converts any error to a failure with a message. */
export function toApiFailure(error: unknown): ApiFailure {
  return error instanceof ApiFailure ? error : new ApiFailure('INTERNAL', String(error));
}
