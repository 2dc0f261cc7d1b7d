/** Users that request the next job as soon as the previous one has ended, for a fixed time; and the CPU cost. */
import type { Transcript } from '../client/transcript';
import type { Subject } from '../systems/system';
import { sum } from '../statistics';
import { readCpuSeconds } from '../usage';
import type { Bench } from './scenario';

export interface Load {
  users: number;
  tokens: number;
  seconds: number;
}

export interface Carried {
  jobs: Transcript[];
  /** From the first request to the last end. */
  seconds: number;
  /** CPU seconds per 1000 jobs, of all processes and by role. */
  cpu: number;
  cpuByRole: Record<string, number>;
}

const LIMIT_MS = 60_000;

export async function carry(bench: Bench, subject: Subject, { users, tokens, seconds }: Load): Promise<Carried> {
  await bench.script({ tokens: { count: tokens, stamped: true } });
  const members = subject.system.members();
  const before = readCpuSeconds(members);
  const jobs: Transcript[] = [];
  const startedAt = performance.now();
  const until = startedAt + seconds * 1000;
  const use = async () => {
    while (performance.now() < until)
      jobs.push(await subject.call({ swarm: 'one-voice', message: 'Say something.', limitMs: LIMIT_MS }));
  };
  await Promise.all(Array.from({ length: users }, use));
  const took = (performance.now() - startedAt) / 1000;
  // work that a job leaves to be done after its end is part of its cost
  await bench.settle();
  const used = readCpuSeconds(members).map((after, i) => ((after - (before[i] ?? NaN)) / jobs.length) * 1000);
  return {
    jobs,
    seconds: took,
    cpu: sum(used),
    cpuByRole: Object.fromEntries(members.map(({ role }, i) => [role, used[i] ?? NaN])),
  };
}
