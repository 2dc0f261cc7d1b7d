/**
 * `npm run eval`: runs HumanEval against this product with the embedded model, comparing a single call with the coding swarm. Starts its
 * own stack (data in DATA_DIR/eval), so that a killed evaluation continues where it stopped.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type * as evaluation from '../../../eval/main';
import { readEnvironment, type Environment } from '../../dev-stack/environment';
import { ensureHumanEval } from '../../dev-stack/human-eval';
import { createProgress } from '../../dev-stack/progress';
import { createStack } from '../../dev-stack/stack';
import { toPrintable } from '../../printable';
import { defineMeasurement } from '../measurement';

const USAGE = `Usage: npm run eval -- [options]
  --limit <n>             the first n problems
  --tasks <1,2,...>       only these problems, by number
  --only <a,b>            of single, swarm, and drafts: the swarm with up to eight drafts that are compared; else the first two
  --from <file>           lines that were measured before, such as eval/measured.jsonl; they are not measured again
  --parallel <n>          problems at a time, 1 by default; twelve together took the model 0.4 of the time that they take in a row

Results: DATA_DIR/eval/results.jsonl, one line a problem and system; lines that are there are not measured again.
Exit codes: 0 all measured, 1 something failed, 2 wrong usage, 130 interrupted.`;
const PORT = '8017';
const SYSTEMS = ['single', 'swarm', 'drafts'] as const;
/** A problem may have several drafts in progress. */
const LEAST_SLOTS = 4;
const MOST_SLOTS = 64;

type Options = Pick<evaluation.EvalOptions, 'limit' | 'parallel' | 'tasks' | 'from' | 'systems'> & { help: boolean };

function readArguments(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      limit: { type: 'string', default: '164' },
      tasks: { type: 'string', default: '' },
      only: { type: 'string', default: 'single,swarm' },
      from: { type: 'string' },
      parallel: { type: 'string', default: '1' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const [limit, parallel] = [Number(values.limit), Number(values.parallel)];
  if (!(Number.isInteger(limit) && limit > 0)) throw new Error('--limit: 1 or more.');
  if (!(Number.isInteger(parallel) && parallel > 0)) throw new Error('--parallel: 1 or more.');
  const names = values.only.split(',');
  const systems = SYSTEMS.filter((name) => names.includes(name));
  if (names.some((name) => !systems.some((system) => system === name)))
    throw new Error('--only: single, swarm or drafts, or several of them.');
  const tasks = values.tasks.split(',').filter(Boolean);
  return { help: values.help, limit, parallel, tasks, from: values.from, systems };
}

/** Returns an environment with its own data and port, and with the single-call swarm that serves as baseline. */
function readEvalEnvironment(root: string, parallel: number): Environment {
  const { dataDir } = readEnvironment(root);
  process.env.DATA_DIR = join(dataDir, 'eval');
  process.env.PORT = process.env.EVAL_PORT || PORT;
  // shorter than the time for which fetch waits for response headers
  process.env.SYNC_WAIT_SECONDS = '120';
  process.env.LOCAL_MODEL_SLOTS ??= String(Math.min(MOST_SLOTS, Math.max(LEAST_SLOTS, parallel)));
  process.env.SWARMS_FILE = join(root, 'eval', 'swarms.json');
  return readEnvironment(root);
}

async function prepareAndRun(options: Options, root: string, signal: AbortSignal): Promise<number> {
  const environment = readEvalEnvironment(root, options.parallel);
  const context = { progress: createProgress(), signal };
  const problems = await ensureHumanEval(environment, context);
  const stack = createStack(environment, context);
  try {
    await stack.start();
    const require = createRequire(join(root, 'eval', 'main.ts'));
    require('../bench/typescript.cjs');
    const { runEval } = require('./main.ts') as typeof evaluation;
    const { apiUrl, dataDir } = environment;
    const say = (line: string) => void process.stdout.write(`${toPrintable(line)}\n`);
    return await runEval({ ...options, apiUrl, problems, folder: dataDir, dist: join(root, 'dist'), signal, say });
  } finally {
    await stack.stop();
  }
}

export const main = defineMeasurement({
  usage: USAGE,
  readArguments,
  run: prepareAndRun,
  interrupted: 'interrupted; the same command continues',
});
