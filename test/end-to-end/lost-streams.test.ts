/** Streams that were compacted, expired or lost; and clients that can only poll. */
import { randomUUID } from 'node:crypto';
import type { RedisConnection } from '../../src/redis/connect';
import { createEventReader } from '../../src/redis/events';
import { createTestRedis, type TestRedis } from '../support/redis';
import { collectSse, foldFrames, get, post, listTexts, Watcher, type AnyFrame } from '../support/readers';
import { createStack, until, type Stack } from '../support/stack';

let stack: Stack;
let server: TestRedis;
let redis: RedisConnection;
beforeAll(async () => {
  [stack, server] = await Promise.all([createStack({ EVENTS_COMPACT_SECONDS: '0' }), createTestRedis()]);
  redis = server.connect();
});
afterAll(() => Promise.all([stack.stop(), server.stop()]));

const isReset = ({ event }: AnyFrame) => event === ('run.reset' as string);
const eventsUrl = (runId: string, query = '') => `${stack.url}/runs/${runId}/events${query}`;

/** The cursor of a reader that has the first piece of the text. The number of pieces depends on the load of the machine. */
function inMidText(frames: readonly AnyFrame[]): string {
  return frames.find(({ event }) => event === 'turn.delta')!.cursor!;
}

interface Finished {
  runId: string;
  /** The frames as they were while the run streamed. */
  frames: AnyFrame[];
  text: string;
}

async function finishedRun(tokens = 60): Promise<Finished> {
  stack.gateway.script('balanced-model', [{ tokens: { count: tokens }, intervalMs: 2 }]);
  const watcher = await Watcher.connect(stack.url);
  watcher.send({ swarm_id: 'one-voice', message: `Count ${randomUUID()}` });
  const { run_id: runId = '' } = await watcher.done();
  watcher.close();
  return { runId, frames: watcher.frames, text: listTexts(foldFrames(watcher.frames)).answer ?? '' };
}

async function compacted(runId: string): Promise<void> {
  await until(async () => (await createEventReader(redis).head(runId))?.compacted, 15_000);
}

/** Expects the whole run again, after the reset that every reader of the old stream gets. */
async function expectReconstructed(runId: string, after: string, text: string): Promise<void> {
  const [reset, ...rest] = await collectSse(eventsUrl(runId, `?after=${after}`));
  expect(isReset(reset!)).toBe(true);
  const { session_id, team_id } = rest[0]!;
  expect(reset).toMatchObject({ run_id: runId, session_id, team_id, done: false });
  expect(listTexts(foldFrames(rest)).answer).toBe(text);
  expect(rest.at(-1)?.done).toBe(true);
}

test('a compacted stream has the same content in few events, for new readers and for those in the middle of the long one', async () => {
  const { runId, frames, text } = await finishedRun();
  await compacted(runId);
  const short = await collectSse(eventsUrl(runId));
  expect(short.map(({ event }) => event)).toEqual([
    ...['run.started', 'turn.started', 'turn.delta'],
    ...['turn.completed', 'run.completed'],
  ]);
  expect(listTexts(foldFrames(short)).answer).toBe(text);
  await expectReconstructed(runId, inMidText(frames), text);
  const whole = await fetch(eventsUrl(runId), { headers: { 'Last-Event-ID': frames.at(-1)!.cursor! } });
  expect(whole.status).toBe(204);
});

test('an expired stream is reconstructed from the result; a reader that had all of it is told that it has ended', async () => {
  const { runId, frames, text } = await finishedRun();
  await compacted(runId);
  await redis.del(...(await redis.keys(`murmuration:{${runId}}:*`)));
  const reported = await collectSse(eventsUrl(runId));
  expect(listTexts(foldFrames(reported)).answer).toBe(text);
  await expectReconstructed(runId, inMidText(frames), text);
  const again = await fetch(eventsUrl(runId), { headers: { 'Last-Event-ID': reported.at(-1)!.cursor! } });
  expect(again.status).toBe(204);
});

