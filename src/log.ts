/** JSON log lines on standard output. Nothing that a user or a model said, and no key, belongs in them. */
import pino, { type Logger } from 'pino';

export type { Logger };

export function createLog(name: string, level: string): Logger {
  return pino({ name, level, base: { name, pid: process.pid }, serializers: { error: describeError } });
}

/** What an error says of itself. Its other fields stay out: clients keep the commands and requests there that went wrong, prompts included. */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return typeof error;
  const { name, message, stack, cause } = error;
  const code = 'code' in error ? { code: error.code } : {};
  return { name, message, ...code, stack, ...(cause instanceof Error ? { cause: describeError(cause) } : {}) };
}
