/** Sets environment variables with the server addresses of the current jest worker; jest runs this before each suite. */

export interface WorkerServers {
  redisUrl: string;
  temporalAddress: string;
}

/** Jest workers inherit the environment of the process that ran the set-up. */
const VARIABLE = 'MURMURATION_TEST_SERVERS';

/** Called once, before jest starts its workers. */
export function publishServers(servers: WorkerServers[]): void {
  process.env[VARIABLE] = JSON.stringify(servers);
}

const published = process.env[VARIABLE];
if (published) {
  const servers = JSON.parse(published) as WorkerServers[];
  const worker = Number(process.env.JEST_WORKER_ID ?? 1);
  const mine = servers[worker - 1];
  if (!mine) throw new Error(`There are servers for ${servers.length} workers, and this is worker ${worker}.`);
  process.env.REDIS_TEST_URL = mine.redisUrl;
  process.env.TEMPORAL_TEST_ADDRESS = mine.temporalAddress;
}
