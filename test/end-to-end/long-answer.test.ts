/** An answer of 10,000 tokens, resumed from any place by each kind of reader. */
import { createChance } from '../support/chance';
import { collectSse, foldFrames, get, listTexts, Watcher, type AnyFrame } from '../support/readers';
import { createStack, type Stack } from '../support/stack';

const TOKENS = 10_000;
const CURSORS = 30;
const SEED = 20_261_122;

let stack: Stack;
beforeAll(async () => (stack = await createStack()), 60_000);
afterAll(() => stack.stop());

type Reader = (runId: string, after: string) => Promise<AnyFrame[]>;

const readers: Record<string, Reader> = {
  SSE: (runId, after) => collectSse(`${stack.url}/runs/${runId}/events?after=${after}`),
  async WebSocket(runId, after) {
    const watcher = await Watcher.connect(stack.url);
    watcher.send({ run_id: runId, after });
    await watcher.done();
    watcher.close();
    return watcher.frames;
  },
  async 'long poll'(runId, after) {
    const frames: AnyFrame[] = [];
    for (let cursor = after, done = false; !done;) {
      const { body } = await get(`${stack.url}/runs/${runId}/events?after=${cursor}&wait=5`);
      frames.push(...body.frames);
      ({ cursor, done } = body);
    }
    return frames;
  },
};

test('readers that begin at any cursor of an answer of 10,000 tokens get all of it, during the stream and after', async () => {
  stack.gateway.always('balanced-model', { tokens: { count: TOKENS }, intervalMs: 1 });
  const watcher = await Watcher.connect(stack.url);
  watcher.send({ swarm_id: 'one-voice', message: 'Count', max_tokens: TOKENS });
  const chance = createChance(SEED);
  const { run_id: runId = '' } = await watcher.frame(({ content }) => content?.includes('#100 ') ?? false);
  // half of the readers begin during the stream, at a place that has been published by then
  const resume = async () => {
    const after = chance.pick(watcher.frames.slice(0, -1)).cursor!;
    const kind = chance.pick(Object.keys(readers));
    return { kind, after, frames: await readers[kind]!(runId, after) };
  };
  const early = await Promise.all(Array.from({ length: CURSORS / 2 }, resume));
  await watcher.done(runId, 60_000);
  const late = await Promise.all(Array.from({ length: CURSORS / 2 }, resume));

  const { body } = await get(`${stack.url}/runs/${runId}`);
  const whole = stack.gateway.calls()[0]?.textSent;
  expect(body.responses).toEqual([whole]);
  const all = watcher.frames.map(({ receivedAt: _at, ...frame }) => frame);
  for (const { kind, after, frames } of [...early, ...late]) {
    const before = watcher.frames.slice(0, watcher.frames.findIndex(({ cursor }) => cursor === after) + 1);
    expect([kind, after, listTexts(foldFrames([...before, ...frames])).answer === whole]).toEqual([kind, after, true]);
    expect(frames.map(({ receivedAt: _at, id: _id, ...frame }) => frame)).toEqual(all.slice(before.length));
  }
  watcher.close();
});
