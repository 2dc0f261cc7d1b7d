/** The API process. */
import { createServer } from '../api/server';
import { loadConfig } from '../config/config';
import { createLog } from '../log';
import { handleStrayErrors } from '../process-errors';

export async function runApi(): Promise<void> {
  const config = loadConfig();
  const log = createLog('api', config.LOG_LEVEL);
  handleStrayErrors(log);
  const server = await createServer(config, log);
  log.info({ url: server.url }, 'api ready');
  const stop = () => void server.stop().then(() => process.exit(0));
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}
