/**
 * Hands a run that an API is starting to a worker's express lane, over Redis publish/subscribe. A message that is lost costs only the time
 * that the lane would have saved: the run's activities do the work in any case.
 */
import { z } from 'zod';
import type { SwarmRunInput } from '../contract';
import type { RedisConnection } from './connect';
import { startsChannel } from './keys';
import { receiveMessages } from './messages';

const runInput = z.custom<SwarmRunInput>((value) => {
  const { run_id, swarm, message } = (value ?? {}) as Partial<SwarmRunInput>;
  return typeof run_id === 'string' && typeof message === 'string' && typeof swarm === 'object';
});

const handover = z.discriminatedUnion('kind', [
  /** Temporal is being asked to start the run. Of several requests for one run, one starts it, so each has its own id. */
  z.object({ kind: z.literal('starting'), start_id: z.string(), input: runInput }),
  /** Temporal has started it. */
  z.object({ kind: z.literal('started'), start_id: z.string() }),
  /** This request has not started it, as far as the API knows. */
  z.object({ kind: z.literal('rejected'), start_id: z.string() }),
  /** An activity of the run has begun in another worker. */
  z.object({ kind: z.literal('running'), run_id: z.string() }),
  /** The run has stopped one of its turns, whose activity waits in another worker. */
  z.object({ kind: z.literal('stopped'), run_id: z.string(), turn: z.string() }),
]);
export type StartHandover = z.infer<typeof handover>;

/** Deployments that share a Redis differ in this. Only a worker of a run's own queue has the gateways that the run is meant for. */
export function nameQueue(namespace: string, taskQueue: string): string {
  return `${namespace}/${taskQueue}`;
}

/** Returns whether a worker received it. */
export async function publishHandover(
  redis: RedisConnection,
  workerId: string,
  message: StartHandover,
): Promise<boolean> {
  return (await redis.publish(startsChannel(workerId), JSON.stringify(message))) > 0;
}

/** `subscriber` must be a connection that is used for nothing but subscriptions. */
export async function receiveHandovers(
  subscriber: RedisConnection,
  workerId: string,
  receive: (message: StartHandover) => void,
  onError: (error: unknown) => void,
): Promise<void> {
  await receiveMessages(subscriber, startsChannel(workerId), {
    read: (text) => handover.parse(JSON.parse(text)),
    receive,
    onError,
  });
}
