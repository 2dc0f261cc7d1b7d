/** Identifies a worker's process, and finds out whether it has ended. */
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import type { WorkerProcess } from '../redis/leases';

export type { WorkerProcess };

/** Describes this process, so that others on its host can distinguish it from an earlier one with the same pid. */
export function thisProcess(name: string | undefined): WorkerProcess {
  return {
    name,
    host: hostname(),
    namespace: pidNamespace(),
    pid: process.pid,
    started: readProcessStat(process.pid).started,
  };
}

/** Whether a worker has certainly ended; false if this process cannot know. */
export function hasExited(other: WorkerProcess, me: WorkerProcess): boolean {
  if (other.host !== me.host || other.namespace !== me.namespace) return false;
  if (other.pid === me.pid || !isAlive(other.pid)) return true;
  const { state, started } = readProcessStat(other.pid);
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

/** On Linux the pid namespace; elsewhere '', because there is one for the whole host. */
function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

/** Ended, but not yet reaped by its parent. */
const ZOMBIE = 'Z';

/** On Linux the state of a process and its start time in clock ticks since boot (proc(5), stat, fields 3 and 22). */
function readProcessStat(pid: number): { state: string; started: string } {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // the name in parentheses may contain spaces; field 3 follows it
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? '', started: fields[19] ?? '' };
  } catch {
    return { state: '', started: '' };
  }
}
