// @ts-check
// DATA_DIR/log: one file per child, appended to over starts, with one older generation kept.

import { closeSync, fstatSync, mkdirSync, openSync, readSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';

const LIMIT_BYTES = 20 * 1024 * 1024;
const TAIL_BYTES = 16 * 1024;
const TAIL_LINES = 12;
const LINE_LIMIT = 300;

/**
 * Moves logs that have grown too large aside; called once per start.
 * @param {string} logDir
 * @param {string[]} names
 */
export function rotateLogs(logDir, names) {
  mkdirSync(logDir, { recursive: true });
  for (const name of names) {
    const file = join(logDir, `${name}.log`);
    const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    if (size > LIMIT_BYTES) renameSync(file, `${file}.1`);
  }
}

/**
 * @param {string} logDir
 * @param {string} name
 */
export function openLog(logDir, name) {
  mkdirSync(logDir, { recursive: true });
  const fd = openSync(join(logDir, `${name}.log`), 'a');
  return { fd, size: fstatSync(fd).size, close: () => closeSync(fd) };
}

/**
 * The last lines of a log after a byte position, with the message taken out of JSON lines.
 * @param {string} logDir
 * @param {string} name
 * @param {number} after
 */
export function tailLog(logDir, name, after) {
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
    return lines.slice(-TAIL_LINES).map((line) => readable(line).slice(0, LINE_LIMIT));
  } finally {
    closeSync(fd);
  }
}

/** @param {string} line */
function readable(line) {
  if (!line.startsWith('{')) return line;
  try {
    const { msg, err } = JSON.parse(line);
    return [msg, err?.message].filter(Boolean).join(': ') || line;
  } catch {
    return line;
  }
}
