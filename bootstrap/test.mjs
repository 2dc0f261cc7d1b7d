// @ts-check
// `npm test`: prepares what the suites need (packages, build, server programs, both models, a browser) and hands over to jest,
// whose global set-up starts the servers. `--prepare-only` stops before jest.

import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import { readEnvironment, requireNode } from './environment.mjs';
import { CalledOff, describeFailure } from './failure.mjs';
import { prepare } from './prepare.mjs';
import { createProgress } from './progress.mjs';

const PREPARE_ONLY = '--prepare-only';

async function main() {
  const args = process.argv.slice(2);
  requireNode();
  const place = readEnvironment();
  const { redis = '', temporal = '', models = [], chromium = '' } = await prepareWithSignals(place);
  if (args.includes(PREPARE_ONLY)) return 0;
  return runJest(place.root, args, {
    TEMPORAL_BIN: temporal,
    REDIS_BIN: redis,
    CHROMIUM_BIN: chromium,
    MURMURATION_MODELS: models.map(({ id, path }) => `${id}=${path}`).join(','),
  });
}

/** @param {import('./environment.mjs').Environment} place */
async function prepareWithSignals(place) {
  const interruption = new AbortController();
  const callOff = () => interruption.abort();
  const signals = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);
  for (const name of signals) process.on(name, callOff);
  try {
    const context = { progress: createProgress(), signal: interruption.signal };
    return await prepare(place, context, { redis: true, temporal: true, models: true, chromium: true });
  } finally {
    for (const name of signals) process.off(name, callOff);
  }
}

/**
 * @param {string} root
 * @param {string[]} args
 * @param {Record<string, string>} env
 * @returns {Promise<number>}
 */
function runJest(root, args, env) {
  const jest = spawn(join(root, 'node_modules', '.bin', 'jest'), args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
  // Ctrl-C reaches jest by itself, which then cleans up; we only must not leave before it does.
  process.on('SIGINT', () => undefined);
  for (const name of /** @type {const} */ (['SIGTERM', 'SIGHUP'])) process.on(name, () => jest.kill(name));
  return new Promise((resolve, reject) => {
    jest.once('error', reject);
    jest.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal ?? 'SIGTERM']));
  });
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof CalledOff)) process.stderr.write(`${describeFailure(error).join('\n')}\n`);
  process.exitCode = error instanceof CalledOff ? 130 : 1;
}
