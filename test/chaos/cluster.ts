/** A separate complete installation, with two of each of our processes, in which everything may be killed, suspended and emptied. */
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, logLine, start, type Running } from '../support/processes';
import type { RedisConnection } from '../../src/redis/connect';
import { startRedisServer, type RedisServer } from '../support/redis';
import { createScriptedGateway, type ScriptedGateway } from '../support/scripted-gateway';
import { startTemporalServer, type TemporalServer } from '../support/temporal';

/** A process of ours that is restarted after it is killed. */
export interface Member {
  running: Running;
  launch(): Promise<Running>;
}

export interface Cluster {
  gateway: ScriptedGateway;
  redis: RedisServer;
  /** Survives kills of Redis. */
  connection: RedisConnection;
  temporal: TemporalServer;
  workers: Member[];
  apis: Member[];
  urls: string[];
  stop(): Promise<void>;
}

const dist = (file: string) => path.join(__dirname, '../../dist', file);
/** How each model continues after a crash, so that all three ways are covered. */
const CONTINUATION = 'balanced-model=prefill,cautious-model=restart,*=instruct';
const RETRY_MS = 200;

/** `unfenced` starts workers whose store accepts writes of stale attempts, to prove that the suite can fail. */
export async function createCluster({ unfenced = false } = {}): Promise<Cluster> {
  const [gateway, redis, temporal] = await Promise.all([
    createScriptedGateway(),
    startRedisServer({ durable: true }),
    startTemporalServer(),
  ]);
  const env = {
    REDIS_URL: redis.url,
    TEMPORAL_ADDRESS: temporal.address,
    TASK_QUEUE: 'chaos',
    GATEWAY_URL: gateway.url,
    MAX_REQUESTS_PER_MINUTE_PER_ADDRESS: '10000000',
    MODEL_STRATEGIC: 'strategic-model',
    MODEL_CODING: 'coding-model',
    MODEL_DEBATE_1: 'optimistic-model',
    MODEL_DEBATE_2: 'cautious-model',
    MODEL_FAST: 'balanced-model',
    SWARMS_FILE: path.join(__dirname, '../support/swarms.json'),
    CONTINUATION,
  };
  const all = new Set<Running>();
  const launch = (file: string, ready: string, more: NodeJS.ProcessEnv, flags: string[] = []) => {
    const attempt = async (): Promise<Running> => {
      const one = start(process.execPath, [...flags, dist(file)], { ...env, ...more });
      all.add(one);
      return logLine(one, ready).then(() => one);
    };
    // a process that starts while Temporal is down exits, and is restarted, as any supervisor does
    const insist = (): Promise<Running> => attempt().catch(() => sleep(RETRY_MS).then(insist));
    return insist;
  };
  const member = async (again: () => Promise<Running>): Promise<Member> => ({ running: await again(), launch: again });
  const flags = unfenced ? ['--require', path.join(__dirname, 'unfenced.cjs')] : [];
  const ports = [await freePort(), await freePort()];
  const [workers, apis] = await Promise.all([
    Promise.all(
      ['first', 'second'].map((name) => member(launch('worker.js', 'worker ready', { WORKER_NAME: name }, flags))),
    ),
    Promise.all(ports.map((port) => member(launch('api/main.js', 'api ready', { PORT: String(port) })))),
  ]);
  return {
    gateway,
    redis,
    connection: redis.connect(),
    temporal,
    workers,
    apis,
    urls: ports.map((port) => `http://127.0.0.1:${port}`),
    async stop() {
      await Promise.all([...all].map((one) => one.kill('SIGKILL')));
      await Promise.all([gateway.stop(), redis.stop(), temporal.stop()]);
    },
  };
}
