/** What Redis reports about itself: its memory, its processor time, and the cost of a command. */
import type { RedisConnection } from '../src/redis/connect';

/** Bytes of all data and of their management. */
export async function readUsedBytes(redis: RedisConnection): Promise<number> {
  return readNumber(await redis.info('memory'), 'used_memory');
}

/** Seconds of the thread that executes commands. */
export async function readMainThreadSeconds(redis: RedisConnection): Promise<number> {
  const text = await redis.info('cpu');
  return readNumber(text, 'used_cpu_sys_main_thread') + readNumber(text, 'used_cpu_user_main_thread');
}

/** Microseconds of a call, on average since `CONFIG RESETSTAT`. */
export async function readMicrosecondsPerCall(redis: RedisConnection, command: string): Promise<number> {
  const line = new RegExp(`^cmdstat_${command}:.*?usec_per_call=([\\d.]+)`, 'm').exec(await redis.info('commandstats'));
  return Number(line?.[1] ?? NaN);
}

function readNumber(text: string, name: string): number {
  return Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(text)?.[1] ?? NaN);
}
