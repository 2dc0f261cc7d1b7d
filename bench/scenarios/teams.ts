/** Jobs of several turns, one user: the time of the whole job minus the ideal gateway time of its turns. */
import { percentile } from '../statistics';
import type { Transcript } from '../client/transcript';
import type { Subject } from '../systems/system';
import type { Bench, Scenario } from './scenario';

const TOKENS = 50;
const FIRST_TOKEN_MS = 20;
const INTERVAL_MS = 5;
const TURN_MS = FIRST_TOKEN_MS + (TOKENS - 1) * INTERVAL_MS;
const LIMIT_MS = 30_000;

/** `inRow`: how many turns run sequentially; the debate's voices run in parallel. */
const TEAMS = [
  { key: 'pipeline.p50', swarm: 'strategic-swarm', turns: 3, inRow: 3 },
  { key: 'debate.p50', swarm: 'debate-swarm', turns: 4, inRow: 2 },
];

export const teams: Scenario = {
  name: 'teams',
  title: `Added to jobs of several turns, one user, ms: each turn ${TOKENS} tokens at ${INTERVAL_MS} ms`,
  metrics: [
    { key: 'pipeline.p50', label: 'three turns in a row, p50' },
    { key: 'debate.p50', label: 'three turns at once, then one, p50' },
  ],
  rounds: ({ rounds }) => rounds,
  suits: ({ name }) => name !== 'ours-ws',
  async measure(bench, subject) {
    await bench.script({
      tokens: { count: TOKENS, stamped: true },
      firstTokenMs: FIRST_TOKEN_MS,
      intervalMs: INTERVAL_MS,
    });
    const sample: Record<string, number> = {};
    for (const team of TEAMS) sample[team.key] = await added(bench, subject, team);
    return sample;
  },
};

async function added(bench: Bench, subject: Subject, { swarm, turns, inRow }: (typeof TEAMS)[number]): Promise<number> {
  const jobs: Transcript[] = [];
  for (let i = 0; i < bench.size.teamJobs; i++)
    jobs.push(await subject.call({ swarm, message: 'What now?', limitMs: LIMIT_MS }));
  bench.check(subject, `teams, ${swarm}`, jobs, { turns, tokens: TOKENS });
  return percentile(
    jobs.map(({ endedAt, sentAt }) => endedAt - sentAt - inRow * TURN_MS),
    50,
  );
}
