// @ts-check
// `npm run bench`: prepares what the benchmark needs (packages, build, server programs; no models) and hands over to
// bench/main.ts, in this process.

import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { readEnvironment, requireNode } from './environment.mjs';
import { startGuard } from './guard.mjs';
import { runMeasurement } from './measurement.mjs';
import { prepare } from './prepare.mjs';
import { createProgress } from './progress.mjs';
import { redisServerArgs } from './redis.mjs';
import { TEMPORAL_SERVER_ENV, isTemporalServing, temporalServerArgs } from './temporal.mjs';

const USAGE = `Usage: npm run bench -- [options]
  --quick            under a minute, one round
  --full             also 1000 streams at once, and 1000 watchers of one run
  --rounds <n>       another number of rounds
  --only <a,b>       only scenarios whose names begin so: latency, admission, teams, rate, long, streams, watchers,
                     sandbox, faults, crash
  --against <folder> also another checkout of this repository, built, in the same run
  --json <file>      the figures as JSON

Exit codes: 0 measured (also when a bar was missed), 1 a job failed or its text was damaged, 2 wrong usage, 130 interrupted.`;
/** Names of the processes as bench/ gives them, in the order in which the guard stops them. */
const MEMBERS = ['ours-api', 'ours-worker', 'against-api', 'against-worker', 'direct', 'temporal', 'redis'];

/** @param {string[]} args */
function readArguments(args) {
  const { values } = parseArgs({
    args,
    options: {
      quick: { type: 'boolean', default: false },
      full: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      only: { type: 'string', default: '' },
      against: { type: 'string' },
      json: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
  if (rounds !== undefined && !(Number.isInteger(rounds) && rounds > 0)) throw new Error('--rounds: 1 or more.');
  return {
    help: values.help,
    size: values.quick ? 'quick' : values.full ? 'full' : 'default',
    rounds,
    only: (values.only ?? '').split(',').filter(Boolean),
    against: values.against && resolve(values.against),
    json: values.json && resolve(values.json),
  };
}

/** @param {ReturnType<typeof readArguments>} wanted @param {AbortSignal} signal @returns {Promise<number>} */
async function prepareAndRun(wanted, signal) {
  requireNode();
  const place = readEnvironment();
  const progress = createProgress();
  const parts = await prepare(place, { progress, signal }, { redis: true, temporal: true, models: false });
  const require = createRequire(join(place.root, 'bench', 'main.ts'));
  require('./typescript.cjs');
  return require('./main.ts').runBench({
    ...wanted,
    signal,
    root: place.root,
    programs: {
      redis: { program: parts.redis, args: redisServerArgs },
      temporal: {
        program: parts.temporal,
        args: temporalServerArgs,
        env: TEMPORAL_SERVER_ENV,
        isServing: isTemporalServing,
      },
    },
    say: progress.say,
    guard: (/** @type {string} */ folder) => startGuard(folder, MEMBERS),
  });
}

await runMeasurement({ usage: USAGE, readArguments, run: prepareAndRun, interrupted: 'interrupted' });
