/** Gateway faults that a job must survive: the time beyond the requested waits and the streams themselves. */
import type { Reply } from '../../test/support/scripted-gateway';
import type { Transcript } from '../client/transcript';
import type { Scenario } from './scenario';

const TOKENS = 50;
const INTERVAL_MS = 5;
const FIRST_TOKEN_MS = 20;
const STREAM_MS = FIRST_TOKEN_MS + (TOKENS - 1) * INTERVAL_MS;
const RETRY_AFTER_MS = 1000;
const CUT_AFTER = 25;
const LIMIT_MS = 60_000;

const good: Reply = {
  tokens: { count: TOKENS, stamped: true },
  firstTokenMs: FIRST_TOKEN_MS,
  intervalMs: INTERVAL_MS,
};
const refusal = (status: number): Reply => ({ status, body: { error: { code: status, message: 'not now' } } });
const limited: Reply = { ...refusal(429), wait: { ms: RETRY_AFTER_MS, as: 'retry-after' } };

/** `neededMs`: the time of waits and streams themselves; a cut stream is sent again from its start. */
const FAULTS: { key: string; label: string; replies: Reply[]; neededMs: number }[] = [
  {
    key: 'rate-limited',
    label: '429 with Retry-After: 1, twice',
    replies: [limited, limited],
    neededMs: 2 * RETRY_AFTER_MS + STREAM_MS,
  },
  { key: 'server-error', label: '500, twice', replies: [refusal(500), refusal(500)], neededMs: STREAM_MS },
  {
    key: 'cut',
    label: `stream cut after ${CUT_AFTER} of ${TOKENS} tokens`,
    replies: [{ ...good, fault: { kind: 'cut', at: CUT_AFTER } }],
    neededMs: FIRST_TOKEN_MS + CUT_AFTER * INTERVAL_MS + STREAM_MS,
  },
];

export const faults: Scenario = {
  name: 'faults',
  title: 'Gateway faults: extra ms, beyond the waits asked for and the streams themselves',
  metrics: FAULTS.map(({ key, label }) => ({ key, label })),
  rounds: ({ faultRounds }) => faultRounds,
  suits: ({ name }, { thorough }) => name !== 'ours-ws' && (thorough || name !== 'direct'),
  async measure(bench, subject) {
    await bench.script(good);
    await bench.gateway.send({
      when: FAULTS.map(({ key, replies }) => ({ match: { lastMessageIncludes: key }, reply: replies })),
    });
    const sample: Record<string, number> = {};
    for (const { key, neededMs } of FAULTS) {
      const received = await subject.call({ swarm: 'one-voice', message: `Meet ${key}.`, limitMs: LIMIT_MS });
      // what a fault does to `direct` is a result; the product must succeed
      if (subject.name !== 'direct') bench.check(subject, `faults, ${key}`, [received], { turns: 1, tokens: TOKENS });
      if (received.completed) sample[key] = computeDuration(received) - neededMs;
    }
    return sample;
  },
};

function computeDuration({ endedAt, sentAt }: Transcript): number {
  return endedAt - sentAt;
}
