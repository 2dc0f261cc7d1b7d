/**
 * A process that is API and worker at once, for small set-ups. Temporal gives the first workflow task of a run to the worker in the reply
 * to the API's start request, which saves a round trip and a poll.
 */
import { createServer } from '../api/server';
import { loadConfig } from '../config/config';
import { createLog } from '../log';
import { handleStrayErrors } from '../process-errors';
import { connectWorker } from '../worker/connect';
import { LocalStarts } from '../worker/local-starts';
import { runWorker } from '../worker/run-worker';

export async function runApiAndWorker(): Promise<void> {
  const config = loadConfig();
  const log = createLog('api', config.LOG_LEVEL);
  handleStrayErrors(log);
  const workerLog = createLog('worker', config.LOG_LEVEL);
  const connecting = connectWorker(config, workerLog);
  const starts = new LocalStarts();
  const working = runWorker(config, workerLog, { connecting, local: starts });
  const server = await createServer(config, log, { connection: await connecting, announceStart: starts.announce });
  log.info({ url: server.url }, 'api ready');
  const ending = new Promise<void>((resolve, reject) => {
    const stop = () => void server.stop().then(resolve, reject);
    process.once('SIGTERM', stop);
    process.once('SIGINT', stop);
  });
  // the worker receives the same signals, from the library of the workers
  await Promise.all([working, ending]);
  process.exit(0);
}
