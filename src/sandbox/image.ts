/** The image of Python's memory: made once for a version of Node, of Pyodide and of our runner, and found again by later starts. */
import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { constants, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { access, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const LIMIT_MS = 120_000;

/** The image's path: in the folder that is given, or in a temporary one where that cannot be written to. */
export async function provideImage(folder: string, inside: string): Promise<string> {
  const name = imageFile(inside);
  const known = path.resolve(folder, name);
  if (existsSync(known)) return known;
  const file = path.join(await writableFolder(folder), name);
  await ensureImage(file, inside);
  return file;
}

/** In a container the disk may be read-only, and the working folder somebody else's. */
async function writableFolder(wanted: string): Promise<string> {
  try {
    await mkdir(wanted, { recursive: true });
    await access(wanted, constants.W_OK);
    return path.resolve(wanted);
  } catch {
    const own = await mkdtemp(path.join(tmpdir(), 'murmuration-sandbox-'));
    process.once('exit', () => rmSync(own, { recursive: true, force: true }));
    return own;
  }
}

/** Its name says what it was made of. */
function imageFile(inside: string): string {
  const hash = createHash('sha256')
    .update(process.version)
    .update(readFileSync(require.resolve('pyodide/package.json')));
  const sources = readdirSync(inside).filter((name) => name.endsWith('.py') || name === 'interpreter.js');
  for (const name of sources.sort()) hash.update(readFileSync(path.join(inside, name)));
  return `python-${hash.digest('hex').slice(0, 16)}.image`;
}

/** Several processes may make it at once: each writes its own, and the last one to finish gives it its name. */
async function ensureImage(file: string, inside: string): Promise<void> {
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
