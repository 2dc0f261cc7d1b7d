/** One JSON line for each problem and system: what was answered is kept, so that a run that was killed goes on behind it. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, truncateSync } from 'node:fs';
import path from 'node:path';
import { median } from '../bench/statistics';

/** What is compared, and how each is asked for. */
export const SYSTEMS = {
  single: { swarm_id: 'single-call' },
  swarm: { swarm_id: 'coding-swarm' },
  drafts: { swarm_id: 'coding-swarm', drafts: 8 },
} as const;
export type SystemName = keyof typeof SYSTEMS;

export interface Result {
  task_id: string;
  system: SystemName;
  passed: boolean;
  /** Whether the run itself took its answer for verified; null for a system that does not verify. */
  verified: boolean | null;
  rounds: number;
  turns: number;
  prompt_tokens: number;
  completion_tokens: number;
  /** At the model and in its queue, all turns together, also those that ran beside each other. */
  seconds: number;
  /** From the run's start to its end as Temporal has them, a pause between two starts of the evaluation included. Older lines lack it. */
  elapsed_seconds?: number;
  /** Left out of lines that are published. */
  run_id?: string;
  answer?: string;
}

export interface Results {
  has(taskId: string, system: SystemName): boolean;
  add(result: Result): void;
  all(): Result[];
}

/** @param earlier A file of lines that were measured elsewhere, which count as if they had been measured here. */
export function openResults(file: string, earlier?: string): Results {
  mkdirSync(path.dirname(file), { recursive: true });
  // the last line may have been cut off with the process that wrote it
  if (existsSync(file)) truncateSync(file, readFileSync(file).lastIndexOf('\n') + 1);
  const known = [...(existsSync(file) ? readLines(file) : []), ...(earlier ? readLines(earlier) : [])];
  return {
    has: (taskId, system) => known.some((result) => result.task_id === taskId && result.system === system),
    add(result) {
      known.push(result);
      appendFileSync(file, `${JSON.stringify(result)}\n`);
    },
    all: () => known,
  };
}

function readLines(file: string): Result[] {
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Result);
}

/** One line for a system: pass@1, tokens and seconds a problem. */
export function summarise(results: readonly Result[], system: SystemName): string {
  const own = results.filter((result) => result.system === system);
  if (own.length === 0) return `${system}: nothing yet`;
  const passed = own.filter((result) => result.passed).length;
  const mean = (value: (result: Result) => number) => own.reduce((sum, result) => sum + value(result), 0) / own.length;
  const tokens = mean(({ prompt_tokens, completion_tokens }) => prompt_tokens + completion_tokens);
  const elapsed = own.flatMap(({ elapsed_seconds }) => elapsed_seconds ?? []);
  return [
    `${nameOf(system)}: pass@1 ${((100 * passed) / own.length).toFixed(1)} (${passed} of ${own.length})`,
    `${Math.round(tokens)} tokens (${Math.round(mean((result) => result.completion_tokens))} written)`,
    `${mean(({ turns }) => turns).toFixed(1)} calls of ${mean(({ seconds }) => seconds).toFixed(1)} s in all a problem`,
    ...(elapsed.length > 0
      ? [`${elapsed.length} of them took p50 ${median(elapsed).toFixed(1)} s from start to end`]
      : []),
  ].join(', ');
}

function nameOf(system: SystemName): string {
  const { swarm_id, ...options } = SYSTEMS[system];
  return [swarm_id, ...Object.entries(options).map(([name, value]) => `${value} ${name}`)].join(' with ');
}
