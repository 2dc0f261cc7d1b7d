/** JSON log lines on standard output. They must not contain user text, model text or keys. */
import pino, { type DestinationStream, type Logger } from 'pino';

export type { Logger };

export function createLog(name: string, level: string, destination: DestinationStream = pino.destination(1)): Logger {
  const options = {
    name,
    level,
    base: { name, pid: process.pid },
    serializers: { error: describeError },
    hooks: { streamWrite: escapeControls },
  };
  return pino(options, destination);
}

/** Characters that JSON does not escape but terminals interpret: DEL, C1 and bidirectional overrides. They occur only in strings. */
const CONTROLS = /[\u007F-\u009F\u202A-\u202E\u2066-\u2069]/g;

function escapeControls(line: string): string {
  return line.replace(CONTROLS, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Selected fields of an error. The others are omitted, because clients store failed commands and requests there, prompts included. */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return typeof error;
  const { name, message, stack, cause } = error;
  const code = 'code' in error ? { code: error.code } : {};
  return { name, message, ...code, stack, ...(cause instanceof Error ? { cause: describeError(cause) } : {}) };
}
