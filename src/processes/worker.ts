/** The worker process. */
import { loadConfig } from '../config/config';
import { createLog } from '../log';
import { handleStrayErrors } from '../process-errors';
import { connectWorker } from '../worker/connect';

export async function runWorkerProcess(): Promise<void> {
  const config = loadConfig();
  const log = createLog('worker', config.LOG_LEVEL);
  handleStrayErrors(log);
  const connecting = connectWorker(config, log);
  connecting.catch(() => undefined);
  // Loaded while the connection is established: these are two thirds of all modules.
  const { runWorker } = await import('../worker/run-worker.js');
  await runWorker(config, log, { connecting });
}
