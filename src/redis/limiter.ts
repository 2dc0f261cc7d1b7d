/** Which calls of a model may go out, over all workers: its limits, its health, and a fair queue where it has too little for all. */
import type { Result } from 'ioredis';
import type { FailureCode } from '../contract/failures';
import { admitCall } from './admit-call';
import { CALL_LEASE_MS } from './call-lease';
import type { RedisConnection } from './connect';
import { modelKeys } from './keys';
import { renewCall, reportCall, withdrawCall } from './report-call';

/** What a model takes within a window, and at once; what is not given is not limited. */
export interface Limits {
  requests?: number | undefined;
  tokens?: number | undefined;
  concurrency?: number | undefined;
}

/** One call of a model by a turn. */
export interface CallId {
  /** Gateway and model, as one name. */
  model: string;
  /** Run and turn: one of them waits in one place only. */
  turn: string;
  /** Unique among all calls. */
  call: string;
}

/** What a call asks for. */
export interface Ask extends CallId {
  /** On whose account, and in which conversation: between these the capacity is shared out evenly. */
  tenant: string;
  session: string;
  /** Estimated, weighted as the limit counts them. */
  tokens: number;
  limits: Limits;
}

/**
 * Whether a call may go out. `open`: the model fails all the time. `probing`: another call finds out whether it still does.
 * `cooling`: it asked for a pause that is too long to sit out.
 */
export type Verdict =
  | { verdict: 'ok' }
  | { verdict: 'wait'; waitMs: number; ahead: number; why: 'requests' | 'tokens' | 'concurrency' | 'cooldown' | 'pace' }
  | { verdict: 'cooling' | 'open' | 'probing'; waitMs: number; words: string; code: FailureCode };

/** What became of a call. `ill` counts against the model's health, `cool` makes everybody wait, `neutral` says nothing about it. */
export type Outcome =
  | { outcome: 'ok'; firstTokenMs: number | null }
  | { outcome: 'ill'; code: FailureCode; words: string }
  | { outcome: 'cool'; code: FailureCode; words: string; waitMs: number }
  | { outcome: 'neutral' };

export interface Limiter {
  admit(ask: Ask): Promise<Verdict>;
  /** Says that a call lives: one that is not heard of any more loses its place among those at once. */
  renew(id: CallId): Promise<void>;
  /** `tokens` is undefined when they are not known: the estimate then stays in the window. */
  report(id: CallId, outcome: Outcome, durationMs: number, tokens: number | undefined): Promise<void>;
  /** Gives back the admission of a call that was not made. */
  withdraw(id: CallId): Promise<void>;
  /** Milliseconds to the first token, as a moving average; null for models that nobody has called lately. */
  firstTokenMs(models: string[]): Promise<(number | null)[]>;
}

export interface LimiterOptions {
  /** The length of the window, milliseconds: what the limits call a minute. */
  windowMs: number;
  /** The longest pause that a turn sits out, milliseconds. */
  patienceMs: number;
  /** How long a call keeps its place without a sign of life, milliseconds. */
  leaseMs?: number;
}

/** Between our admission and the gateway's own clock lies the network: a window is this much longer than the gateway's. */
export const WINDOW_SLACK_MS = 1000;
const PROBE_LEASE_MS = 30_000;

export const limiterScripts = {
  admitCall: { lua: admitCall, numberOfKeys: 7 },
  renewCall: { lua: renewCall, numberOfKeys: 7 },
  reportCall: { lua: reportCall, numberOfKeys: 7 },
  withdrawCall: { lua: withdrawCall, numberOfKeys: 7 },
};

type Keys = ReturnType<typeof modelKeys>;

declare module 'ioredis' {
  interface RedisCommander<Context> {
    admitCall(...keysAndArguments: [...Keys, ...(string | number)[]]): Result<unknown[], Context>;
    renewCall(...keysAndArguments: [...Keys, ...(string | number)[]]): Result<number, Context>;
    reportCall(...keysAndArguments: [...Keys, ...(string | number)[]]): Result<number, Context>;
    withdrawCall(...keysAndArguments: [...Keys, ...(string | number)[]]): Result<number, Context>;
  }
}

export function createLimiter(redis: RedisConnection, options: LimiterOptions): Limiter {
  const { windowMs, patienceMs, leaseMs = CALL_LEASE_MS } = options;
  return {
    async admit({ model, turn, call, tenant, session, tokens, limits }) {
      const { requests = 0, tokens: tokenLimit = 0, concurrency = 0 } = limits;
      const times = [windowMs + WINDOW_SLACK_MS, leaseMs, PROBE_LEASE_MS, patienceMs];
      const who = [turn, call, tenant, session, Math.ceil(tokens)];
      return readVerdict(
        await redis.admitCall(...modelKeys(model), ...who, requests, tokenLimit, concurrency, ...times),
      );
    },

    async renew({ model, turn, call }) {
      await redis.renewCall(...modelKeys(model), turn, call, leaseMs);
    },

    async report({ model, turn, call }, outcome, durationMs, tokens) {
      const { firstTokenMs, waitMs, code, words } = { firstTokenMs: null, waitMs: 0, code: '', words: '', ...outcome };
      const used = tokens === undefined ? '' : Math.ceil(tokens);
      const first = firstTokenMs === null ? '' : Math.round(firstTokenMs);
      const said = [Math.round(durationMs), Math.ceil(waitMs), code, words];
      await redis.reportCall(...modelKeys(model), turn, call, used, outcome.outcome, first, ...said);
    },

    async withdraw({ model, turn, call }) {
      await redis.withdrawCall(...modelKeys(model), turn, call);
    },

    async firstTokenMs(models) {
      const known = models.map((model) => redis.hget(modelKeys(model)[0], 'first_token'));
      return (await Promise.all(known)).map((ms) => (ms === null ? null : Number(ms)));
    },
  };
}

function readVerdict(reply: unknown[]): Verdict {
  const [verdict, waitMs, third, fourth] = reply as [Verdict['verdict'], number, never, never];
  if (verdict === 'ok') return { verdict };
  return verdict === 'wait'
    ? { verdict, waitMs, ahead: third, why: fourth }
    : { verdict, waitMs, words: third, code: fourth };
}
