/** Long answers at full speed: tokens per second. */
import { percentile } from '../statistics';
import { carry } from './load';
import type { Scenario } from './scenario';

const TOKENS = 1000;

export function long(users: number): Scenario {
  const name = `long-${users}`;
  return {
    name,
    title: `Long answers: ${TOKENS}-token jobs at zero interval, ${users} user${users === 1 ? '' : 's'}`,
    metrics: [
      { key: 'tokens-per-s', label: 'tokens per second' },
      { key: 'job.p50', label: 'job, p50, ms' },
      { key: 'cpu', label: 'CPU seconds per 1000 jobs, all processes' },
    ],
    rounds: ({ rounds }) => rounds,
    suits: ({ name }) => name !== 'ours-ws',
    async measure(bench, subject) {
      const { jobs, seconds, cpu } = await carry(bench, subject, {
        users,
        tokens: TOKENS,
        seconds: bench.size.loadSeconds / 2,
      });
      bench.check(subject, name, jobs, { turns: 1, tokens: TOKENS });
      return {
        'tokens-per-s': (jobs.length * TOKENS) / seconds,
        'job.p50': percentile(
          jobs.map(({ endedAt, sentAt }) => endedAt - sentAt),
          50,
        ),
        cpu,
      };
    },
  };
}
