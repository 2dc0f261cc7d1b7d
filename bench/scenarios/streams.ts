/** Many slow streams, all started at once: a machine with many readers and little work for each. */
import { relayTimes } from '../client/wholeness';
import { percentile, sum } from '../statistics';
import { readCpuSeconds } from '../usage';
import { addedToFirstToken, FIRST_TOKEN_MS } from './latency';
import type { Scenario } from './scenario';

const INTERVAL_MS = 50;
const LIMIT_MS = 180_000;

export function streams(count: number): Scenario {
  const name = `streams-${count}`;
  return {
    name,
    title: `${count} streams of ${1000 / INTERVAL_MS} tokens a second, started in one instant`,
    metrics: [
      { key: 'first-token.p50', label: 'added to first token, p50, ms' },
      { key: 'first-token.p99', label: 'added to first token, p99, ms' },
      { key: 'relay.p50', label: 'relay of a token, p50, ms' },
      { key: 'relay.p99', label: 'relay of a token, p99, ms' },
      { key: 'cores', label: 'cores in use, all processes' },
      { key: 'cpu', label: 'CPU seconds per 1000 tokens, all processes' },
      { key: 'damage', label: 'tokens lost, repeated or misplaced', kind: 'count' },
      { key: 'failed', label: 'jobs failed', kind: 'count' },
      { key: 'restarts', label: 'streams begun anew', kind: 'count' },
    ],
    rounds: ({ streamRounds }) => (count >= 1000 ? 1 : streamRounds),
    suits: ({ name }, { thorough }) => thorough || name !== 'ours-ws',
    async measure(bench, subject) {
      const tokens = bench.size.streamTokens;
      await bench.script({
        tokens: { count: tokens, stamped: true },
        firstTokenMs: FIRST_TOKEN_MS,
        intervalMs: INTERVAL_MS,
      });
      const members = subject.system.members();
      const before = sum(readCpuSeconds(members));
      const startedAt = performance.now();
      const order = () => subject.call({ swarm: 'one-voice', message: 'Say something.', limitMs: LIMIT_MS });
      const jobs = await Promise.all(Array.from({ length: count }, order));
      const seconds = (performance.now() - startedAt) / 1000;
      const used = sum(readCpuSeconds(members)) - before;
      const { failed, lost, repeated, misplaced } = bench.check(subject, name, jobs, { turns: 1, tokens });
      const first = jobs.map(addedToFirstToken).filter((ms) => !Number.isNaN(ms));
      const relay = jobs.flatMap((received) => relayTimes(received, bench.clockAheadMs));
      return {
        'first-token.p50': percentile(first, 50),
        'first-token.p99': percentile(first, 99),
        'relay.p50': percentile(relay, 50),
        'relay.p99': percentile(relay, 99),
        cores: used / seconds,
        cpu: (used / (count * tokens)) * 1000,
        damage: lost + repeated + misplaced,
        failed,
        restarts: sum(jobs.map(({ restarts }) => restarts)),
      };
    },
  };
}
