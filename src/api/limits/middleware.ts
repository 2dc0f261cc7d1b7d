/**
 * Applies the caller's limits to each HTTP request after authentication. The rate is counted while the body is read, so that it adds no
 * round trip; the routes start when both are done.
 */
import type { Context, Middleware } from 'koa';
import type { CallerLimits } from '../../config/caller-limits';
import { onClosing } from '../closing';
import type { CountBytes } from '../read-body';
import { describeCaller } from './caller';
import { ByteCounter, OpenCounter } from './counters';
import { createRequestRate, RateExceeded, toRateHeaders, type RateState, type RequestRate } from './request-rate';
import type { RedisConnection } from '../../redis/connect';

export interface ApiLimits {
  settings: CallerLimits;
  rate: RequestRate;
  requests: OpenCounter;
  bytes: ByteCounter;
}

export function createApiLimits(redis: RedisConnection, settings: CallerLimits): ApiLimits {
  return {
    settings,
    rate: createRequestRate(redis, settings),
    requests: new OpenCounter({
      ...{ setting: 'MAX_OPEN_REQUESTS_PER_KEY', limit: settings.MAX_OPEN_REQUESTS_PER_KEY },
      message: 'You have too many requests open in this process: streams, long polls and calls that wait',
      retryAfterSeconds: 1,
    }),
    bytes: new ByteCounter({ perCaller: settings.MAX_BODIES_MB_PER_KEY, total: settings.MAX_BODIES_MB }),
  };
}

/** Paths of health checks and monitoring. */
const EXEMPT = ['/healthz', '/readyz', '/health', '/metrics'];
/** Reading a larger body costs more than the round trip that checks the rate first. Bytes. */
const SMALL_BODY = 64 * 1024;

/** Runs before the body parser. */
export function limitCallers(limits: ApiLimits): Middleware {
  return async function limit(ctx, next) {
    const { settings, requests, rate, bytes } = limits;
    const caller = describeCaller(ctx.state.tenant as string | undefined, ctx.req, settings.TRUST_PROXY);
    if (EXEMPT.includes(ctx.path) || ctx.method === 'OPTIONS') return next();
    const counted = rate.count(caller);
    counted.catch(() => undefined);
    ctx.state.rate = counted;
    if (declaredLength(ctx) > SMALL_BODY) await showRate(ctx, counted);
    const leave = requests.enter(caller.name);
    onClosing(ctx.res, leave);
    const held = bytes.hold(caller.name);
    onClosing(ctx.res, held.release);
    ctx.state.countBody = held.grow satisfies CountBytes;
    await next();
  };
}

/** Runs after the body parser: behind it the request is executed. */
export const enforceRate: Middleware = async (ctx, next) => {
  const { rate } = ctx.state as { rate?: Promise<RateState | undefined> };
  if (rate) await showRate(ctx, rate);
  await next();
};

async function showRate(ctx: Context, counted: Promise<RateState | undefined>): Promise<void> {
  try {
    const state = await counted;
    if (state) ctx.set(toRateHeaders(state));
  } catch (error) {
    if (error instanceof RateExceeded) ctx.set(toRateHeaders(error.state));
    throw error;
  }
}

/** The declared length of the body in bytes; infinite for a body of undeclared length. */
function declaredLength({ req }: Context): number {
  if (req.headers['transfer-encoding'] !== undefined) return Infinity;
  return Number(req.headers['content-length'] ?? 0);
}
