/** JSON log lines on standard output. Nothing that a user or a model said, and no key, belongs in them. */
import pino, { type Logger } from 'pino';

export type { Logger };

export function createLog(name: string, level: string): Logger {
  return pino({ name, level, base: { name, pid: process.pid } });
}
