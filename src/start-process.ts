/** Starts a process of the product from the bundle of all processes. */
import path from 'node:path';
import { loadBundle } from './bundle';
import type { processes } from './processes';

export function startProcess(name: keyof typeof processes): void {
  const bundle = loadBundle(path.join(__dirname, 'processes', 'index.js')) as { processes: typeof processes };
  void bundle.processes[name]();
}
