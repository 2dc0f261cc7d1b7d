/**
 * Limits requests per minute, per API key and per address, counted in Redis for all API processes together. While Redis is unavailable or
 * full, each process counts for itself.
 */
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import type { CallerLimits } from '../../config/caller-limits';
import type { RedisConnection } from '../../redis/connect';
import { REQUEST_RATE } from '../../redis/keys';
import { ApiError } from '../errors';
import { within } from './within';
import type { LimitedCaller } from './caller';

type RateSetting = 'MAX_REQUESTS_PER_MINUTE_PER_KEY' | 'MAX_REQUESTS_PER_MINUTE_PER_ADDRESS';

/** The state of the tighter of a caller's two limits. */
export interface RateState {
  limit: number;
  remaining: number;
  resetSeconds: number;
}

export interface RequestRate {
  /** Counts a request. Rejects with {@link ApiError} if the limit is exceeded; undefined if Redis does not answer in time. */
  count(caller: LimitedCaller): Promise<RateState | undefined>;
}

const WINDOW_SECONDS = 60;
/** A Redis that is connected but unresponsive must not delay requests that do not need it. */
const PATIENCE_MS = 500;

export function createRequestRate(redis: RedisConnection, limits: Pick<CallerLimits, RateSetting>): RequestRate {
  const perKey = createWindow(redis, 'MAX_REQUESTS_PER_MINUTE_PER_KEY', limits);
  const perAddress = createWindow(redis, 'MAX_REQUESTS_PER_MINUTE_PER_ADDRESS', limits);
  return {
    async count({ tenant, address }) {
      const counted = [perAddress(address), ...(tenant === undefined ? [] : [perKey(tenant)])];
      // if one of them rejects, the rejection of the other is ignored
      counted.forEach((one) => one.catch(() => undefined));
      const states = await within(PATIENCE_MS, Promise.all(counted));
      return states?.reduce((tightest, state) => (state.remaining < tightest.remaining ? state : tightest));
    },
  };
}

function createWindow(redis: RedisConnection, setting: RateSetting, limits: Pick<CallerLimits, RateSetting>) {
  const limit = limits[setting];
  const window = { points: limit, duration: WINDOW_SECONDS };
  const limiter = new RateLimiterRedis({
    ...window,
    storeClient: redis,
    keyPrefix: `${REQUEST_RATE}:${setting === 'MAX_REQUESTS_PER_MINUTE_PER_KEY' ? 'key' : 'address'}`,
    // requests above the limit are refused without a round trip
    inMemoryBlockOnConsumed: limit,
    rejectIfRedisNotReady: true,
    insuranceLimiter: new RateLimiterMemory(window),
  });
  return async function count(name: string): Promise<RateState> {
    try {
      return toState(limit, await limiter.consume(name));
    } catch (error) {
      if (error instanceof RateLimiterRes) throw new RateExceeded(setting, toState(limit, error));
      throw error;
    }
  };
}

function toState(limit: number, { remainingPoints, msBeforeNext }: RateLimiterRes): RateState {
  return { limit, remaining: Math.max(0, remainingPoints), resetSeconds: Math.max(1, Math.ceil(msBeforeNext / 1000)) };
}

/** The limit was exceeded; `state` is that of the limit that refuses the request. */
export class RateExceeded extends ApiError {
  constructor(
    setting: RateSetting,
    readonly state: RateState,
  ) {
    const { limit, resetSeconds } = state;
    const message = `Too many requests in this minute: ${setting} is ${limit}. Try again in ${resetSeconds} s.`;
    super('TOO_MANY_REQUESTS', message, { limit: { setting, value: limit } }, resetSeconds);
  }
}

export const RATE_HEADERS = ['RateLimit-Limit', 'RateLimit-Remaining', 'RateLimit-Reset'];

/** The fields of draft-ietf-httpapi-ratelimit-headers that most clients read. */
export function toRateHeaders({ limit, remaining, resetSeconds }: RateState): Record<string, string> {
  return {
    'RateLimit-Limit': String(limit),
    'RateLimit-Remaining': String(remaining),
    'RateLimit-Reset': String(resetSeconds),
  };
}
