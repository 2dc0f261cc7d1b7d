/** `npm run bench`: prepares what the benchmark needs (build, server programs; no models) and runs bench/main.ts. */
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type * as bench from '../../../bench/main';
import { readEnvironment } from '../../dev-stack/environment';
import { startGuard } from '../../dev-stack/guard';
import { prepare } from '../../dev-stack/prepare';
import { createProgress } from '../../dev-stack/progress';
import { redisServerArgs } from '../../dev-stack/redis-server';
import { TEMPORAL_SERVER_ENV, isTemporalServing, temporalServerArgs } from '../../dev-stack/temporal-server';
import { defineMeasurement } from '../measurement';

const USAGE = `Usage: npm run bench -- [options]
  --quick            under a minute, one round
  --full             also 1000 watchers of one run, and what 1 to 1000 live streams need (docs/operate/capacity.md)
  --rounds <n>       another number of rounds
  --only <a,b>       only scenarios whose names begin so: latency, admission, append, teams, rate, long, streams,
                     watchers, sandbox, faults, boot, crash, capacity
  --against <folder> also another checkout of this repository, built, in the same run
  --json <file>      the figures as JSON

Exit codes: 0 measured (also when a bar was missed), 1 a job failed or its text was damaged, 2 wrong usage, 130 interrupted.`;
/** Names of the processes, as used in bench/, in the order in which the guard stops them. */
const MEMBERS = [
  'ours-api',
  'ours-worker',
  'ours-started-worker',
  'against-api',
  'against-worker',
  'against-started-worker',
  'direct',
  'temporal',
  'redis',
];

type Options = Pick<bench.BenchOptions, 'size' | 'rounds' | 'only' | 'against' | 'json'> & { help: boolean };

function readArguments(args: string[]): Options {
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
    only: values.only.split(',').filter(Boolean),
    against: values.against && resolve(values.against),
    json: values.json && resolve(values.json),
  };
}

async function prepareAndRun(options: Options, root: string, signal: AbortSignal): Promise<number> {
  const progress = createProgress();
  const { redis, temporal } = await prepare(
    readEnvironment(root),
    { progress, signal },
    { redis: true, temporal: true },
  );
  if (!redis || !temporal) throw new Error('The servers were not prepared.');
  const require = createRequire(join(root, 'bench', 'main.ts'));
  require('./typescript.cjs');
  const { runBench } = require('./main.ts') as typeof bench;
  return runBench({
    ...options,
    signal,
    root,
    programs: {
      redis: { program: redis, args: redisServerArgs },
      temporal: {
        program: temporal,
        args: temporalServerArgs,
        env: TEMPORAL_SERVER_ENV,
        isServing: isTemporalServing,
      },
    },
    say: (line) => progress.say(line),
    guard: (folder) => startGuard(folder, MEMBERS),
  });
}

export const main = defineMeasurement({
  usage: USAGE,
  readArguments,
  run: prepareAndRun,
  interrupted: 'interrupted',
});
