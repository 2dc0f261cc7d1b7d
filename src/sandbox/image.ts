/** The image of Python's memory: made once for a version of Node, of Pyodide and of our runner, and found again by later starts. */
import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const LIMIT_MS = 120_000;

/** Its name says what it was made of. */
export function imageFile(inside: string): string {
  const hash = createHash('sha256')
    .update(process.version)
    .update(readFileSync(require.resolve('pyodide/package.json')));
  const sources = readdirSync(inside).filter((name) => name.endsWith('.py') || name === 'interpreter.js');
  for (const name of sources.sort()) hash.update(readFileSync(path.join(inside, name)));
  return `python-${hash.digest('hex').slice(0, 16)}.image`;
}

/** Several processes may make it at once: each writes its own, and the last one to finish gives it its name. */
export async function ensureImage(file: string, inside: string): Promise<void> {
  if (existsSync(file)) return;
  const unfinished = `${file}.${randomUUID()}`;
  try {
    await promisify(execFile)(process.execPath, [path.join(inside, 'image.js'), unfinished], {
      env: {},
      timeout: LIMIT_MS,
    });
    await rename(unfinished, file);
  } finally {
    await rm(unfinished, { force: true });
  }
}
