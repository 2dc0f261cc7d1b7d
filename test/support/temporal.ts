/** A Temporal server for one test alone, which the test may kill: what it acknowledged is in its file. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { freePort, listening, start, type Running } from './processes';

export interface TemporalServer {
  readonly address: string;
  readonly pid: number;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** Starts it again after `kill`, on the same port and file. */
  revive(): Promise<void>;
  stop(): Promise<void>;
}

/** The arguments of production; jest itself cannot import the module that knows them. */
function serverArgs(options: { port: number; dbFile: string }): string[] {
  const module = pathToFileURL(path.join(__dirname, '../../bootstrap/temporal.mjs'));
  const script = `import { temporalServerArgs } from '${module}'; console.log(JSON.stringify(temporalServerArgs(${JSON.stringify(options)})))`;
  return JSON.parse(
    execFileSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' }),
  ) as string[];
}

export async function startTemporalServer(): Promise<TemporalServer> {
  const port = await freePort();
  const folder = mkdtempSync(path.join(tmpdir(), 'murmuration-temporal-'));
  const args = serverArgs({ port, dbFile: path.join(folder, 'temporal.db') });
  let running: Running;
  const launch = async () => {
    running = start(process.env.TEMPORAL_BIN ?? 'temporal', args, { GOGC: '400' });
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
