/**
 * Builds the image that an interpreter starts from: for Python a memory snapshot, for JavaScript the available packages. It is built once
 * for the versions of everything that it contains, and reused by later starts.
 */
import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { constants, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { access, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { INTERPRETERS, type GuestInterpreter } from './commands';

const LIMIT_MS = 120_000;

interface Kind {
  /** The guest program that builds it. */
  program: string;
  /** The compiled guest files that it depends on. */
  sources: RegExp;
  packages: readonly string[];
}

const KINDS: Record<GuestInterpreter, Kind> = {
  python: { program: 'image.js', sources: /\.py$|^interpreter\.js$/, packages: ['pyodide'] },
  javascript: {
    program: 'packages.js',
    sources: /^packages\.js$/,
    // the trailing slash selects the npm packages of these names instead of Node's built-in modules
    packages: [
      '@jest/fake-timers',
      '@ungap/structured-clone',
      'assert/',
      'buffer/',
      'events/',
      'expect',
      'node-inspect-extracted',
      'util/',
    ],
  },
};

/** The paths of both images; builds missing ones. */
export function provideImages(folder: string, guest: string): Promise<string[]> {
  return Promise.all(INTERPRETERS.map((interpreter) => provideImage(interpreter, folder, guest)));
}

/** The path of the image, in the given folder, or in a temporary one if that is not writable. */
export async function provideImage(interpreter: GuestInterpreter, folder: string, guest: string): Promise<string> {
  const name = nameImage(interpreter, guest);
  const known = path.resolve(folder, name);
  if (existsSync(known)) return known;
  const file = path.join(await writableFolder(folder), name);
  await ensureImage(file, path.join(guest, KINDS[interpreter].program));
  return file;
}

/** In a container the disk may be read-only, and the working directory may belong to another user. */
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

/** The file name contains a hash of everything that the image depends on. */
function nameImage(interpreter: GuestInterpreter, guest: string): string {
  const { sources, packages } = KINDS[interpreter];
  const hash = createHash('sha256').update(process.version);
  for (const name of packages) hash.update(readFileSync(require.resolve(name)));
  const files = readdirSync(guest).filter((name) => sources.test(name));
  for (const name of files.sort()) hash.update(readFileSync(path.join(guest, name)));
  return `${interpreter}-${hash.digest('hex').slice(0, 16)}.image`;
}

/** Several processes may build it at the same time: each writes a temporary file, and the last one to finish replaces the image. */
async function ensureImage(file: string, program: string): Promise<void> {
  const unfinished = `${file}.${randomUUID()}`;
  try {
    await promisify(execFile)(process.execPath, [program, unfinished], { env: {}, timeout: LIMIT_MS });
    await rename(unfinished, file);
  } finally {
    await rm(unfinished, { force: true });
  }
}
