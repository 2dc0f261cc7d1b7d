/** Observes the product from outside during the attack: its responsiveness, its memory, and what it leaves behind. */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from './cluster';

const SAMPLE_MS = 1000;
const READY_LIMIT_MS = 10_000;
/** When a process ends, the kernel also ends its children, which takes a moment on a busy machine. */
const ENDING_MS = 5000;

interface ProcessStat {
  pid: number;
  parent: number;
  /** Clock ticks since boot; together with the pid it identifies a process uniquely. */
  startedAt: string;
  command: string;
}

export interface Watch {
  /** The duration of `GET /readyz` in milliseconds, once per second; a missing reply counts as the limit. */
  ready: number[];
  notReady: number;
  /** Resident memory of each member in bytes: the first sample, the highest and the last. */
  memory: Record<string, { first: number; most: number; last: number }>;
  stop(): void;
  /** Processes that the product started and that are still alive some seconds after it has stopped. */
  findLeftBehind(): Promise<string[]>;
}

export function watchCluster({ url, members }: Cluster): Watch {
  const descendants = new Map<string, ProcessStat>();
  const sample = () => {
    const all = readProcesses();
    for (const { name, running } of members) {
      noteMemory(name, running.pid);
      for (const one of findDescendants(all, running.pid)) descendants.set(`${one.pid}/${one.startedAt}`, one);
    }
  };
  const noteMemory = (name: string, pid: number) => {
    const bytes = readMemory(pid);
    if (bytes === undefined) return;
    const known = (watch.memory[name] ??= { first: bytes, most: bytes, last: bytes });
    Object.assign(known, { most: Math.max(known.most, bytes), last: bytes });
  };
  const ask = async () => {
    const startedAt = performance.now();
    const status = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(READY_LIMIT_MS) }).then(
      async (response) => (await response.arrayBuffer(), response.status),
      () => 0,
    );
    watch.ready.push(status === 0 ? READY_LIMIT_MS : Math.round(performance.now() - startedAt));
    if (status !== 200) watch.notReady++;
  };
  const findLiving = () => {
    const now = new Map(readProcesses().map((one) => [`${one.pid}/${one.startedAt}`, one]));
    return [...descendants.keys()].flatMap((key) => {
      const one = now.get(key);
      return one ? [`${one.pid} ${one.command}`] : [];
    });
  };
  const timer = setInterval(() => {
    sample();
    void ask();
  }, SAMPLE_MS);
  const watch: Watch = {
    ready: [],
    notReady: 0,
    memory: {},
    stop: () => clearInterval(timer),
    async findLeftBehind() {
      const end = performance.now() + ENDING_MS;
      let left = findLiving();
      while (left.length > 0 && performance.now() < end) {
        await sleep(100);
        left = findLiving();
      }
      return left;
    },
  };
  sample();
  return watch;
}

function findDescendants(all: ProcessStat[], root: number): ProcessStat[] {
  const children = all.filter(({ parent }) => parent === root);
  return [...children, ...children.flatMap(({ pid }) => findDescendants(all, pid))];
}

function readProcesses(): ProcessStat[] {
  const pids = tryRead(() => readdirSync('/proc')) ?? [];
  return pids.filter((name) => /^\d+$/.test(name)).flatMap((name) => readStat(Number(name)) ?? []);
}

function readStat(pid: number): ProcessStat | undefined {
  const text = tryRead(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  const [, command = '', rest = ''] = /\((.*)\) (.*)$/s.exec(text ?? '') ?? [];
  const fields = rest.split(' ');
  // a process that waits to be reaped has ended
  if (!text || fields[0] === 'Z') return undefined;
  return { pid, command, parent: Number(fields[1]), startedAt: fields[19] ?? '' };
}

function readMemory(pid: number): number | undefined {
  const text = tryRead(() => readFileSync(`/proc/${pid}/status`, 'utf8'));
  const kilobytes = /^VmRSS:\s+(\d+)/m.exec(text ?? '')?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}

function tryRead<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
