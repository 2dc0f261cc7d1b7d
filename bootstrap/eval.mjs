// @ts-check
// `npm run eval`: HumanEval against this product with the embedded model, a single call beside the coding swarm. Starts a
// stack of its own (data in DATA_DIR/eval), so that a run that was killed goes on where it was.

import { createRequire } from 'node:module';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readEnvironment, requireNode } from './environment.mjs';
import { ensureHumanEval } from './human-eval.mjs';
import { runMeasurement } from './measurement.mjs';
import { createProgress } from './progress.mjs';
import { createStack } from './stack.mjs';

const USAGE = `Usage: npm run eval -- [options]
  --limit <n>             the first n problems
  --tasks <1,2,...>       only these problems, by number
  --only <a,b>            of single, swarm, and drafts: the swarm with up to eight drafts that are compared; else the first two
  --from <file>           lines that were measured before, such as eval/measured.jsonl; they are not measured again
  --parallel <n>          problems at a time, 1 by default; twelve together took the model 0.4 of the time that they take in a row

Results: DATA_DIR/eval/results.jsonl, one line a problem and system; lines that are there are not measured again.
Exit codes: 0 all measured, 1 something failed, 2 wrong usage, 130 interrupted.`;
const PORT = '8017';
/** A problem may have several drafts at work. */
const LEAST_SLOTS = 4;
const MOST_SLOTS = 64;

/** @param {string[]} args */
function readArguments(args) {
  const { values } = parseArgs({
    args,
    options: {
      limit: { type: 'string', default: '164' },
      tasks: { type: 'string', default: '' },
      only: { type: 'string' },
      from: { type: 'string' },
      parallel: { type: 'string', default: '1' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const [limit, parallel] = [Number(values.limit), Number(values.parallel)];
  if (!(Number.isInteger(limit) && limit > 0)) throw new Error('--limit: 1 or more.');
  if (!(Number.isInteger(parallel) && parallel > 0)) throw new Error('--parallel: 1 or more.');
  const systems = (values.only ?? 'single,swarm').split(',');
  if (!systems.every((name) => ['single', 'swarm', 'drafts'].includes(name)))
    throw new Error('--only: single, swarm or drafts, or several of them.');
  const tasks = (values.tasks ?? '').split(',').filter(Boolean);
  return { help: values.help, limit, parallel, tasks, from: values.from, systems };
}

/**
 * The same place with data and port of its own, and the swarm of one call that the other is compared with.
 * @param {number} parallel
 */
function readPlace(parallel) {
  const { dataDir } = readEnvironment();
  process.env.DATA_DIR = join(dataDir, 'eval');
  process.env.PORT = process.env.EVAL_PORT || PORT;
  // shorter than fetch waits for the headers of a reply
  process.env.SYNC_WAIT_SECONDS = '120';
  process.env.LOCAL_MODEL_SLOTS ??= String(Math.min(MOST_SLOTS, Math.max(LEAST_SLOTS, parallel)));
  process.env.SWARMS_FILE = join(readEnvironment().root, 'eval', 'swarms.json');
  return readEnvironment();
}

/** @param {ReturnType<typeof readArguments>} wanted @param {AbortSignal} signal @returns {Promise<number>} */
async function prepareAndRun(wanted, signal) {
  requireNode();
  const place = readPlace(wanted.parallel);
  const progress = createProgress();
  const problems = await ensureHumanEval(place, { progress, signal });
  const stack = createStack(place, { progress, signal });
  try {
    await stack.start();
    const require = createRequire(join(place.root, 'eval', 'main.ts'));
    require('../bench/typescript.cjs');
    const { apiUrl, dataDir: folder, root } = place;
    const say = (/** @type {string} */ line) => process.stdout.write(`${line}\n`);
    return await require('./main.ts').runEval({
      ...wanted,
      apiUrl,
      problems,
      folder,
      dist: join(root, 'dist'),
      signal,
      say,
    });
  } finally {
    await stack.stop();
  }
}

await runMeasurement({
  usage: USAGE,
  readArguments,
  run: prepareAndRun,
  interrupted: 'interrupted; the same command goes on',
});
