/** One JSON line per problem and system: answers are stored, so that a killed evaluation continues where it stopped. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, truncateSync } from 'node:fs';
import path from 'node:path';
import { median } from '../bench/statistics';

/** The compared systems, and the request of each. */
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
  /** Whether the run itself considered its answer verified; null for a system that does not verify. */
  verified: boolean | null;
  rounds: number;
  turns: number;
  prompt_tokens: number;
  completion_tokens: number;
  /** Time at the model and in its queue, summed over all turns, including parallel ones. */
  seconds: number;
  /** From the run's start to its end according to Temporal, including a pause between two starts of the evaluation. Older lines lack it. */
  elapsed_seconds?: number;
  /** Omitted from published lines. */
  run_id?: string;
  answer?: string;
}

export interface Results {
  has(taskId: string, system: SystemName): boolean;
  add(result: Result): void;
  all(): Result[];
}

/** @param earlier A file of results measured elsewhere, which count as if measured here. */
export function openResults(file: string, earlier?: string): Results {
  mkdirSync(path.dirname(file), { recursive: true });
  // the last line may have been cut off together with the process that wrote it
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

/** Returns one line for a system: pass@1, tokens and seconds per problem. */
export function summarise(results: readonly Result[], system: SystemName): string {
  const own = results.filter((result) => result.system === system);
  if (own.length === 0) return `${system}: nothing yet`;
  const passed = own.filter((result) => result.passed).length;
  const mean = (value: (result: Result) => number) => own.reduce((sum, result) => sum + value(result), 0) / own.length;
  const tokens = mean(({ prompt_tokens, completion_tokens }) => prompt_tokens + completion_tokens);
  const elapsed = own.flatMap(({ elapsed_seconds }) => elapsed_seconds ?? []);
  return [
    `${writeSystemName(system)}: pass@1 ${((100 * passed) / own.length).toFixed(1)} (${passed} of ${own.length})`,
    `${Math.round(tokens)} tokens (${Math.round(mean((result) => result.completion_tokens))} written)`,
    `${mean(({ turns }) => turns).toFixed(1)} calls of ${mean(({ seconds }) => seconds).toFixed(1)} s in all a problem`,
    ...(elapsed.length > 0
      ? [`${elapsed.length} of them took p50 ${median(elapsed).toFixed(1)} s from start to end`]
      : []),
  ].join(', ');
}

function writeSystemName(system: SystemName): string {
  const { swarm_id, ...options } = SYSTEMS[system];
  return [swarm_id, ...Object.entries(options).map(([name, value]) => `${value} ${name}`)].join(' with ');
}
