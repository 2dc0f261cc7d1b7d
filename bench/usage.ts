/** Resource usage of processes from Linux's /proc; elsewhere the figures are missing (NaN), not wrong. */
import { readFileSync } from 'node:fs';

/** Linux has used hundredths of a second on every machine since 2.6. */
const TICKS_PER_SECOND = 100;
const PAGES = /^VmRSS:\s+(\d+) kB$/m;

/** Returns the CPU seconds since the process started, user and system, including ended children. */
function cpuSeconds(pid: number): number {
  const stat = read(`/proc/${pid}/stat`);
  // the name in the second field may contain anything, including spaces and parentheses
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (!fields) return NaN;
  return fields.slice(11, 15).reduce((ticks, field) => ticks + Number(field), 0) / TICKS_PER_SECOND;
}

/** Returns the CPU seconds of several processes, in order. */
export function readCpuSeconds(members: readonly { pid: number }[]): number[] {
  return members.map(({ pid }) => cpuSeconds(pid));
}

/** Returns the resident memory in MiB. */
export function residentMiB(pid: number): number {
  return Number(PAGES.exec(read(`/proc/${pid}/status`) ?? '')?.[1] ?? NaN) / 1024;
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
