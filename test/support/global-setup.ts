/** Starts one real Redis and one real Temporal server for all suites. Each suite has its own task queue and random run ids. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort, listening, start, type Running } from './processes';

declare global {
  var testServers: { stop(): Promise<void> } | undefined;
}

type Arguments = (options: { port: number; dir?: string; dbFile?: string; uiPort?: number }) => string[];

export default async function setUp(): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'murmuration-test-'));
  const { redisServerArgs } = (await import(bootstrap('redis.mjs'))) as { redisServerArgs: Arguments };
  const { temporalServerArgs } = (await import(bootstrap('temporal.mjs'))) as { temporalServerArgs: Arguments };
  const [redisPort, temporalPort, uiPort] = [await freePort(), await freePort(), await freePort()];
  const { findChromium } = (await import(bootstrap('chromium.mjs'))) as { findChromium: () => string | undefined };
  process.env.CHROMIUM_BIN = findChromium() ?? '';
  const servers: Running[] = [
    start(process.env.REDIS_BIN ?? 'redis-server', redisServerArgs({ port: redisPort, dir: folder })),
    start(
      process.env.TEMPORAL_BIN ?? 'temporal',
      temporalServerArgs({ port: temporalPort, uiPort, dbFile: path.join(folder, 'temporal.db') }),
      { GOGC: '400' },
    ),
  ];
  globalThis.testServers = { stop: async () => void (await Promise.all(servers.map((server) => server.stop()))) };
  await Promise.all([listening(redisPort), listening(temporalPort)]);
  process.env.REDIS_TEST_URL = `redis://127.0.0.1:${redisPort}`;
  process.env.TEMPORAL_TEST_ADDRESS = `127.0.0.1:${temporalPort}`;
  process.env.TEMPORAL_TEST_UI = `http://127.0.0.1:${uiPort}`;
}

function bootstrap(file: string): string {
  return path.join(__dirname, '../../bootstrap', file);
}
