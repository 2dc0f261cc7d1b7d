/** The product as production runs it: a worker and an API, two processes, in front of the scripted gateway. */
import { setTimeout as sleep } from 'node:timers/promises';
import path from 'node:path';
import { freePort } from '../../test/support/processes';
import type { Crew, Member } from '../crew';
import type { Servers } from './servers';
import type { System } from './system';

export interface ProductOptions {
  /** What its processes, its task queue and its column are called. */
  name: string;
  /** The repository whose `dist` runs. */
  root: string;
  /** Products side by side do not see each other's keys. */
  redisDatabase: number;
  gatewayUrl: string;
}

export async function startProduct(crew: Crew, servers: Servers, options: ProductOptions): Promise<System> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const env = environment(servers, options, port);
  const launch = (role: string, file: string) =>
    crew.launch(`${options.name}-${role}`, process.execPath, [path.join(options.root, 'dist', file)], env);
  let worker = launch('worker', 'worker.js');
  const api = launch('api', 'api/main.js');
  const isHealthy = async () => (await fetch(`${url}/healthz`)).ok;
  await Promise.all([api, worker].map((member) => crew.ready(member, isHealthy)));
  return {
    url,
    members: (): Member[] => [worker, api, ...servers.members],
    async crash(downMs) {
      await worker.kill();
      await sleep(downMs);
      worker = launch('worker', 'worker.js');
    },
  };
}

/** One model for each alias: what no scenario asks for does not happen. */
function environment(servers: Servers, { name, redisDatabase, gatewayUrl }: ProductOptions, port: number) {
  return {
    LOG_LEVEL: 'warn',
    PORT: String(port),
    REDIS_URL: `${servers.redisUrl}/${redisDatabase}`,
    TEMPORAL_ADDRESS: servers.temporalAddress,
    TASK_QUEUE: `bench-${name}`,
    GATEWAY_URL: gatewayUrl,
    MODEL_STRATEGIC: 'strategic-model',
    MODEL_CODING: 'coding-model',
    MODEL_DEBATE_1: 'optimistic-model',
    MODEL_DEBATE_2: 'cautious-model',
    MODEL_FAST: 'fast-model',
    CONTINUATION: 'optimistic-model=restart',
    SWARMS_FILE: path.join(__dirname, '../swarms.json'),
  };
}
