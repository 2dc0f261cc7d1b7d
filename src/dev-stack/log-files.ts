/** DATA_DIR/log: one file per child, appended to across starts; one older generation is kept. */
import { closeSync, fstatSync, mkdirSync, openSync, readSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';

const LIMIT_BYTES = 20 * 1024 * 1024;
const TAIL_BYTES = 16 * 1024;
const TAIL_LINES = 12;
const LINE_LIMIT = 300;

/** Renames logs that have grown too large; called once per start. */
export function rotateLogs(logDir: string, names: string[]): void {
  mkdirSync(logDir, { recursive: true });
  for (const name of names) {
    const file = join(logDir, `${name}.log`);
    const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    if (size > LIMIT_BYTES) renameSync(file, `${file}.1`);
  }
}

export function openLog(logDir: string, name: string): { fd: number; size: number; close(): void } {
  mkdirSync(logDir, { recursive: true });
  const fd = openSync(join(logDir, `${name}.log`), 'a');
  return { fd, size: fstatSync(fd).size, close: () => closeSync(fd) };
}

/** Returns the last lines of a log after a byte position, with the message extracted from JSON lines. */
export function readLogTail(logDir: string, name: string, after: number): string[] {
  const fd = openSync(join(logDir, `${name}.log`), 'a+');
  try {
    const { size } = fstatSync(fd);
    const from = Math.max(after, size - TAIL_BYTES);
    const bytes = Buffer.alloc(Math.max(0, size - from));
    readSync(fd, bytes, 0, bytes.length, from);
    const lines = bytes
      .toString('utf8')
      .split('\n')
      .filter((line) => line.trim());
    return lines.slice(-TAIL_LINES).map((line) => extractMessage(line).slice(0, LINE_LIMIT));
  } finally {
    closeSync(fd);
  }
}

function extractMessage(line: string): string {
  if (!line.startsWith('{')) return line;
  try {
    const {
      msg,
      err,
      error = err,
    } = JSON.parse(line) as {
      msg?: string;
      err?: { message?: string };
      error?: { message?: string };
    };
    return [msg, error?.message].filter(Boolean).join(': ') || line;
  } catch {
    return line;
  }
}
