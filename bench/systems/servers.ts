/** The servers under the product: Redis with its append-only file and Temporal with its database file, set as in production. */
import path from 'node:path';
import { freePort, listening } from '../../test/support/processes';
import type { Crew, Member } from '../crew';

/** How a server is started; `bootstrap/` knows, and hands it in. */
export interface ServerPrograms {
  redis: { program: string; args(options: { port: number; dir: string }): string[] };
  temporal: {
    program: string;
    args(options: { port: number; dbFile: string }): string[];
    env: NodeJS.ProcessEnv;
    isServing(port: number): Promise<boolean>;
  };
}

export interface Servers {
  redisUrl: string;
  temporalAddress: string;
  members: Member[];
}

export async function startServers(crew: Crew, { redis, temporal }: ServerPrograms): Promise<Servers> {
  const [redisPort, temporalPort] = [await freePort(), await freePort()];
  const redisServer = crew.launch('redis', redis.program, redis.args({ port: redisPort, dir: crew.folder }));
  const dbFile = path.join(crew.folder, 'temporal.db');
  const temporalArgs = temporal.args({ port: temporalPort, dbFile });
  const temporalServer = crew.launch('temporal', temporal.program, temporalArgs, temporal.env);
  await Promise.all([
    crew.ready(redisServer, () => listening(redisPort, 1000).then(() => true)),
    crew.ready(temporalServer, () => temporal.isServing(temporalPort)),
  ]);
  return {
    redisUrl: `redis://127.0.0.1:${redisPort}`,
    temporalAddress: `127.0.0.1:${temporalPort}`,
    members: [redisServer, temporalServer],
  };
}
