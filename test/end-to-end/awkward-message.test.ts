/** A message that is slow to parse does not delay other runs: they continue to stream, and each of their calls is paid once. */
import { post, Watcher } from '../support/readers';
import { createStack, type Stack } from '../support/stack';

let stack: Stack;
beforeAll(async () => (stack = await createStack()), 60_000);
beforeEach(() => stack.gateway.reset());
afterAll(() => stack.stop());

const PROGRAM = '```python\ndef f(a):\n    return a\n```\nVERDICT: PASS';
const MODELS = ['coding-model', 'strategic-model', 'optimistic-model', 'cautious-model'];
/** Longer than any pause of a busy machine, and much shorter than the former parsing time of one of these messages. */
const LONGEST_PAUSE_MS = 5000;

const SPACES = ' '.repeat(120_000);

it.each([
  ['a list mark before a run of spaces', `-${SPACES}x`],
  ['a condition with a run of spaces', `def f(a):\nFor${SPACES}x`],
  ['escaped quotes behind a call', `f(${'\\"'.repeat(60_000)}`],
  ['assertions before a backtick', `assert ${'assert '.repeat(17_000)}\` x`],
  ['heaps of brackets', `f(${'['.repeat(120_000)}`],
])(
  '%s, 120,000 characters',
  async (_name, text) => {
    for (const model of MODELS) stack.gateway.always(model, { tokens: [PROGRAM] });
    stack.gateway.always('balanced-model', { tokens: { count: 100 }, intervalMs: 50 });
    const watcher = await Watcher.connect(stack.url);
    watcher.send({ swarm_id: 'one-voice', message: 'Speak.' });
    const message = `Write f.\n${text}`;
    const { status, body } = await post(`${stack.url}/swarm/execute`, { swarm_id: 'coding-swarm', message });
    expect([status, body.status]).toEqual([200, 'complete']);
    const done = await watcher.done(undefined, 60_000);
    expect(done.event).toBe('run.completed');
    const times = watcher.frames.map(({ receivedAt }) => receivedAt);
    const pauses = times.slice(1).map((at, i) => at - times[i]!);
    expect(Math.max(...pauses)).toBeLessThan(LONGEST_PAUSE_MS);
    expect(stack.gateway.calls().filter((call) => call.model === 'balanced-model')).toHaveLength(1);
    watcher.close();
  },
  120_000,
);
