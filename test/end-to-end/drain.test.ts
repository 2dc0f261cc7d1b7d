import { createStack, until, type Stack } from '../support/stack';
import { foldFrames, get, readSse, listTexts, Watcher, type AnyFrame } from '../support/readers';

let stack: Stack;
afterEach(() => stack.stop());

const READERS = 25;
/** Ten seconds of text: long enough that all runs stream when the processes are told to stop. */
/** Enough that no turn ends before all readers follow theirs, also on a slow machine. */
const TOKENS = 320;
/** Well below the heartbeat timeout of Temporal. */
const AT_ONCE_MS = 8000;

/** Resolves once API and worker have been restarted. */
const back = { again: () => {}, promise: Promise.resolve() };
beforeEach(() => void (back.promise = new Promise((resolve) => (back.again = resolve))));

/** Reads a run over SSE, and resumes by cursor each time the stream ends without `[DONE]`, as EventSource does. */
async function readThrough(swarm: string, frames: AnyFrame[]): Promise<void> {
  const body = JSON.stringify({ swarm_id: swarm, message: 'Count', stream: true });
  let asking = fetch(`${stack.url}/swarm/execute`, { method: 'POST', body });
  for (;;) {
    try {
      for await (const frame of readSse(await asking)) frames.push(frame);
    } catch {
      // the API is unavailable for a moment
    }
    const last = frames[frames.length - 1];
    if (last?.done) return;
    await back.promise;
    asking = fetch(`${stack.url}/runs/${last?.run_id}/events?after=${last?.cursor}`);
  }
}

/** The same over a WebSocket; returns the codes with which connections were closed. */
async function watchThrough(frames: AnyFrame[]): Promise<number[]> {
  const codes: number[] = [];
  for (;;) {
    const watcher = await Watcher.connect(stack.url);
    const last = frames[frames.length - 1];
    watcher.send(last ? { run_id: last.run_id, after: last.cursor } : { swarm_id: 'one-voice', message: 'Count' });
    const closed = new Promise<number>((resolve) => watcher.socket.once('close', (code: number) => resolve(code)));
    const outcome = await Promise.race([closed, watcher.done(undefined, 60_000).then(() => 'done' as const)]);
    frames.push(...watcher.frames);
    if (outcome === 'done') return (watcher.close(), codes);
    codes.push(outcome);
    await back.promise;
  }
}

test('API and worker are stopped with fifty connected readers, and none of them loses or repeats text', async () => {
  stack = await createStack();
  stack.gateway.always('balanced-model', { tokens: { count: TOKENS }, intervalMs: 60 });
  const frames: AnyFrame[][] = Array.from({ length: 2 * READERS }, () => []);
  const sse = frames.slice(0, READERS).map((kept) => readThrough('one-voice', kept));
  const watching = frames.slice(READERS).map((kept) => watchThrough(kept));
  await until(() => stack.gateway.open() === 2 * READERS, 30_000);
  await until(() => frames.slice(0, READERS).every((kept) => kept.length > 10), 30_000);
  const reported = Date.now();
  await Promise.all([stack.api.kill('SIGTERM'), stack.worker.kill('SIGTERM')]);
  expect(Date.now() - reported).toBeLessThan(6000);
  expect(stack.api.child.exitCode).toBe(0);
  expect(stack.worker.child.exitCode).toBe(0);
  await Promise.all([stack.startApi(), stack.startWorker()]);
  const restarted = Date.now();
  back.again();
  const [codes] = await Promise.all([Promise.all(watching), Promise.all(sse)]);
  expect(codes).toEqual(codes.map(() => [1001]));
  for (const kept of frames) {
    const { body } = await get(`${stack.url}/runs/${kept[0]?.run_id}`);
    expect(listTexts(foldFrames(kept)).answer).toBe(body.responses[0]);
    // turns that the stopping worker interrupted continued at once, without a missed heartbeat
    expect(body.turns[0].attempts).toBe(2);
    const [resumed] = kept.filter(({ event }) => event === 'turn.resumed');
    expect(Number(resumed?.at) - restarted).toBeLessThan(AT_ONCE_MS);
  }
});
