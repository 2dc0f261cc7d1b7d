/** Which swarms are at work, and when each was last. */
import type { RedisConnection } from './connect';
import { ACTIVITY, leasesKey } from './keys';
import type { Lease } from './leases';

/** Notes that a swarm does something now. Not waited for: it is missed by nobody but a status page. */
export function noteActivity(redis: RedisConnection, swarm: string): void {
  redis.hset(ACTIVITY, swarm, Date.now()).catch(() => undefined);
}

/** By swarm when it last did something: Unix epoch, milliseconds. */
export async function readActivity(redis: RedisConnection): Promise<Map<string, number>> {
  return new Map(Object.entries(await redis.hgetall(ACTIVITY)).map(([swarm, at]) => [swarm, Number(at)]));
}

/** The turns that these workers have in hand: of which run, and of which swarm in it. */
export async function turnsInHand(redis: RedisConnection, workerIds: string[]): Promise<TurnInHand[]> {
  const notes = await Promise.all(workerIds.map((id) => redis.hvals(leasesKey(id))));
  return notes.flat().map((note) => JSON.parse(note) as TurnInHand);
}

export type TurnInHand = Partial<Pick<Lease, 'workflowId' | 'swarm'>>;
