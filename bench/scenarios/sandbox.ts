/** Cost of executing a program: sequential checks in a warm process, its memory, and how soon a runaway is stopped. */
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSandbox, type CheckOrder, type Sandbox } from '../../src/sandbox/host/sandbox';
import { percentile } from '../statistics';
import { residentMiB } from '../usage';
import type { Scenario } from './scenario';

/** The compiled guest programs. */
const GUEST = path.join(__dirname, '../../dist/sandbox/guest');
const CHECKS = 20;
/** A process is used once; the next one has this long to warm up. */
const WARMING_MS = 1000;
const WALL_MS = 2000;

const PYTHON = order('python', 'def add(a, b):\n    return a + b', 'assert add(1, 2) == 3');
const TYPESCRIPT = order(
  'typescript',
  'const add = (a: number, b: number): number => a + b;',
  'if (add(1, 2) !== 3) throw new Error()',
);
const LOOP = { ...order('python', 'while True: pass', ''), wallMs: WALL_MS };
const BOMB = order('python', 'x = []\nwhile True: x.append(bytearray(10**6))', '');

export const sandbox: Scenario = {
  name: 'sandbox',
  title: `Executing a program of one function and its one check, ms: ${CHECKS} of each kind`,
  metrics: [
    { key: 'python.warm.p50', label: 'Python in a warm process, p50' },
    { key: 'python.warm.p99', label: 'Python in a warm process, p99' },
    { key: 'python.row.p50', label: 'Python, each at once after the other, p50' },
    { key: 'typescript.warm.p50', label: 'TypeScript in a warm process, p50' },
    { key: 'python.memory', label: 'a warm Python process, resident MiB' },
    { key: 'loop', label: `an endless loop is stopped, after its ${WALL_MS} ms` },
    { key: 'bomb', label: 'a memory bomb is stopped, from its start' },
  ],
  rounds: ({ rounds }) => Math.min(rounds, 2),
  suits: ({ name }) => name === 'ours',
  async measure() {
    const folder = mkdtempSync(path.join(tmpdir(), 'murmuration-bench-'));
    const box = createSandbox({ folder, guest: GUEST });
    try {
      await box.layers();
      const python = await measureTimes(box, PYTHON, WARMING_MS);
      await sleep(WARMING_MS);
      const memory = residentMiB(pidOfReader(folder));
      const row = await measureTimes(box, PYTHON, 0);
      const typescript = await measureTimes(box, TYPESCRIPT, WARMING_MS);
      return {
        'python.warm.p50': percentile(python, 50),
        'python.warm.p99': percentile(python, 99),
        'python.row.p50': percentile(row, 50),
        'typescript.warm.p50': percentile(typescript, 50),
        'python.memory': memory,
        loop: (await measureTime(box, LOOP, 'time')) - WALL_MS,
        bomb: await measureTime(box, BOMB, 'memory'),
      };
    } finally {
      await box.close();
      await rm(folder, { recursive: true });
    }
  },
};

function order(language: string, text: string, check: string): CheckOrder {
  const checks = check ? [{ name: 'adds', code: check }] : [];
  return { language, files: [{ path: 'main', text }], checks };
}

async function measureTimes(box: Sandbox, wanted: CheckOrder, pauseMs: number): Promise<number[]> {
  const times: number[] = [];
  // the first of a kind also starts its pool
  for (let i = 0; i <= CHECKS; i++) {
    await sleep(pauseMs);
    times.push(await measureTime(box, wanted));
  }
  return times.slice(1);
}

/** Measures the time until the report. Throws if the program did not end as expected. */
async function measureTime(box: Sandbox, wanted: CheckOrder, killed?: 'time' | 'memory'): Promise<number> {
  const startedAt = performance.now();
  const report = await box.check(wanted);
  if (killed ? report.killed !== killed : !report.passed) throw new Error(`sandbox: ${JSON.stringify(report)}`);
  return performance.now() - startedAt;
}

/** Returns the guest process that may read this folder, not a wrapper that starts it; NaN if /proc is missing. */
function pidOfReader(folder: string): number {
  const pids = readable(() => readdirSync('/proc'), []).filter((name) => /^\d+$/.test(name));
  const found = pids.find((pid) => {
    const [program = '', ...rest] = readable(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8'), '').split('\0');
    return program === process.execPath && rest.some((argument) => argument.includes(folder));
  });
  return Number(found ?? NaN);
}

function readable<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
