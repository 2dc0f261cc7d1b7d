/** Watching runs: WebSocket and SSE, from the start and from a cursor. */
import { setTimeout as sleep } from 'node:timers/promises';
import { cases } from '../support/scripted-gateway';
import { medianOfShots } from '../support/shots';
import { createStack, type Stack } from '../support/stack';
import { collectSse, foldFrames, get, post, readSse, listTexts, Watcher, type AnyFrame } from '../support/readers';

let stack: Stack;
beforeAll(async () => (stack = await createStack()), 60_000);
afterAll(() => stack.stop());

const order = { swarm_id: 'one-voice', message: 'Count' };

/** A run that streams for about three seconds. */
async function slowRun(tokens = 60): Promise<string> {
  stack.gateway.script('balanced-model', [{ tokens: { count: tokens }, intervalMs: 50 }]);
  return (await post(`${stack.url}/swarm/execute`, { ...order, wait: false })).body.run_id as string;
}

async function readResult(runId: string): Promise<string> {
  return ((await get(`${stack.url}/runs/${runId}`)).body.responses as string[])[0] ?? '';
}

test('a WebSocket client starts a run and folds its frames to the result', async () => {
  stack.gateway.script('balanced-model', [{ tokens: { count: 500 } }]);
  const watcher = await Watcher.connect(stack.url);
  watcher.send(order);
  const done = await watcher.done();
  expect(done.event).toBe('run.completed');
  expect(listTexts(foldFrames(watcher.frames)).answer).toBe(await readResult(done.run_id!));
  watcher.close();
});

test('text arrives as it is generated', async () => {
  const slowest = await medianOfShots(async () => {
    stack.gateway.script('balanced-model', [{ tokens: { count: 20, stamped: true }, intervalMs: 40 }]);
    const watcher = await Watcher.connect(stack.url);
    watcher.send(order);
    await watcher.done();
    const delays = watcher.frames.flatMap(({ content = '', receivedAt }) =>
      [...content.matchAll(/@([\d.]+) /g)].map(([, sentAt]) => receivedAt - Number(sentAt)),
    );
    expect(delays).toHaveLength(20);
    watcher.close();
    return Math.max(...delays);
  });
  expect(slowest).toBeLessThan(200);
});

test('one connection carries several runs at once', async () => {
  stack.gateway.script('balanced-model', [
    { tokens: { count: 30, prefix: 'a' }, intervalMs: 5 },
    { tokens: { count: 30, prefix: 'b' }, intervalMs: 5 },
  ]);
  const watcher = await Watcher.connect(stack.url);
  watcher.send(order);
  watcher.send(order);
  const first = await watcher.done();
  const second = await watcher.frame(({ done, run_id }) => done === true && run_id !== first.run_id);
  for (const { run_id } of [first, second]) {
    const own = watcher.frames.filter((frame) => frame.run_id === run_id);
    expect(listTexts(foldFrames(own)).answer).toBe(await readResult(run_id!));
  }
  watcher.close();
});

test('a watcher that disconnects and resumes by cursor gets the rest, once', async () => {
  const runId = await slowRun();
  const seen: AnyFrame[] = [];
  let after = '0';
  for (let connection = 0; connection < 4; connection++) {
    const watcher = await Watcher.connect(stack.url);
    watcher.send({ run_id: runId, after });
    await (connection < 3 ? sleep(500) : watcher.done(runId));
    watcher.close();
    seen.push(...watcher.frames);
    after = seen[seen.length - 1]?.cursor ?? after;
  }
  expect(seen[seen.length - 1]?.event).toBe('run.completed');
  expect(listTexts(foldFrames(seen)).answer).toBe(await readResult(runId));
});

