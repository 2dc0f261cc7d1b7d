/** Measures how much slower the machine is during the hour than at rest: other processes, and the product itself, use its cores. */
import { Worker } from 'node:worker_threads';

/** Repeats a few milliseconds of linear work on a separate thread; each sample is its duration in milliseconds. */
const SAMPLER = `
  const { parentPort } = require('node:worker_threads');
  const work = () => {
    let found = 0;
    for (let at = 0; at < 8_000_000; at++) found = (found * 31 + at) | 0;
    return found;
  };
  const sample = () => {
    const startedAt = performance.now();
    work();
    return performance.now() - startedAt;
  };
  for (let warm = 0; warm < 5; warm++) sample();
  setInterval(() => parentPort.postMessage(sample()), 250);
`;

export interface MachineWatch {
  /** The mean sample divided by the shortest one: 1 at rest, 2 if the work gets half of a core. */
  slowness(): number;
  stop(): Promise<void>;
}

export function watchMachine(): MachineWatch {
  const samples: number[] = [];
  const sampler = new Worker(SAMPLER, { eval: true });
  sampler.on('message', (ms: number) => void samples.push(ms));
  return {
    slowness() {
      if (samples.length === 0) return 1;
      const mean = samples.reduce((sum, ms) => sum + ms, 0) / samples.length;
      return mean / Math.min(...samples);
    },
    async stop() {
      await sampler.terminate();
    },
  };
}
