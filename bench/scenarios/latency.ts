/** One user, sequential jobs: the time that the system adds to the gateway's own time. */
import { relayTimes } from '../client/wholeness';
import type { Transcript } from '../client/transcript';
import { percentile } from '../statistics';
import type { Scenario } from './scenario';

const TOKENS = 50;
export const FIRST_TOKEN_MS = 20;
const INTERVAL_MS = 5;
const LIMIT_MS = 30_000;

export const latency: Scenario = {
  name: 'latency',
  title: `Added for one user, ms: ${TOKENS} tokens at ${INTERVAL_MS} ms, the gateway's first after ${FIRST_TOKEN_MS} ms`,
  metrics: [
    { key: 'first-token.p50', label: 'first token, p50' },
    { key: 'first-token.p99', label: 'first token, p99' },
    { key: 'relay.p50', label: 'relay of a token, p50' },
    { key: 'relay.p99', label: 'relay of a token, p99' },
    { key: 'end.p50', label: 'last token to end of job, p50' },
  ],
  rounds: ({ rounds }) => rounds,
  suits: ({ name }, { thorough }) => thorough || name !== 'ours-ws',
  async measure(bench, subject) {
    await bench.script({
      tokens: { count: TOKENS, stamped: true },
      firstTokenMs: FIRST_TOKEN_MS,
      intervalMs: INTERVAL_MS,
    });
    const jobs: Transcript[] = [];
    for (let i = 0; i < bench.size.latencyJobs; i++)
      jobs.push(await subject.call({ swarm: 'one-voice', message: 'Say something.', limitMs: LIMIT_MS }));
    bench.check(subject, latency.name, jobs, { turns: 1, tokens: TOKENS });
    const relay = jobs.flatMap((received) => relayTimes(received, bench.clockAheadMs));
    const first = jobs.map(addedToFirstToken);
    return {
      'first-token.p50': percentile(first, 50),
      'first-token.p99': percentile(first, 99),
      'relay.p50': percentile(relay, 50),
      'relay.p99': percentile(relay, 99),
      'end.p50': percentile(jobs.map(lastTokenToEnd), 50),
    };
  },
};

/** Time from the request to the first token, minus the gateway's scripted time. */
export function addedToFirstToken({ pieces, sentAt }: Transcript): number {
  return (pieces[0]?.at ?? NaN) - sentAt - FIRST_TOKEN_MS;
}

function lastTokenToEnd({ pieces, endedAt }: Transcript): number {
  return endedAt - (pieces[pieces.length - 1]?.at ?? NaN);
}
