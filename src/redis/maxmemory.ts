/** Handles a Redis that has reached `maxmemory`: detection, retries of writers that hold text, and memory usage. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RedisConnection } from './connect';
import { WRITE_PROBE } from './keys';

export const REDIS_FULL_MESSAGE =
  'Redis has reached its maxmemory and takes no writes: raise maxmemory, or lower EVENTS_TTL_SECONDS, MEMORY_TTL_SECONDS or MAX_SESSIONS_MB_PER_KEY.';

/** Returns whether Redis rejected a write for lack of memory. Scripts append their own text after the error code. */
export function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && error.name === 'ReplyError' && REFUSALS.test(error.message);
}

/** Matches the error of a command, and of a script: Redis 6 names the script first. */
const REFUSALS = /^(?:OOM |ERR Error running script .{0,500}-OOM )/;

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2000;

/** Retries a write for `patienceMs` while Redis rejects it for lack of memory. The write must be idempotent. */
export async function retryWhileFull<T>(write: () => Promise<T>, patienceMs: number): Promise<T> {
  const end = Date.now() + patienceMs;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    try {
      return await write();
    } catch (error) {
      if (!isOutOfMemory(error) || Date.now() + pauseMs > end) throw error;
      await sleep(pauseMs);
    }
  }
}

/** `usedShare` is undefined if Redis has no memory limit; `evicts` names a policy that may drop parts of open runs. */
export interface RedisMemory {
  isFull: boolean;
  usedShare: number | undefined;
  evicts: string | undefined;
}

/** `isFull` comes from a test write. `INFO` is permitted where `CONFIG` is not. */
export async function readRedisMemory(redis: RedisConnection): Promise<RedisMemory> {
  const [info, isFull] = await Promise.all([redis.info('memory'), refusesWrites(redis)]);
  const field = (name: string) => new RegExp(`^${name}:(\\S+)`, 'm').exec(info)?.[1];
  const most = Number(field('maxmemory') ?? 0);
  const policy = field('maxmemory_policy');
  return {
    isFull,
    usedShare: most > 0 ? Number(field('used_memory') ?? 0) / most : undefined,
    evicts: policy === undefined || policy === 'noeviction' ? undefined : policy,
  };
}

async function refusesWrites(redis: RedisConnection): Promise<boolean> {
  return redis.set(WRITE_PROBE, '1', 'EX', 60).then(
    () => false,
    (error: unknown) => {
      if (isOutOfMemory(error)) return true;
      throw error;
    },
  );
}

const WARN_ABOVE = 0.85;

/** Returns sentences that tell an operator what to do. */
export function describeMemory({ isFull, usedShare, evicts }: RedisMemory): string[] {
  const share = usedShare === undefined ? '' : `${Math.round(usedShare * 100)} %`;
  return [
    ...(isFull ? [REDIS_FULL_MESSAGE] : []),
    ...(!isFull && usedShare !== undefined && usedShare > WARN_ABOVE
      ? [`Redis uses ${share} of its maxmemory; at 100 % every start is refused with REDIS_FULL.`]
      : []),
    ...(evicts
      ? [`Redis has maxmemory-policy ${evicts}, which may drop parts of open runs: set it to noeviction.`]
      : []),
  ];
}
