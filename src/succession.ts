/**
 * A worker that starts takes over from those that were killed where it runs: it gives their turns back to Temporal at once. A
 * second worker beside a living one takes nothing; that a turn is given back although its worker lives costs an attempt, not a
 * word, because the old attempt is fenced out.
 */
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { Client } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { NativeConnection } from '@temporalio/worker';
import type { Lease, Leases, WorkerProcess } from './redis/leases';

/** This process, as others on its host can tell it from an earlier one with the same pid. */
export function thisProcess(name: string | undefined): WorkerProcess {
  return { name, host: hostname(), namespace: pidNamespace(), pid: process.pid, started: statOf(process.pid).started };
}

/** Whether a worker has certainly ended, as far as this process can know. */
export function hasEnded(other: WorkerProcess, me: WorkerProcess): boolean {
  if (other.name && other.name === me.name) return true;
  if (other.host !== me.host || other.namespace !== me.namespace) return false;
  if (other.pid === me.pid || !isAlive(other.pid)) return true;
  const { state, started } = statOf(other.pid);
  return state === ZOMBIE || (other.started !== '' && other.started !== started);
}

/** Gives back the turns of workers that have ended; resolves to how many there were. */
export async function takeOver(
  leases: Leases,
  me: WorkerProcess,
  connection: NativeConnection,
  namespace: string,
): Promise<number> {
  await leases.announce(me);
  const ended = [...(await leases.others())].filter(([, other]) => hasEnded(other, me)).map(([id]) => id);
  const client = new Client({ connection, namespace });
  const given = await Promise.all(
    ended.map(async (id) => {
      const left = await leases.heldBy(id);
      await Promise.all(left.map((lease) => giveBack(lease, client)));
      await leases.forget(id);
      return left.length;
    }),
  );
  return given.reduce((sum, count) => sum + count, 0);
}

/** Fails an attempt on behalf of a worker that cannot, and lets its workflow go to any worker. */
async function giveBack({ taskToken, workflowId, runId }: Lease, client: Client): Promise<void> {
  const why = ApplicationFailure.create({
    type: 'WORKER_LOST',
    message: 'The worker was killed.',
    nextRetryDelay: '1ms',
  });
  const { namespace } = client.options;
  await Promise.allSettled([
    // a turn that has meanwhile been reported, or given to another worker, is not found: nothing is to be done then
    client.activity.fail(Buffer.from(taskToken, 'base64'), why),
    client.workflowService.resetStickyTaskQueue({ namespace, execution: { workflowId, runId } }),
  ]);
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
