/** The process that calls the gateway is killed during a stream, and another is started after 0.3 s. */
import { findDamage, type Damage } from '../client/wholeness';
import type { Transcript } from '../client/transcript';
import { now } from '../../test/support/scripted-gateway';
import { sum } from '../statistics';
import type { Subject } from '../systems/system';
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
    { key: 'end-anew', label: 'the same where the model begins anew, ms' },
    { key: 'damage', label: 'tokens lost, repeated or misplaced', kind: 'count' },
  ],
  rounds: ({ faultRounds }) => faultRounds,
  suits: ({ name }, { thorough }) => name !== 'ours-ws' && (thorough || name !== 'direct'),
  async measure(bench, subject) {
    const continued = await crashIn(bench, subject, 'one-voice');
    if (subject.name === 'direct') return { done: Number(continued.received.completed) };
    const anew = await crashIn(bench, subject, 'one-voice-anew');
    const received = [continued.received, anew.received];
    bench.check(subject, crash.name, received, { turns: 1, tokens: TOKENS });
    return {
      done: Number(received.every(({ completed }) => completed)),
      'second-call': continued.secondCall,
      end: continued.end,
      'end-anew': anew.end,
      damage: sum(received.map((one) => findDamage(one, { turns: 1, tokens: TOKENS })).map(tokensHarmed)),
    };
  },
};

/** Runs a job during which the process is killed; times are milliseconds after the kill. */
async function crashIn(bench: Bench, subject: Subject, swarm: string) {
  // not stamped: a model that continues repeats its last words unchanged
  await bench.script({ tokens: { count: TOKENS }, intervalMs: INTERVAL_MS });
  let killedAt = NaN;
  let back: Promise<void> | undefined;
  const onPiece = ({ pieces }: Transcript) => {
    if (back || pieces.length < KILLED_AFTER) return;
    killedAt = now();
    back = subject.system.crash(DOWN_MS);
  };
  const received = await subject.call({ swarm, message: 'Say something.', limitMs: LIMIT_MS, onPiece });
  await back;
  const secondCall = await secondCallAt(bench);
  // the restarted process is cold, which must not affect later measurements
  await carry(bench, subject, WARM_UP);
  return { received, secondCall: secondCall - killedAt, end: received.endedAt - killedAt };
}

function tokensHarmed({ lost, repeated, misplaced }: Damage): number {
  return lost + repeated + misplaced;
}

async function secondCallAt({ gateway, clockAheadMs }: Bench): Promise<number> {
  const calls = (await gateway.requests()).filter(({ path }) => path.endsWith('/chat/completions'));
  return (calls[1]?.at ?? NaN) - clockAheadMs;
}
