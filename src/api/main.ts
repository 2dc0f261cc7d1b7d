/** The API process. */
import { loadConfig } from '../config';
import { createLog } from '../log';
import { SwarmsFileError } from '../swarms-file';
import { createServer } from './server';

async function main(): Promise<void> {
  const config = loadConfig();
  const log = createLog('api', config.LOG_LEVEL);
  const server = await createServer(config, log);
  log.info({ url: server.url }, 'api ready');
  const stop = () => void server.stop().then(() => process.exit(0));
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

main().catch((error: unknown) => {
  const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
  const variable = error instanceof SwarmsFileError ? 'SWARMS_FILE: ' : '';
  const reason = `${variable}${error instanceof Error ? error.message : String(error)}`;
  process.stderr.write(`api: ${reason}${taken ? '. Stop the program that uses the port, or set PORT.' : ''}\n`);
  process.exit(1);
});
