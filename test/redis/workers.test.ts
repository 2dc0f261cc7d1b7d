/** Status reports of workers exist while the workers live. */
import { randomUUID } from 'node:crypto';
import type { RedisConnection } from '../../src/redis/connect';
import { workerKey } from '../../src/redis/keys';
import {
  forgetWorker,
  listLiveWorkers,
  REPORT_INTERVAL_MS,
  reportWorker,
  type WorkerReport,
} from '../../src/redis/workers';
import { createTestRedis, type TestRedis } from '../support/redis';

let server: TestRedis;
let redis: RedisConnection;

beforeAll(async () => {
  server = await createTestRedis();
  redis = server.connect();
});
afterAll(() => server.stop());

const newReport = (): WorkerReport => ({
  id: `worker-${randomUUID()}`,
  gateways: [{ gateway: 'local', ok: false, problem: 'It does not answer.' }],
  models: { fast: 'some-model' },
  at: Date.now(),
});
const find = async (id: string) => (await listLiveWorkers(redis)).filter((report) => report.id === id);

it('a report is read as written, once, and the newest of a worker applies', async () => {
  const report = newReport();
  await reportWorker(redis, { ...report, gateways: [] });
  await reportWorker(redis, report);
  expect(await find(report.id)).toEqual([report]);
});

it('all workers are listed, more than one scan returns', async () => {
  const reports = Array.from({ length: 700 }, newReport);
  await Promise.all(reports.map((report) => reportWorker(redis, report)));
  const seen = new Set((await listLiveWorkers(redis)).map(({ id }) => id));
  expect(reports.filter(({ id }) => !seen.has(id))).toEqual([]);
  await Promise.all(reports.map(({ id }) => forgetWorker(redis, id)));
});

it('a worker that unregistered is removed at once', async () => {
  const report = newReport();
  await reportWorker(redis, report);
  await forgetWorker(redis, report.id);
  expect(await find(report.id)).toEqual([]);
});

it('a silent worker is removed after several missing reports, not after one', async () => {
  const report = newReport();
  await reportWorker(redis, report);
  const ttlMs = await redis.pttl(workerKey(report.id));
  expect(ttlMs).toBeGreaterThan(2 * REPORT_INTERVAL_MS);
  expect(ttlMs).toBeLessThan(4 * REPORT_INTERVAL_MS);
  await redis.pexpire(workerKey(report.id), 1);
  while (await redis.exists(workerKey(report.id)));
  expect(await find(report.id)).toEqual([]);
});
