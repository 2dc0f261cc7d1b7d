/**
 * Seeded random faults under load: a short version in every test run, a long one by `npm run chaos` (`CHAOS_SEEDS`, and
 * `CHAOS_FIRST` for the first seed). Whatever is killed, suspended, disconnected or emptied, every reader has the run's final text.
 */
import { appendFileSync } from 'node:fs';
import { runSeed, type SeedRun } from './seed-run';
import { createCluster } from './cluster';

const SEEDS = Number(process.env.CHAOS_SEEDS ?? 3);
const FIRST = Number(process.env.CHAOS_FIRST ?? 1);
const SEASON_MS = 150_000;

function report(seedRun: SeedRun): void {
  const { seed, faults, problems, ms, calls, connections, resets } = seedRun;
  const harm = faults.map(({ name, afterMs }) => `${name} at ${afterMs} ms`).join(', ');
  const line = `seed ${seed}: ${problems.length === 0 ? 'whole' : 'BROKEN'} in ${ms} ms; ${harm}; ${calls} calls, ${connections} connections, ${resets} resets`;
  if (process.env.CHAOS_REPORT) appendFileSync(process.env.CHAOS_REPORT, `${[line, ...problems].join('\n  ')}\n`);
}

test(
  `${SEEDS} seeds of faults: readers, results and Redis agree, and no finished call is paid again`,
  async () => {
    const cluster = await createCluster();
    const broken: SeedRun[] = [];
    try {
      for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
        const seedRun = await runSeed(cluster, seed);
        report(seedRun);
        if (seedRun.problems.length > 0) broken.push(seedRun);
      }
    } finally {
      await cluster.stop();
    }
    expect(broken).toEqual([]);
  },
  SEEDS * SEASON_MS,
);

/** Seeds in which a stale worker writes at the same time as its successor. */
const STALE = 4;

test(
  'without fencing the checks fail, which shows that the suite can fail',
  async () => {
    const cluster = await createCluster({ unfenced: true });
    const problems: string[] = [];
    try {
      for (let seed = 1; seed <= STALE * 10 && problems.length === 0; seed++) {
        problems.push(
          ...(await runSeed(cluster, seed, [{ name: 'worker replaced while frozen', afterMs: 700 }])).problems,
        );
      }
    } finally {
      await cluster.stop();
    }
    expect(problems.length).toBeGreaterThan(0);
  },
  SEASON_MS * STALE,
);
