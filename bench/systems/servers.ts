/** The servers of the product: Redis with its append-only file and Temporal with its database file, configured as in production. */
import { statSync } from 'node:fs';
import path from 'node:path';
import { freePort, listening } from '../../test/support/processes';
import type { ProcessGroup, Member } from '../process-group';
import { sum } from '../statistics';

/** How to start a server; passed in by src/cli/programs/bench.ts. */
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
  /** The size of Temporal's database with its log. */
  databaseBytes(): number;
  members: Member[];
}

export async function startServers(processGroup: ProcessGroup, { redis, temporal }: ServerPrograms): Promise<Servers> {
  const [redisPort, temporalPort] = [await freePort(), await freePort()];
  const redisServer = processGroup.launch(
    'redis',
    redis.program,
    redis.args({ port: redisPort, dir: processGroup.folder }),
  );
  const dbFile = path.join(processGroup.folder, 'temporal.db');
  const temporalArgs = temporal.args({ port: temporalPort, dbFile });
  const temporalServer = processGroup.launch('temporal', temporal.program, temporalArgs, temporal.env);
  await Promise.all([
    processGroup.ready(redisServer, () => listening(redisPort, 1000).then(() => true)),
    processGroup.ready(temporalServer, () => temporal.isServing(temporalPort)),
  ]);
  return {
    redisUrl: `redis://127.0.0.1:${redisPort}`,
    temporalAddress: `127.0.0.1:${temporalPort}`,
    databaseBytes: () =>
      sum([dbFile, `${dbFile}-wal`].map((file) => statSync(file, { throwIfNoEntry: false })?.size ?? 0)),
    members: [redisServer, temporalServer],
  };
}
