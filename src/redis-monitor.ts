/** Monitors Redis: a missing requirement prevents the start, and a Redis that accepts no writes shows in logs and health. */
import type { Logger } from './log';
import type { LoopHealth } from './loop-health';
import type { RedisConnection } from './redis/connect';
import { readRedisMemory, REDIS_FULL_MESSAGE } from './redis/maxmemory';
import { checkRedis, UnfitRedis } from './redis/requirements';

const INTERVAL_MS = 10_000;

/**
 * Throws {@link UnfitRedis} if Redis lacks a requirement. If Redis cannot be reached, the check is repeated until it succeeds. Tests a
 * write to Redis every {@link INTERVAL_MS}, until `stop` is called.
 */
export async function monitorRedis(redis: RedisConnection, loops: LoopHealth, log: Logger): Promise<{ stop(): void }> {
  const requirements = loops.loop('the check of what Redis allows', { isEssential: true });
  const writes = loops.loop('writing to Redis', { isEssential: true });
  let isChecked = await check();
  let isBusy = false;

  async function check(): Promise<boolean> {
    try {
      await checkRedis(redis);
      return true;
    } catch (error) {
      if (error instanceof UnfitRedis) throw error;
      log.warn({ error }, 'Redis cannot be reached; what it allows is checked later');
      return false;
    }
  }

  async function round(): Promise<void> {
    if (isBusy) return;
    isBusy = true;
    try {
      isChecked ||= await check();
      if (isChecked) requirements.succeeded();
    } catch (error) {
      requirements.failed(error);
    }
    try {
      const { isFull } = await readRedisMemory(redis);
      if (isFull) writes.failed(new Error(REDIS_FULL_MESSAGE));
      else writes.succeeded();
    } catch (error) {
      writes.failed(error);
    }
    isBusy = false;
  }

  const rounds = setInterval(() => void round(), INTERVAL_MS);
  return { stop: () => clearInterval(rounds) };
}
