/** Last activity time of each swarm. */
import type { RedisConnection } from './connect';
import { ACTIVITY } from './keys';

/** Records that a swarm is active now. Not awaited: only a status page reads it. */
export function noteActivity(redis: RedisConnection, swarm: string): void {
  redis.hset(ACTIVITY, swarm, Date.now()).catch(() => undefined);
}

/** Returns the last activity time of each swarm: Unix epoch, milliseconds. */
export async function readActivity(redis: RedisConnection): Promise<Map<string, number>> {
  return new Map(Object.entries(await redis.hgetall(ACTIVITY)).map(([swarm, at]) => [swarm, Number(at)]));
}