test('a failed or cancelled run is shown with its end after its stream has expired', async () => {
  const forget = async (runId: string) => redis.del(...(await redis.keys(`murmuration:{${runId}}:*`)));
  stack.gateway.script('balanced-model', [{ status: 401, body: { error: { code: 401, message: 'no' } } }]);
  const failed = await post(`${stack.url}/swarm/execute`, { swarm_id: 'one-voice', message: 'Hi' });
  stack.gateway.script('balanced-model', [{ tokens: { count: 500 }, intervalMs: 20 }]);
  const watcher = await Watcher.connect(stack.url);
  watcher.send({ swarm_id: 'one-voice', message: 'Go on' });
  const { run_id: cancelled = '' } = await watcher.frame(({ event }) => event === 'turn.delta');
  watcher.send({ cancel: cancelled });
  await watcher.done();
  watcher.close();
  for (const [runId, status] of [
    [String(failed.body.run_id), 'failed'],
    [cancelled, 'cancelled'],
  ] as const) {
    const before = (await get(`${stack.url}/runs/${runId}`)).body;
    await forget(runId);
    const { body } = await get(`${stack.url}/runs/${runId}`);
    expect(body).toMatchObject({ status, failure: before.failure });
    expect(body.failure.code).toBe(status === 'failed' ? 'GATEWAY_KEY_REFUSED' : 'CANCELLED');
    expect(body.usage).toEqual(status === 'failed' ? before.usage : undefined);
  }
});

test('over WebSocket the reset has a notice for clients that read only content', async () => {
  const { runId, frames, text } = await finishedRun();
  await compacted(runId);
  const watcher = await Watcher.connect(stack.url);
  watcher.send({ run_id: runId, after: inMidText(frames) });
  await watcher.done(runId);
  expect(watcher.frames[0]?.content).toMatch(/everything follows from the beginning/);
  expect(listTexts(foldFrames(watcher.frames.slice(1))).answer).toBe(text);
  watcher.close();
});

test('a run whose stream is lost during an answer restarts for its readers, and ends with the right text', async () => {
  stack.gateway.script('balanced-model', [{ tokens: { count: 200 }, intervalMs: 10 }, { tokens: { count: 200 } }]);
  const watcher = await Watcher.connect(stack.url);
  watcher.send({ swarm_id: 'one-voice', message: 'Count' });
  const { run_id: runId = '' } = await watcher.frame(({ content }) => content?.includes('#20 ') ?? false);
  await redis.del(...(await redis.keys(`murmuration:{${runId}}:*`)));
  await watcher.done(runId, 20_000);
  const { body } = await get(`${stack.url}/runs/${runId}`);
  const last = watcher.frames.findLastIndex(isReset);
  expect(last).toBeGreaterThan(0);
  expect(listTexts(foldFrames(watcher.frames.slice(last + 1))).answer).toBe(body.responses[0]);
  watcher.close();
});

test('long poll: repeated from its cursor, it returns every event once and then that it is done', async () => {
  stack.gateway.script('balanced-model', [{ tokens: { count: 40 }, intervalMs: 20 }]);
  const { body: started } = await post(`${stack.url}/swarm/execute`, {
    swarm_id: 'one-voice',
    message: 'Count',
    wait: false,
  });
  const runId = (started as { run_id: string }).run_id;
  const frames: AnyFrame[] = [];
  let [cursor, done, questions] = ['0', false, 0];
  while (!done) {
    const { body } = await get(eventsUrl(runId, `?after=${cursor}&wait=5`));
    frames.push(...(body.frames as AnyFrame[]));
    ({ cursor, done } = body as { cursor: string; done: boolean });
    questions++;
  }
  expect(questions).toBeGreaterThan(2);
  expect(listTexts(foldFrames(frames)).answer).toHaveLength(
    Array.from({ length: 40 }, (_, i) => `#${i} `).join('').length,
  );
  const patient = await get(eventsUrl(runId, '?wait=61'));
  expect([patient.status, patient.body.error.code]).toEqual([400, 'INVALID_FIELD']);
});
