/** `npm run bench`: starts the systems in parallel, measures, and reports. src/cli/programs/bench.ts prepares and calls this. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { measureClock } from './clock';
import { ProcessGroup } from './process-group';
import { judge } from './report/bars';
import { describeMachine, machineLine } from './report/machine';
import type { BenchRecord } from './report/record';
import { allFigures } from './report/summary';
import { renderTable, renderVerdict } from './report/table';
import { runRounds, type Results } from './rounds';
import { listScenarios } from './scenarios';
import { Bench, type Complaint, type Scenario } from './scenarios/scenario';
import { SIZES, type Size, type SizeName } from './sizes';
import type { ServerPrograms } from './systems/servers';
import { setStage } from './systems/stage';

export interface BenchOptions {
  root: string;
  programs: ServerPrograms;
  size: SizeName;
  rounds: number | undefined;
  /** Scenarios whose names start with one of these; default: all. */
  only: string[];
  /** File for the figures as JSON. */
  json: string | undefined;
  against: string | undefined;
  signal: AbortSignal;
  say(line: string): void;
  /** Starts the guard of src/dev-stack for the processes whose pid files are in this folder. */
  guard(folder: string): void;
}

/** Returns the exit code: 0 even if a bar was missed, because that is a result; 1 if a job failed or its text was damaged. */
export async function runBench(options: BenchOptions): Promise<number> {
  const startedAt = Date.now();
  const size = chooseSize(options);
  const scenarios = chosen(options.only, size);
  const machine = describeMachine(options.programs, options.root);
  const { results, complaints } = await measure(options, size, scenarios);
  const seconds = Math.round((Date.now() - startedAt) / 1000);
  const bars = judge(results);
  print([
    machineLine(machine),
    `${size.rounds} round${size.rounds === 1 ? '' : 's'}, systems in turn, ${seconds} s; medians of rounds, (least-most)\n`,
    renderTable(results),
    '\nBars',
    ...bars.map(renderVerdict),
    ...complaints.map(renderComplaint),
  ]);
  if (options.json) {
    const record: BenchRecord = { machine, size, seconds, bars, complaints, figures: allFigures(results) };
    writeFileSync(options.json, `${JSON.stringify(record, null, 2)}\n`);
  }
  return complaints.length > 0 ? 1 : 0;
}

async function measure(
  options: BenchOptions,
  size: Size,
  scenarios: Scenario[],
): Promise<{ results: Results; complaints: Complaint[] }> {
  const { signal, say } = options;
  const processGroup = new ProcessGroup(mkdtempSync(path.join(tmpdir(), 'murmuration-bench-')));
  const interrupted = new Promise<never>((_, reject) =>
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }),
  );
  interrupted.catch(() => undefined);
  const work = async () => {
    options.guard(processGroup.folder);
    say('starting redis, temporal, gateway, direct, worker, api');
    const stage = await setStage(processGroup, options);
    try {
      const bench = new Bench(
        stage.gateway,
        await measureClock(stage.gateway),
        size,
        stage.redisUrl,
        stage.temporalAddress,
        stage.databaseBytes,
      );
      const subjects = stage.subjects.filter((one) => scenarios.some(({ suits }) => suits(one, size)));
      const results = await runRounds(bench, { subjects, scenarios, rounds: size.rounds, say, signal });
      for (const line of processGroup.warnings()) say(line);
      return { results, complaints: bench.complaints };
    } finally {
      await stage.stop();
    }
  };
  try {
    return await Promise.race([work(), interrupted]);
  } finally {
    await processGroup.disband();
    rmSync(processGroup.folder, { recursive: true, force: true });
  }
}

function chooseSize({ size, rounds }: BenchOptions): Size {
  const named = SIZES[size];
  if (rounds === undefined) return named;
  const { streamRounds, faultRounds } = named;
  return {
    ...named,
    rounds,
    streamRounds: Math.min(streamRounds, rounds),
    faultRounds: Math.min(faultRounds, rounds),
  };
}

function chosen(only: string[], size: Size): Scenario[] {
  const all = listScenarios(size);
  const some = all.filter(({ name }) => only.length === 0 || only.some((start) => name.startsWith(start)));
  if (some.length > 0) return some;
  throw new Error(`There is no such scenario; there are ${all.map(({ name }) => name).join(', ')}.`);
}

function renderComplaint({ subject, scenario, damage, endings }: Complaint): string {
  const { failed, lost, repeated, misplaced } = damage;
  const counts = `${failed} jobs failed, tokens lost ${lost}, repeated ${repeated}, misplaced ${misplaced}`;
  return `\nDAMAGE: ${subject}, ${scenario}: ${counts}${endings.map((ending) => `; ${ending}`).join('')}`;
}

function print(lines: string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}
