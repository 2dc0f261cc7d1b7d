/** Decides across all workers which calls of a model may go out: rate limits, health, and a fair queue when capacity is short. */
import { z } from 'zod';
import { FAILURE_CODES, isFailureCode, type FailureCode } from '../contract/failures';
import type { RedisConnection } from './connect';
import { modelKeys } from './keys';
import { defineScript, done, flag, json } from './scripts';

/** Limits of a model within a window, and on concurrent calls; an absent limit means unlimited. */
export interface Limits {
  requests?: number | undefined;
  tokens?: number | undefined;
  concurrency?: number | undefined;
}

/** One call of a model by a turn. */
export interface CallId {
  /** Gateway and model, as one name. */
  model: string;
  /** Run and turn. A turn waits in one queue only. */
  turn: string;
  /** Unique among all calls. */
  call: string;
}

/** What a call requests. */
export interface LimiterRequest extends CallId {
  /** The account and the conversation of the call. Capacity is shared evenly between these. */
  tenant: string;
  session: string;
  /** Estimated tokens, weighted the way the limit counts them. */
  tokens: number;
  limits: Limits;
}

const refused = { waitMs: z.number(), words: z.string(), code: z.enum(FAILURE_CODES) };
const verdict = z.discriminatedUnion('verdict', [
  z.object({ verdict: z.literal('ok') }),
  z.object({
    verdict: z.literal('wait'),
    waitMs: z.number(),
    /** Number of turns ahead. */
    ahead: z.number(),
    why: z.enum(['requests', 'tokens', 'concurrency', 'cooldown', 'pace']),
  }),
  /** The model asked for a longer pause than a turn waits. */
  z.object({ verdict: z.literal('cooling'), ...refused }),
  /** The model keeps failing. */
  z.object({ verdict: z.literal('open'), ...refused }),
  /** Another call is testing whether the model still fails. */
  z.object({ verdict: z.literal('probing'), ...refused }),
]);
/** Whether a call may go out. */
export type AdmissionVerdict = z.infer<typeof verdict>;

/** Result of a call. `ill` counts against the model's health, `cool` makes all callers wait, `neutral` says nothing about the model. */
export type Outcome =
  | { outcome: 'ok'; firstTokenMs: number | null }
  | { outcome: 'ill'; code: FailureCode; words: string }
  | { outcome: 'cool'; code: FailureCode; words: string; waitMs: number }
  | { outcome: 'neutral' };

export interface Limiter {
  admit(ask: LimiterRequest): Promise<AdmissionVerdict>;
  /** Renews a call's lease. A call that stops renewing loses its concurrency slot. */
  renew(id: CallId): Promise<void>;
  /** `tokens` is undefined if unknown: the window then keeps the estimate. */
  report(id: CallId, outcome: Outcome, durationMs: number, tokens: number | undefined): Promise<void>;
  /** Returns the admission of a call that was not made. */
  withdraw(id: CallId): Promise<void>;
  /** Returns the time to first token in milliseconds, as a moving average; null for models without recent calls. */
  firstTokenMs(models: string[]): Promise<(number | null)[]>;
}

export interface LimiterOptions {
  /** Length of the window, milliseconds: what the limits call a minute. */
  windowMs: number;
  /** The longest pause that a turn waits for, milliseconds. */
  patienceMs: number;
  /** How long a call keeps its slot without a renewal, milliseconds. */
  leaseMs?: number;
}

/** How long a call keeps its concurrency slot and its budget hold without a renewal from its worker. Milliseconds. */
export const CALL_LEASE_MS = 30_000;
/** How often a worker renews; two renewals may be lost. Milliseconds. */
export const CALL_RENEWAL_MS = 10_000;

/** Network delay separates our admission from the gateway's clock, so our window is longer than the gateway's by this much. */
const WINDOW_SLACK_MS = 1000;
const PROBE_LEASE_MS = 30_000;

/** How long a waiter keeps its place after the time at which it was told to ask again. */
const GRACE_MS = 10_000;

