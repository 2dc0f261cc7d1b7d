/** Throughput and cost of 100-token jobs with a number of concurrent users. */
import { percentile } from '../statistics';
import type { Transcript } from '../client/transcript';
import { residentMiB } from '../usage';
import { carry } from './load';
import type { Metric, Sample, Scenario } from './scenario';

const TOKENS = 100;
const ROLES = ['worker', 'api', 'redis', 'temporal'];
/** Roles of the product itself; `direct` is one process. */
const OWN_ROLES = ['worker', 'api', 'direct'];

const METRICS: Metric[] = [
  { key: 'jobs-per-s', label: 'jobs per second' },
  { key: 'job.p50', label: 'job, p50, ms' },
  { key: 'job.p99', label: 'job, p99, ms' },
  { key: 'cpu', label: 'CPU seconds per 1000 jobs, all processes' },
  ...ROLES.map((role) => ({ key: `cpu.${role}`, label: `  of which ${role}` })),
];
const MEMORY: Metric[] = [
  { key: 'memory', label: 'memory after it, MiB (API + worker)' },
  { key: 'memory.worker', label: '  of which worker' },
  { key: 'memory.api', label: '  of which API' },
];

/** `withMemory`: this is the heaviest load, so the memory of the processes is measured after it. */
export function rate(users: number, { withMemory }: { withMemory: boolean }): Scenario {
  const name = `rate-${users}`;
  return {
    name,
    title: `Rate: ${TOKENS}-token jobs at zero interval, ${users} user${users === 1 ? '' : 's'}`,
    metrics: withMemory ? [...METRICS, ...MEMORY] : METRICS,
    rounds: ({ rounds }) => rounds,
    suits: ({ name }) => name !== 'ours-ws',
    async measure(bench, subject) {
      const { jobs, seconds, cpu, cpuByRole } = await carry(bench, subject, {
        users,
        tokens: TOKENS,
        seconds: bench.size.loadSeconds,
      });
      bench.check(subject, name, jobs, { turns: 1, tokens: TOKENS });
      const times = jobs.map(computeDuration);
      const sample: Sample = {
        'jobs-per-s': jobs.length / seconds,
        'job.p50': percentile(times, 50),
        'job.p99': percentile(times, 99),
        cpu,
      };
      for (const [role, used] of Object.entries(cpuByRole)) sample[`cpu.${role}`] = used;
      const own = subject.system.members().filter(({ role }) => OWN_ROLES.includes(role));
      for (const { role, pid } of own) sample[`memory.${role}`] = residentMiB(pid);
      return { ...sample, memory: own.reduce((total, { pid }) => total + residentMiB(pid), 0) };
    },
  };
}

function computeDuration({ endedAt, sentAt }: Transcript): number {
  return endedAt - sentAt;
}
