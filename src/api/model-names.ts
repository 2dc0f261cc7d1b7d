/** The first model of each alias, as the workers report it. Used for labels only, so that a run never waits for it. */
import type { ModelNames } from '../contract';
import type { WorkerReport } from '../redis/workers';

/** Returns the names that a worker reported last. */
export function createModelNames(listWorkers: () => readonly WorkerReport[]): () => ModelNames {
  let known: ModelNames = {};
  return () => (known = listWorkers()[0]?.models ?? known);
}
