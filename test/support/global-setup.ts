/**
 * Starts a real Redis and a real Temporal server for each of jest's workers, so that parallel suites share nothing.
 * Suites of one worker share its servers: each has its own task queue and random run ids.
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findChromium } from '../../src/dev-stack/installed-programs';
import { redisServerArgs } from '../../src/dev-stack/redis-server';
import { temporalServerArgs, TEMPORAL_SERVER_ENV } from '../../src/dev-stack/temporal-server';
import { freePort, listening, start, type Running } from './processes';
import { publishServers, type WorkerServers } from './worker-servers';

declare global {
  var testServers: { stop(): Promise<void> } | undefined;
}

export default async function setUp({ maxWorkers }: { maxWorkers: number }): Promise<void> {
  process.env.CHROMIUM_BIN = findChromium() ?? '';
  const running: Running[] = [];
  globalThis.testServers = { stop: async () => void (await Promise.all(running.map((server) => server.stop()))) };
  const startServers = async (): Promise<WorkerServers> => {
    const folder = mkdtempSync(path.join(tmpdir(), 'murmuration-test-'));
    const [redisPort, temporalPort, uiPort] = [await freePort(), await freePort(), await freePort()];
    const dbFile = path.join(folder, 'temporal.db');
    running.push(
      start(process.env.REDIS_BIN ?? 'redis-server', redisServerArgs({ port: redisPort, dir: folder })),
      start(
        process.env.TEMPORAL_BIN ?? 'temporal',
        [
          ...temporalServerArgs({ port: temporalPort, uiPort, dbFile }),
          // each stack is a separate Worker Deployment, and a namespace allows 100 by default
          ...['--dynamic-config-value', 'matching.maxDeployments=10000'],
        ],
        TEMPORAL_SERVER_ENV,
      ),
    );
    await Promise.all([listening(redisPort), listening(temporalPort)]);
    return { redisUrl: `redis://127.0.0.1:${redisPort}`, temporalAddress: `127.0.0.1:${temporalPort}` };
  };
  const servers: WorkerServers[] = [];
  // one after another: two concurrent searches for free ports could find the same one
  while (servers.length < maxWorkers) servers.push(await startServers());
  publishServers(servers);
}
