/**
 * Random faults under load, seeded: a short form with every test run, the long one by `npm run chaos` (`CHAOS_SEEDS`, and
 * `CHAOS_FIRST` to begin elsewhere). Whatever is killed, frozen, cut or emptied, every reader holds the text that the run returns.
 */
import { appendFileSync } from 'node:fs';
import { playSeason, type Season } from './season';
import { createWorld } from './world';

const SEEDS = Number(process.env.CHAOS_SEEDS ?? 3);
const FIRST = Number(process.env.CHAOS_FIRST ?? 1);
const SEASON_MS = 150_000;

function report(season: Season): void {
  const { seed, faults, problems, ms, calls, connections, resets } = season;
  const harm = faults.map(({ name, afterMs }) => `${name} at ${afterMs} ms`).join(', ');
  const line = `seed ${seed}: ${problems.length === 0 ? 'whole' : 'BROKEN'} in ${ms} ms; ${harm}; ${calls} calls, ${connections} connections, ${resets} resets`;
  if (process.env.CHAOS_REPORT) appendFileSync(process.env.CHAOS_REPORT, `${[line, ...problems].join('\n  ')}\n`);
}

test(
  `${SEEDS} seeds of faults: readers, results and Redis agree, and no finished call is paid again`,
  async () => {
    const world = await createWorld();
    const broken: Season[] = [];
    try {
      for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
        const season = await playSeason(world, seed);
        report(season);
        if (season.problems.length > 0) broken.push(season);
      }
    } finally {
      await world.stop();
    }
    expect(broken).toEqual([]);
  },
  SEEDS * SEASON_MS,
);

/** Seeds in which a stale worker writes beside its successor. */
const STALE = 4;

test(
  'without the fence it breaks: the suite can fail',
  async () => {
    const world = await createWorld({ unfenced: true });
    const problems: string[] = [];
    try {
      for (let seed = 1; seed <= STALE * 10 && problems.length === 0; seed++) {
        problems.push(
          ...(await playSeason(world, seed, [{ name: 'worker replaced while frozen', afterMs: 700 }])).problems,
        );
      }
    } finally {
      await world.stop();
    }
    expect(problems.length).toBeGreaterThan(0);
  },
  SEASON_MS * STALE,
);
