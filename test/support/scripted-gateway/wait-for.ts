// Waits for a condition on the log, checked after every change of the log.
import type { Books, GatewayRequest } from './books';

// Less than Jest's test timeout, so that the failure contains the log.
const DEFAULT_TIMEOUT_MS = 4000;
// For predicates that depend on something other than the log.
const POLL_MS = 20;

/** Resolves with the first truthy value of the predicate; on a timeout, rejects with the log in the message. */
export function waitFor<T>(books: Books, predicate: () => T, timeoutMs = DEFAULT_TIMEOUT_MS): Promise<NonNullable<T>> {
  return new Promise((resolve, reject) => {
    const stopListening = books.onChange(check);
    const poll = setInterval(check, POLL_MS);
    const timeout = setTimeout(() => finish(() => reject(new Error(describe(books.requests, timeoutMs)))), timeoutMs);

    function finish(settle: () => void): void {
      stopListening();
      clearInterval(poll);
      clearTimeout(timeout);
      settle();
    }
    function check(): void {
      try {
        const value = predicate();
        if (value) finish(() => resolve(value));
      } catch (error) {
        finish(() => reject(error instanceof Error ? error : new Error(String(error))));
      }
    }
    check();
  });
}

function describe(requests: readonly GatewayRequest[], timeoutMs: number): string {
  const lines = requests.map(
    ({ model, path, status, tokensSent, endedBy }) =>
      `${model || path} status ${status} tokens ${tokensSent} ${endedBy ?? 'open'}`,
  );
  return `not within ${timeoutMs} ms; requests: ${lines.join('; ') || 'none'}`;
}
