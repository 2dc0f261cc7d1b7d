/** Which swarms are at work, and when each was last. */
import type { RedisConnection } from './connect';
import { ACTIVITY, leasesKey } from './keys';

/** Notes that a swarm does something now. Not waited for: it is missed by nobody but a status page. */
export function noteActivity(redis: RedisConnection, swarm: string): void {
  redis.hset(ACTIVITY, swarm, Date.now()).catch(() => undefined);
}

/** By swarm when it last did something: Unix epoch, milliseconds. */
export async function readActivity(redis: RedisConnection): Promise<Map<string, number>> {
  return new Map(Object.entries(await redis.hgetall(ACTIVITY)).map(([swarm, at]) => [swarm, Number(at)]));
}

/** The runs whose turns these workers have in hand. */
export async function runsInHand(redis: RedisConnection, workerIds: string[]): Promise<string[]> {
  const notes = await Promise.all(workerIds.map((id) => redis.hvals(leasesKey(id))));
  return notes.flat().flatMap((note) => (JSON.parse(note) as { workflowId?: string }).workflowId ?? []);
}
