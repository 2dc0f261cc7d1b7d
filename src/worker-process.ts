/** What the operating system knows of a worker's process, and whether that process has ended. */
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import type { WorkerProcess } from './redis/leases';

export type { WorkerProcess };

/** This process, as others on its host can tell it from an earlier one with the same pid. */
export function thisProcess(name: string | undefined): WorkerProcess {
  return { name, host: hostname(), namespace: pidNamespace(), pid: process.pid, started: statOf(process.pid).started };
}

/** Whether a worker has certainly ended, as far as this process can know. */
export function hasEnded(other: WorkerProcess, me: WorkerProcess): boolean {
  if (other.host !== me.host || other.namespace !== me.namespace) return false;
  if (other.pid === me.pid || !isAlive(other.pid)) return true;
  const { state, started } = statOf(other.pid);
  return state === ZOMBIE || (other.started !== '' && other.started !== started);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** On Linux the namespace in which pids count; elsewhere there is one for the whole host. */
function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

/** Killed, and its parent has not asked yet how it ended. */
const ZOMBIE = 'Z';

/** On Linux the state of a process and its start in clock ticks after boot (proc(5), stat, fields 3 and 22). */
function statOf(pid: number): { state: string; started: string } {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // the name in parentheses may hold spaces; field 3 follows it
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? '', started: fields[19] ?? '' };
  } catch {
    return { state: '', started: '' };
  }
}
