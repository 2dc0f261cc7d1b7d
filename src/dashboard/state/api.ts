/** Calls of the HTTP API. Each failure is an {@link ApiFailure}, also when nothing answers. */
import type { FailureCode } from '../../contract';
import { apiKey, keyRefused } from './key';

/** `AWAY`: nothing answered, or nothing that speaks our protocol. */
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
  /** Statuses that carry an answer although they are no success, 503 of a health check for example. */
  accept?: readonly number[];
}

/** `path` is an address of the API, `/runs` for example. */
export async function call<T>(path: string, options: CallOptions = {}): Promise<T> {
  const response = await reach(path, options);
  const body = await response.json().catch(() => undefined);
  if (response.ok || options.accept?.includes(response.status)) return body as T;
  if (response.status === 401) keyRefused.value = true;
  throw refusalOf(response.status, body);
}

function refusalOf(status: number, body: unknown): ApiFailure {
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

/** Whatever went wrong, as a failure with a sentence. */
export function failureOf(error: unknown): ApiFailure {
  return error instanceof ApiFailure ? error : new ApiFailure('INTERNAL', String(error));
}
