/** The process that calls the gateway is killed in mid-stream, and another is started after 0.3 s. */
import { damageOf } from '../client/wholeness';
import type { Transcript } from '../client/transcript';
import { now } from '../../test/support/scripted-gateway';
import { carry } from './load';
import type { Bench, Scenario } from './scenario';

const TOKENS = 100;
const INTERVAL_MS = 20;
const KILLED_AFTER = 40;
const DOWN_MS = 300;
const LIMIT_MS = 90_000;
const WARM_UP = { users: 16, tokens: 100, seconds: 1 };

export const crash: Scenario = {
  name: 'crash',
  title: `kill -9 with ${KILLED_AFTER} of ${TOKENS} tokens sent (${INTERVAL_MS} ms apart), another process after ${DOWN_MS} ms`,
  metrics: [
    { key: 'done', label: 'job done, on the same connection', kind: 'yes-no' },
    { key: 'second-call', label: 'second call after the kill, ms' },
    { key: 'end', label: 'job end after the kill, ms' },
    { key: 'damage', label: 'tokens lost, repeated or misplaced', kind: 'count' },
  ],
  rounds: ({ faultRounds }) => faultRounds,
  suits: ({ name }, { thorough }) => name !== 'ours-ws' && (thorough || name !== 'direct'),
  async measure(bench, subject) {
    await bench.script({ tokens: { count: TOKENS, stamped: true }, intervalMs: INTERVAL_MS });
    let killedAt = NaN;
    let back: Promise<void> | undefined;
    const onPiece = ({ pieces }: Transcript) => {
      if (back || pieces.length < KILLED_AFTER) return;
      killedAt = now();
      back = subject.system.crash(DOWN_MS);
    };
    const heard = await subject.call({ swarm: 'one-voice', message: 'Say something.', limitMs: LIMIT_MS, onPiece });
    await back;
    const secondCall = await secondCallAt(bench);
    // whoever was started now is cold, and the next scenario is not about that
    await carry(bench, subject, WARM_UP);
    if (subject.name === 'direct') return { done: Number(heard.completed) };
    bench.check(subject, crash.name, [heard], { turns: 1, tokens: TOKENS });
    const { lost, repeated, misplaced } = damageOf(heard, { turns: 1, tokens: TOKENS });
    return {
      done: Number(heard.completed),
      'second-call': secondCall - killedAt,
      end: heard.endedAt - killedAt,
      damage: lost + repeated + misplaced,
    };
  },
};

async function secondCallAt({ gateway, clockAheadMs }: Bench): Promise<number> {
  const calls = (await gateway.requests()).filter(({ path }) => path.endsWith('/chat/completions'));
  return (calls[1]?.at ?? NaN) - clockAheadMs;
}