test('a run that is requested twice on one connection is sent once', async () => {
  const runId = await slowRun(40);
  const watcher = await Watcher.connect(stack.url);
  for (let i = 0; i < 3; i++) watcher.send({ run_id: runId, after: '0' });
  await watcher.done(runId);
  await sleep(200);
  watcher.close();
  expect(listTexts(foldFrames(watcher.frames)).answer).toBe(await readResult(runId));
  expect(watcher.frames.filter(({ done }) => done)).toHaveLength(1);
});

test('an SSE client resumes after the last event id, and gets 204 once it has everything', async () => {
  const runId = await slowRun(40);
  const seen: AnyFrame[] = [];
  let lastEventId = '';
  for await (const frame of readSse(await fetch(`${stack.url}/runs/${runId}/events`))) {
    seen.push(frame);
    lastEventId = frame.id ?? '';
    if (seen.length === 12) break;
  }
  seen.push(...(await collectSse(`${stack.url}/runs/${runId}/events`, { headers: { 'Last-Event-ID': lastEventId } })));
  expect(listTexts(foldFrames(seen)).answer).toBe(await readResult(runId));
  const again = await fetch(`${stack.url}/runs/${runId}/events`, {
    headers: { 'Last-Event-ID': seen[seen.length - 1]?.cursor ?? '' },
  });
  expect(again.status).toBe(204);
});

test('a finished run replays from any cursor, and ends', async () => {
  const runId = await slowRun(5);
  const all = await collectSse(`${stack.url}/runs/${runId}/events`);
  for (const k of [0, 1, 4, all.length - 2]) {
    const rest = await collectSse(`${stack.url}/runs/${runId}/events?after=${all[k]?.cursor}`);
    expect(rest.map(({ cursor }) => cursor)).toEqual(all.slice(k + 1).map(({ cursor }) => cursor));
  }
});

test('a cursor of another run, and one beyond the end, are refused by name', async () => {
  const [one, other] = [await slowRun(2), await slowRun(2)];
  const frames = await collectSse(`${stack.url}/runs/${one}/events`);
  await collectSse(`${stack.url}/runs/${other}/events`);
  const foreign = await get(`${stack.url}/runs/${other}/events?after=${frames[1]?.cursor}`);
  expect([foreign.status, foreign.body.error.code]).toEqual([400, 'INVALID_CURSOR']);
  const [generation] = frames[0]?.cursor?.split('-') ?? [];
  const ahead = await get(`${stack.url}/runs/${one}/events?after=${generation}-9999`);
  expect([ahead.status, ahead.body.error.code]).toEqual([400, 'INVALID_CURSOR']);
});

test('a watcher that disconnects cancels nothing', async () => {
  const runId = await slowRun(20);
  const watcher = await Watcher.connect(stack.url);
  watcher.send({ run_id: runId });
  await watcher.frame(({ event }) => event === 'turn.delta');
  watcher.close();
  const frames = await collectSse(`${stack.url}/runs/${runId}/events`);
  expect(frames[frames.length - 1]?.event).toBe('run.completed');
});

test('the API may be killed during a stream: a new one continues from the cursor', async () => {
  const runId = await slowRun(80);
  const before = await Watcher.connect(stack.url);
  before.send({ run_id: runId });
  await before.frame(({ event }) => event === 'turn.delta');
  await sleep(300);
  await stack.api.kill('SIGKILL');
  await stack.startApi();
  const after = await Watcher.connect(stack.url);
  after.send({ run_id: runId, after: before.frames[before.frames.length - 1]?.cursor });
  await after.done(runId);
  expect(listTexts(foldFrames([...before.frames, ...after.frames])).answer).toBe(await readResult(runId));
  after.close();
});

test('SSE sends keep-alives while there are no events', async () => {
  stack.gateway.script('balanced-model', [{ ...cases.normalStream[0], firstTokenMs: 2500 }]);
  const response = await fetch(`${stack.url}/swarm/execute`, {
    method: 'POST',
    body: JSON.stringify({ ...order, stream: true }),
  });
  expect(await response.text()).toMatch(/^: /m);
});
