/**
 * Runs activities while the rest of a worker is still starting. Its workflow half takes as long to load as everything else; turns
 * that a killed worker has left need not wait for that.
 */
import { NativeConnection, Worker, type NativeConnectionOptions, type WorkerOptions } from '@temporalio/worker';
import type { Logger } from './log';
import type { Succession } from './succession';

/** What such a worker shares with the one that it runs ahead of. */
export type EarlyWorkerOptions = Pick<
  WorkerOptions,
  'namespace' | 'taskQueue' | 'activities' | 'maxHeartbeatThrottleInterval' | 'shutdownGraceTime'
>;

/**
 * Takes that many turns and no more: later ones are for the whole worker. What `run` answers ends with the process, as that of a
 * worker does. Two workers of one connection cannot poll for the same activities, so this one has its own.
 */
export async function createEarlyWorker(
  options: EarlyWorkerOptions,
  turns: number,
  server: NativeConnectionOptions,
): Promise<{ run(): Promise<void> }> {
  let left = turns;
  const one = { type: 'fixed-size', numSlots: 1 } as const;
  const connection = await NativeConnection.connect(server);
  const worker = await Worker.create({
    ...options,
    connection,
    tuner: {
      activityTaskSlotSupplier: {
        type: 'custom',
        reserveSlot: (_context, signal) => (left-- > 0 ? Promise.resolve({}) : untilAborted(signal)),
        tryReserveSlot: () => null,
        markSlotUsed: () => undefined,
        releaseSlot: () => undefined,
      },
      workflowTaskSlotSupplier: one,
      localActivityTaskSlotSupplier: one,
      nexusTaskSlotSupplier: one,
    },
  });
  return { run: () => worker.run().finally(() => connection.close()) };
}

/** Turns that killed workers have left are called again while this worker is still starting. */
export async function succeed(
  succession: Succession,
  options: EarlyWorkerOptions,
  server: NativeConnectionOptions,
  log: Logger,
): Promise<{ early?: Promise<void> }> {
  const turns = await succession.takeOver(await succession.predecessors());
  if (turns === 0) return {};
  log.info({ turns }, 'gave back what a killed worker had in hand');
  const early = await createEarlyWorker(options, turns, server);
  return { early: early.run() };
}

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}
