/**
 * The processes of the product. The build replaces the compiled file by a bundle of all their modules (`bundle.ts`); each process executes
 * only those that it needs.
 */
import type { Config } from '../config/config';
import { endOnFailure } from '../process-errors';
import { startWorkflowThread } from '../worker/workflow-threads';

const byRole: Record<Config['ROLE'], () => Promise<void>> = {
  api: async () => (await import('./api.js')).runApi(),
  worker: async () => (await import('./worker.js')).runWorkerProcess(),
  all: async () => (await import('./api-and-worker.js')).runApiAndWorker(),
};

export const processes = {
  api: () => byRole.api().catch(endOnFailure('api')),
  worker: () => byRole.worker().catch(endOnFailure('worker')),
  all: () => byRole.all().catch(endOnFailure('api and worker')),
  /** The process that ROLE names. */
  role: () => runRole().catch(endOnFailure('murmuration')),
};

async function runRole(): Promise<void> {
  const { loadConfig } = await import('../config/config.js');
  const { ROLE } = loadConfig();
  if (ROLE !== 'api') startWorkflowThread();
  await byRole[ROLE]();
}

/** Executes all modules, without starting a process. */
export async function loadModules(): Promise<void> {
  await Promise.all([import('./worker.js'), import('./api-and-worker.js')]);
}
