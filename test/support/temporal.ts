/** A Temporal server for a single test, which may kill it: its file contains what it acknowledged. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { temporalServerArgs, TEMPORAL_SERVER_ENV } from '../../src/dev-stack/temporal-server';
import { freePort, listening, start, type Running } from './processes';

export interface TemporalServer {
  readonly address: string;
  readonly pid: number;
  /** Sends SIGKILL. */
  kill(): Promise<void>;
  /** Restarts it after `kill`, on the same port and file. */
  revive(): Promise<void>;
  stop(): Promise<void>;
}

/** `settings` are further values of the server's dynamic configuration, as `name=value`. */
export async function startTemporalServer(settings: string[] = []): Promise<TemporalServer> {
  const port = await freePort();
  const folder = mkdtempSync(path.join(tmpdir(), 'murmuration-temporal-'));
  const args = [
    ...temporalServerArgs({ port, dbFile: path.join(folder, 'temporal.db') }),
    ...settings.flatMap((setting) => ['--dynamic-config-value', setting]),
  ];
  let running: Running;
  const launch = async () => {
    running = start(process.env.TEMPORAL_BIN ?? 'temporal', args, TEMPORAL_SERVER_ENV);
    await listening(port);
  };
  await launch();
  return {
    address: `127.0.0.1:${port}`,
    get pid() {
      return running.pid;
    },
    kill: () => running.kill('SIGKILL'),
    revive: launch,
    async stop() {
      await running.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