interface TurnCall {
  turn: string;
  call: string;
}
interface AdmitCall extends TurnCall {
  tenant: string;
  session: string;
  tokens: number;
  limits: Required<Limits>;
  windowMs: number;
  leaseMs: number;
  probeLeaseMs: number;
  patienceMs: number;
  graceMs: number;
}
interface ReportCall extends TurnCall {
  usedTokens: number | undefined;
  outcome: Outcome['outcome'];
  firstTokenMs: number | undefined;
  durationMs: number;
  waitMs: number;
  code: string;
  words: string;
}

const admitCall = defineScript<AdmitCall, AdmissionVerdict>('admit-call', json(verdict));
const renewCall = defineScript<TurnCall & { leaseMs: number; isUnderWay: boolean }, boolean>('renew-call', flag);
const reportCall = defineScript<ReportCall, void>('report-call', done);
const withdrawCall = defineScript<TurnCall, void>('withdraw-call', done);

export function createLimiter(redis: RedisConnection, options: LimiterOptions): Limiter {
  const { windowMs, patienceMs, leaseMs = CALL_LEASE_MS } = options;
  /** The call that this process is making, by turn. */
  const underWay = new Map<string, string>();
  const end = ({ turn, call }: CallId) => void (underWay.get(turn) === call && underWay.delete(turn));
  return {
    async admit({ model, turn, call, tenant, session, tokens, limits }) {
      const { requests = 0, tokens: tokenLimit = 0, concurrency = 0 } = limits;
      const reply = await admitCall(redis, modelKeys(model), {
        ...{ turn, call, tenant, session, tokens: Math.ceil(tokens) },
        limits: { requests, tokens: tokenLimit, concurrency },
        ...{ windowMs: windowMs + WINDOW_SLACK_MS, leaseMs, probeLeaseMs: PROBE_LEASE_MS },
        ...{ patienceMs, graceMs: GRACE_MS },
      });
      if (reply.verdict === 'ok') underWay.set(turn, call);
      return reply;
    },

    async renew({ model, turn, call }) {
      const isUnderWay = underWay.get(turn) === call;
      await renewCall(redis, modelKeys(model), { turn, call, leaseMs, isUnderWay });
    },

    async report(id, outcome, durationMs, tokens) {
      const { model, turn, call } = id;
      end(id);
      const { firstTokenMs, waitMs, code, words } = { firstTokenMs: null, waitMs: 0, code: '', words: '', ...outcome };
      await reportCall(redis, modelKeys(model), {
        ...{ turn, call, outcome: outcome.outcome, code, words },
        usedTokens: tokens === undefined ? undefined : Math.ceil(tokens),
        firstTokenMs: firstTokenMs === null ? undefined : Math.round(firstTokenMs),
        durationMs: Math.round(durationMs),
        waitMs: Math.ceil(waitMs),
      });
    },

    async withdraw(id) {
      const { model, turn, call } = id;
      end(id);
      await withdrawCall(redis, modelKeys(model), { turn, call });
    },

    async firstTokenMs(models) {
      const known = models.map((model) => redis.hget(modelKeys(model)[0], 'first_token'));
      return (await Promise.all(known)).map((ms) => (ms === null ? null : Number(ms)));
    },
  };
}

/** A model's health and usage. Times are from Redis' clock, Unix epoch in milliseconds. */
export interface LimiterState {
  breaker: 'closed' | 'open' | 'half-open';
  restingUntil: number | null;
  reason: { code: FailureCode; message: string } | null;
  /** Calls and tokens within the window, and open calls. Counted only if the model has such a limit. */
  requests: number;
  tokens: number;
  open: number;
  waiting: number;
  firstTokenMs: number | null;
  durationMs: number | null;
}

/** Reads the limiter's state of a model without changing it. `model` is the model's name in the limiter. */
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
    ...readHealth(fields, now),
    requests: ids.length,
    tokens: tokens.reduce((sum, used) => sum + Number(used ?? 0), 0),
    open: underWay,
    waiting,
  };
}

function readHealth(fields: Record<string, string>, now: number) {
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
