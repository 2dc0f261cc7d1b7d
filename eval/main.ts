/** Runs HumanEval against the product like a user: one run per problem, through the API, so that it measures what users get. */
import { createHash } from 'node:crypto';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunDescription } from '../src/contract/replies';
import type { RunResult, Usage } from '../src/contract';
import { createSandbox, type Sandbox } from '../src/sandbox/host/sandbox';
import { writeQuestion, readProblems, score, type Problem } from './problems';
import { openResults, summarise, SYSTEMS, type Result, type SystemName } from './results';

export interface EvalOptions {
  apiUrl: string;
  problems: string;
  /** Folder for results and the sandbox's files. */
  folder: string;
  /** The folder with the compiled product. */
  dist: string;
  limit: number;
  tasks: string[];
  systems: SystemName[];
  /** A file of results measured earlier, here or on another machine; they are not measured again. */
  from: string | undefined;
  /** Number of problems in progress at a time. */
  parallel: number;
  signal: AbortSignal;
  say(line: string): void;
}

type Reply = Pick<RunResult, 'run_id' | 'turns' | 'verification'> & { responses: string[]; usage: Usage };

const POLL_MS = 500;

/** Continues after the existing results. Resolves to 0 when all exist. */
export async function runEval(options: EvalOptions): Promise<number> {
  const { signal, say } = options;
  const results = openResults(path.join(options.folder, 'results.jsonl'), options.from);
  const guest = path.join(options.dist, 'sandbox', 'guest');
  const sandbox = createSandbox({ folder: path.join(options.folder, 'sandbox'), guest });
  const wanted = readProblems(options.problems)
    .filter(({ task_id }) => options.tasks.length === 0 || options.tasks.includes(task_id.replace('HumanEval/', '')))
    .slice(0, options.limit);
  const jobs = wanted
    .flatMap((problem) => options.systems.map((system) => ({ problem, system })))
    .filter(({ problem, system }) => !results.has(problem.task_id, system));
  const work = async () => {
    for (let job = jobs.shift(); job; job = jobs.shift()) {
      signal.throwIfAborted();
      const result = await measure(job.problem, job.system, options, sandbox);
      results.add(result);
      const { passed, elapsed_seconds, rounds } = result;
      const outcome = `${passed ? 'passed' : 'failed'}, ${elapsed_seconds.toFixed(1)} s, ${rounds} repairs`;
      say(`${result.task_id} ${result.system}: ${outcome}`);
    }
  };
  try {
    await Promise.all(Array.from({ length: options.parallel }, work));
  } finally {
    await sandbox.close();
  }
  for (const system of options.systems) say(summarise(results.all(), system));
  return 0;
}

async function measure(
  problem: Problem,
  system: SystemName,
  options: EvalOptions,
  sandbox: Sandbox,
): Promise<Required<Result>> {
  const reply = await ask(problem, system, options);
  const answer = reply.responses[reply.responses.length - 1] ?? '';
  const { turns, usage, verification } = reply;
  return {
    task_id: problem.task_id,
    system,
    passed: await score(problem, answer, sandbox),
    verified: verification?.passed ?? null,
    rounds: verification?.rounds ?? 0,
    turns: turns.length,
    prompt_tokens: usage.prompt_tokens,
    completion_tokens: usage.completion_tokens,
    seconds: turns.reduce((sum, { duration_ms }) => sum + duration_ms, 0) / 1000,
    elapsed_seconds: await fetchElapsedSeconds(reply.run_id, options),
    run_id: reply.run_id,
    answer,
  };
}

/**
 * Starts the run, or finds the one that an earlier start of the evaluation began, and waits for its end. The same call is repeated while
 * it is answered with 202: its idempotency key makes it the same run.
 */
async function ask(problem: Problem, system: SystemName, { apiUrl, signal, folder }: EvalOptions): Promise<Reply> {
  const message = writeQuestion(problem);
  const key = createHash('sha256').update([folder, system, problem.task_id, message].join('\n')).digest('hex');
  for (;;) {
    const reply = await fetch(`${apiUrl}/swarm/execute`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': `eval-${key.slice(0, 32)}` },
      body: JSON.stringify({ ...SYSTEMS[system], message }),
      signal,
    });
    if (reply.status === 200) return (await reply.json()) as Reply;
    if (reply.status !== 202) throw new Error(`${problem.task_id}: HTTP ${reply.status}: ${await reply.text()}`);
    await sleep(POLL_MS, undefined, { signal });
  }
}

async function fetchElapsedSeconds(runId: string, { apiUrl, signal }: EvalOptions): Promise<number> {
  const reply = await fetch(`${apiUrl}/runs/${runId}`, { signal });
  const { started_at, ended_at } = (await reply.json()) as RunDescription;
  return (Date.parse(ended_at ?? '') - Date.parse(started_at)) / 1000;
}
