/** The start of a worker: from its exec until Temporal has received its first poll for the tasks of turns. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { median } from '../statistics';
import type { Scenario } from './scenario';

const STARTS = 5;
const LOOK_EVERY_MS = 4;
const LIMIT_MS = 60_000;
/** temporal.api.enums.v1.TaskQueueType */
const ACTIVITIES = 2;

export const boot: Scenario = {
  name: 'boot',
  title: `Start of a worker, until it polls: median of ${STARTS} starts`,
  metrics: [{ key: 'polling', label: 'exec to first poll, ms' }],
  rounds: ({ rounds }) => rounds,
  suits: ({ name, system }) => name !== 'ours-ws' && system.startWorker !== undefined,
  async measure({ temporalAddress }, { system }) {
    const connection = await Connection.connect({ address: temporalAddress });
    try {
      const times: number[] = [];
      for (let i = 0; i < STARTS; i++) {
        const startedAt = Date.now();
        const { member, taskQueue } = system.startWorker!();
        times.push((await firstPoll(connection, taskQueue, member.pid)) - startedAt);
        await member.kill();
      }
      return { polling: median(times) };
    } finally {
      await connection.close();
    }
  },
};

/** Resolves to the time of the poll by the clock of the server, which is that of this machine. */
async function firstPoll({ workflowService }: Connection, name: string, pid: number): Promise<number> {
  const request = { namespace: 'default', taskQueue: { name }, taskQueueType: ACTIVITIES };
  for (const end = Date.now() + LIMIT_MS; Date.now() < end; await sleep(LOOK_EVERY_MS)) {
    const { pollers } = await workflowService.describeTaskQueue(request);
    const at = pollers?.find(({ identity }) => identity?.startsWith(`${pid}@`))?.lastAccessTime;
    if (at) return Number(at.seconds) * 1000 + (at.nanos ?? 0) / 1e6;
  }
  throw new Error('A worker does not poll.');
}
