/** The id of a cancelled run reaches every worker that watches the run, and no other watch. */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { publishCancellation, listenForCancellations, type Cancellations } from '../../src/redis/cancellations';
import type { RedisConnection } from '../../src/redis/connect';
import { createTestRedis, killConnection, type TestRedis } from '../support/redis';
import { newScope } from './fixtures';

let server: TestRedis;
let redis: RedisConnection;
let subscriber: RedisConnection;
let worker: Cancellations;
let other: Cancellations;

beforeAll(async () => {
  server = await createTestRedis();
  redis = server.connect();
  subscriber = server.connect();
  worker = await listenForCancellations(subscriber);
  other = await listenForCancellations(server.connect());
});
afterAll(() => server.stop());

const aborted = ({ signal }: { signal: AbortSignal }) => signal.aborted || once(signal, 'abort');

it('aborts all watches of the run on every worker at once', async () => {
  const { run_id } = newScope();
  const watches = [worker.watch(run_id), worker.watch(run_id), other.watch(run_id)];
  const calledAt = performance.now();
  await publishCancellation(redis, run_id);
  await Promise.all(watches.map(aborted));
  expect(performance.now() - calledAt).toBeLessThan(500);
  expect(watches.map(({ signal }) => signal.reason as unknown)).toEqual(Array(3).fill(expect.any(Error)));
});

it('does not affect other runs', async () => {
  const [cancelled, untouched] = [newScope().run_id, newScope().run_id].map((id) => ({ id, ...worker.watch(id) }));
  await publishCancellation(redis, cancelled!.id);
  await aborted(cancelled!);
  expect(untouched!.signal.aborted).toBe(false);
});

it('does not abort a released watch, and still aborts the others of the run', async () => {
  const { run_id } = newScope();
  const [released, kept] = [worker.watch(run_id), worker.watch(run_id)];
  released.release();
  await publishCancellation(redis, run_id);
  await aborted(kept);
  expect(released.signal.aborted).toBe(false);
});

it('watches a run again after its last watch was released, also if that one is released twice', async () => {
  const { run_id } = newScope();
  const first = worker.watch(run_id);
  first.release();
  const second = worker.watch(run_id);
  first.release();
  // messages arrive in order: once the witness was notified, so was the run
  const witnessed = newScope().run_id;
  const witness = worker.watch(witnessed);
  await publishCancellation(redis, run_id);
  await publishCancellation(redis, witnessed);
  await aborted(witness);
  expect(second.signal.aborted).toBe(true);
});

it('receives messages again after its connection was broken', async () => {
  const { run_id } = newScope();
  const { signal } = worker.watch(run_id);
  await killConnection(subscriber, redis);
  for (let tries = 0; tries < 100 && !signal.aborted; tries++) {
    await publishCancellation(redis, run_id);
    await sleep(20);
  }
  expect(signal.aborted).toBe(true);
});
