/** What a number of live streams needs while it lasts, and what its runs leave behind. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createCompaction } from '../../src/redis/compaction';
import { connectRedis, type RedisConnection } from '../../src/redis/connect';
import { relayTimes } from '../client/wholeness';
import { readUsedBytes } from '../redis-usage';
import { percentile, sum } from '../statistics';
import type { Subject } from '../systems/system';
import { readCpuSeconds, residentMiB } from '../usage';
import type { Bench, Sample, Scenario } from './scenario';

const INTERVAL_MS = 50;
const TOKENS = 600;
/** The streams begin one after the other during this time. */
const RAMP_MS = 10_000;
/** All streams are live between these times after the first began, if the machine keeps up. */
const LIVE_FROM_MS = 12_000;
const LIVE_MS = 12_000;
const LIMIT_MS = 600_000;
/** Of the compacted streams; longer than the measurement. */
const TTL_SECONDS = 3600;
const ROLES = ['worker', 'api', 'redis', 'temporal'];

export function capacity(count: number): Scenario {
  const name = `capacity-${count}`;
  const ofRoles = (key: string, label: string) => [
    { key, label },
    ...ROLES.map((role) => ({ key: `${key}.${role}`, label: `  of which ${role}` })),
  ];
  return {
    name,
    title: `${count} live streams of ${1000 / INTERVAL_MS} tokens a second, begun over ${RAMP_MS / 1000} s`,
    metrics: [
      ...ofRoles('cores', 'cores in use'),
      ...ofRoles('memory', 'memory, MiB'),
      { key: 'relay.p50', label: 'relay of a token, p50, ms' },
      { key: 'relay.p99', label: 'relay of a token, p99, ms' },
      { key: 'redis.live', label: 'Redis: bytes of a live stream' },
      { key: 'redis.stored', label: 'Redis: bytes of an ended run' },
      { key: 'redis.compacted', label: 'Redis: the same, compacted' },
      { key: 'temporal.stored', label: 'Temporal: bytes on disk of an ended run' },
      { key: 'failed', label: 'jobs failed or damaged', kind: 'count' },
    ],
    rounds: () => 1,
    suits: ({ name }) => name === 'ours',
    async measure(bench, subject) {
      const redis = connectRedis({ url: bench.redisUrl, patient: true });
      try {
        return await measureStreams(bench, subject, name, count, redis);
      } finally {
        redis.disconnect();
      }
    },
  };
}

async function measureStreams(
  bench: Bench,
  subject: Subject,
  name: string,
  count: number,
  redis: RedisConnection,
): Promise<Sample> {
  await bench.script({ tokens: { count: TOKENS, stamped: true }, intervalMs: INTERVAL_MS });
  // of earlier measurements
  await compact(redis);
  const bytesBefore = await readUsedBytes(redis);
  const diskBefore = bench.databaseBytes();
  const order = async (index: number) => {
    await sleep((index * RAMP_MS) / count);
    return subject.call({ swarm: 'one-voice', message: 'Say something.', limitMs: LIMIT_MS });
  };
  const streaming = Promise.all(Array.from({ length: count }, (_, index) => order(index)));
  await sleep(LIVE_FROM_MS);
  const live = await measureLive(subject);
  const liveBytes = ((await readUsedBytes(redis)) - bytesBefore) / count;
  const jobs = await streaming;
  await bench.settle();
  const { failed, lost, repeated, misplaced } = bench.check(subject, name, jobs, { turns: 1, tokens: TOKENS });
  const stored = ((await readUsedBytes(redis)) - bytesBefore) / count;
  await compact(redis);
  const relay = jobs.flatMap((received) => relayTimes(received, bench.clockAheadMs));
  return {
    ...live,
    'relay.p50': percentile(relay, 50),
    'relay.p99': percentile(relay, 99),
    'redis.live': liveBytes,
    'redis.stored': stored,
    'redis.compacted': ((await readUsedBytes(redis)) - bytesBefore) / count,
    'temporal.stored': (bench.databaseBytes() - diskBefore) / count,
    failed: failed + lost + repeated + misplaced,
  };
}

/** Compacts the streams of ended runs, which a worker does ten minutes after their end. */
async function compact(redis: RedisConnection): Promise<void> {
  const { compactEndedBefore } = createCompaction(redis, TTL_SECONDS, (runId, error) => {
    throw new Error(`compaction of ${runId}`, { cause: error });
  });
  await compactEndedBefore(0);
}

/** Cores and memory, all and by role. */
async function measureLive({ system }: Subject): Promise<Sample> {
  const members = system.members();
  const before = readCpuSeconds(members);
  const startedAt = performance.now();
  await sleep(LIVE_MS);
  const seconds = (performance.now() - startedAt) / 1000;
  const cores = readCpuSeconds(members).map((after, i) => (after - (before[i] ?? NaN)) / seconds);
  const memory = members.map(({ pid }) => residentMiB(pid));
  const byRole = (key: string, values: number[]) => members.map(({ role }, i) => [`${key}.${role}`, values[i] ?? NaN]);
  return {
    cores: sum(cores),
    memory: sum(memory),
    ...(Object.fromEntries([...byRole('cores', cores), ...byRole('memory', memory)]) as Sample),
  };
}
