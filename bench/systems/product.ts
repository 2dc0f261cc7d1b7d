/** The product as in production: a worker and an API, two processes, with the scripted gateway. */
import { setTimeout as sleep } from 'node:timers/promises';
import path from 'node:path';
import { freePort } from '../../test/support/processes';
import type { ProcessGroup, Member } from '../process-group';
import type { Servers } from './servers';
import type { System } from './system';

export interface ProductOptions {
  /** Name of its processes, its task queue and its column. */
  name: string;
  /** The repository whose `dist` runs. */
  root: string;
  /** Keeps the keys of parallel products separate. */
  redisDatabase: number;
  gatewayUrl: string;
}

export async function startProduct(
  processGroup: ProcessGroup,
  servers: Servers,
  options: ProductOptions,
): Promise<System> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const env = environment(servers, options, port);
  const launch = (role: string, file: string, more: NodeJS.ProcessEnv = {}) =>
    processGroup.launch(`${options.name}-${role}`, process.execPath, [path.join(options.root, 'dist', file)], {
      ...env,
      ...more,
    });
  let starts = 0;
  let worker = launch('worker', 'worker.js');
  const api = launch('api', 'api/main.js');
  const isHealthy = async () => (await fetch(`${url}/healthz`)).ok;
  await Promise.all([api, worker].map((member) => processGroup.ready(member, isHealthy)));
  return {
    url,
    members: (): Member[] => [worker, api, ...servers.members],
    async crash(downMs) {
      await worker.kill();
      await sleep(downMs);
      worker = launch('worker', 'worker.js');
    },
    startWorker() {
      const taskQueue = `${env.TASK_QUEUE}-start-${++starts}`;
      return { member: launch('started-worker', 'worker.js', { TASK_QUEUE: taskQueue }), taskQueue };
    },
  };
}

/** One model per alias: nothing happens that no scenario asked for. */
function environment(servers: Servers, { name, redisDatabase, gatewayUrl }: ProductOptions, port: number) {
  return {
    LOG_LEVEL: 'warn',
    PORT: String(port),
    REDIS_URL: `${servers.redisUrl}/${redisDatabase}`,
    TEMPORAL_ADDRESS: servers.temporalAddress,
    TASK_QUEUE: `bench-${name}`,
    GATEWAY_URL: gatewayUrl,
    // all clients share one address
    MAX_REQUESTS_PER_MINUTE_PER_ADDRESS: '10000000',
    MAX_OPEN_RUNS_PER_KEY: '10000',
    MAX_SOCKETS_PER_KEY: '10000',
    MODEL_STRATEGIC: 'strategic-model',
    MODEL_CODING: 'coding-model',
    MODEL_DEBATE_1: 'optimistic-model',
    MODEL_DEBATE_2: 'cautious-model',
    MODEL_FAST: 'fast-model',
    CONTINUATION: 'optimistic-model=restart',
    SWARMS_FILE: path.join(__dirname, '../swarms.json'),
  };
}
