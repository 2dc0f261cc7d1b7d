/** A cancelled run's id reaches every worker that watches the run, and nobody else. */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { callOutCancel, listenForCancellations, type Cancellations } from '../../src/redis/cancellations';
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

it('aborts all watches of the run, at every worker, at once', async () => {
  const { run_id } = newScope();
  const watches = [worker.watch(run_id), worker.watch(run_id), other.watch(run_id)];
  const calledAt = performance.now();
  await callOutCancel(redis, run_id);
  await Promise.all(watches.map(aborted));
  expect(performance.now() - calledAt).toBeLessThan(500);
  expect(watches.map(({ signal }) => signal.reason as unknown)).toEqual(Array(3).fill(expect.any(Error)));
});

it('leaves other runs alone', async () => {
  const [cancelled, untouched] = [newScope().run_id, newScope().run_id].map((id) => ({ id, ...worker.watch(id) }));
  await callOutCancel(redis, cancelled!.id);
  await aborted(cancelled!);
  expect(untouched!.signal.aborted).toBe(false);
});

it('does not abort a watch that was released, and still aborts the others of the run', async () => {
  const { run_id } = newScope();
  const [released, kept] = [worker.watch(run_id), worker.watch(run_id)];
  released.release();
  await callOutCancel(redis, run_id);
  await aborted(kept);
  expect(released.signal.aborted).toBe(false);
});

it('watches anew after the last watch of the run was released, also when that one is released again', async () => {
  const { run_id } = newScope();
  const first = worker.watch(run_id);
  first.release();
  const second = worker.watch(run_id);
  first.release();
  // calls arrive in order: when the witness has heard, the run has too
  const witnessed = newScope().run_id;
  const witness = worker.watch(witnessed);
  await callOutCancel(redis, run_id);
  await callOutCancel(redis, witnessed);
  await aborted(witness);
  expect(second.signal.aborted).toBe(true);
});

it('hears calls again after its connection was cut', async () => {
  const { run_id } = newScope();
  const { signal } = worker.watch(run_id);
  await killConnection(subscriber, redis);
  for (let tries = 0; tries < 100 && !signal.aborted; tries++) {
    await callOutCancel(redis, run_id);
    await sleep(20);
  }
  expect(signal.aborted).toBe(true);
});
