/** Reads what the limiter knows of models, and changes nothing. */
import { isFailureCode, type FailureCode } from '../contract/failures';
import type { RedisConnection } from './connect';
import { modelKeys } from './keys';
import { WINDOW_SLACK_MS } from './limiter';

/** A model's health and use. Times are of Redis' clock, Unix epoch in milliseconds. */
export interface LimiterState {
  breaker: 'closed' | 'open' | 'half-open';
  restingUntil: number | null;
  reason: { code: FailureCode; message: string } | null;
  /** Calls and tokens within the window, and calls under way; counted only where there is such a limit. */
  requests: number;
  tokens: number;
  open: number;
  waiting: number;
  firstTokenMs: number | null;
  durationMs: number | null;
}

/** How long after the moment that it was told a waiter is still believed to come back; see admit-call.ts. */
const GRACE_MS = 10_000;

/** `model` is its name in the limiter. */
export async function readModelState(redis: RedisConnection, model: string, windowMs: number): Promise<LimiterState> {
  const [health, calls, spent, open, , dues] = modelKeys(model);
  const [seconds, micros] = await redis.time();
  const now = Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
  const since = `(${now - windowMs - WINDOW_SLACK_MS}`;
  const [fields, ids, underWay, waiting] = await Promise.all([
    redis.hgetall(health),
    redis.zrangebyscore(calls, since, '+inf'),
    redis.zcount(open, `(${now}`, '+inf'),
    redis.zcount(dues, now - GRACE_MS, '+inf'),
  ]);
  const tokens = ids.length > 0 ? await redis.hmget(spent, ...ids) : [];
  return {
    ...healthOf(fields, now),
    requests: ids.length,
    tokens: tokens.reduce((sum, used) => sum + Number(used ?? 0), 0),
    open: underWay,
    waiting,
  };
}

function healthOf(fields: Record<string, string>, now: number) {
  const time = (name: string) => Number(fields[name] ?? 0);
  const openUntil = time('open_until');
  const restingUntil = Math.max(openUntil, time('cool_until'));
  const breaker = openUntil === 0 ? 'closed' : openUntil > now ? 'open' : 'half-open';
  const concerned = breaker !== 'closed' || restingUntil > now;
  return {
    breaker: breaker as LimiterState['breaker'],
    restingUntil: restingUntil > now ? restingUntil : null,
    reason: concerned && isFailureCode(fields.code) ? { code: fields.code, message: fields.words ?? '' } : null,
    firstTokenMs: fields.first_token === undefined ? null : time('first_token'),
    durationMs: fields.duration === undefined ? null : time('duration'),
  };
}
