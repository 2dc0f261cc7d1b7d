/** Current usage of an account: its open runs with their message bytes, and the sessions stored for it. */
import { z } from 'zod';
import type { RedisConnection } from './connect';
import { accountKeys } from './keys';
import { defineScript, done, json } from './scripts';

/** Limits on what an account may have open and stored; messages and sessions in bytes. */
export interface UsageLimits {
  openRuns: number;
  openBytes: number;
  sessionBytes: number;
}

/** `taken`: the run is counted from now on. `held`: it was counted before. Otherwise: the exceeded limit, and how much of it is used. */
export type Admittance = { verdict: 'taken' | 'held' } | { verdict: keyof UsageLimits; used: number };

export interface AccountUsage {
  /** Counts a run that is about to start, unless a limit rejects it. */
  openRun(account: string, runId: string, messageBytes: number, limits: UsageLimits): Promise<Admittance>;
  /** Stops counting a run that has ended or was not started. Idempotent. */
  closeRun(account: string, runId: string): Promise<void>;
  /** Returns the open runs whose last confirmation is the oldest. */
  oldestOpenRuns(account: string, count: number): Promise<string[]>;
  /** Records that runs are still open. */
  confirmOpenRuns(account: string, runIds: string[]): Promise<void>;
  /** Sets the stored size of a session until it expires. */
  noteSession(account: string, sessionId: string, bytes: number, ttlSeconds: number): Promise<void>;
  forgetSession(account: string, sessionId: string): Promise<void>;
}

/** Expiry of an account's open runs after its last start. Seconds. */
const OPEN_TTL = 90 * 24 * 3600;

const admittance = z.union([
  z.object({ verdict: z.enum(['taken', 'held']) }),
  z.object({ verdict: z.enum(['openRuns', 'openBytes', 'sessionBytes']), used: z.number() }),
]);

const openRun = defineScript<{ run: string; bytes: number; limits: UsageLimits; ttlSeconds: number }, Admittance>(
  'open-run',
  json(admittance),
);
const closeOpenRun = defineScript<{ run: string }, void>('close-open-run', done);
const confirmOpenRuns = defineScript<{ runs: string[] }, void>('confirm-open-runs', done);
const noteSession = defineScript<{ session: string; bytes: number; ttlSeconds: number }, void>('note-session', done);
const forgetSession = defineScript<{ session: string }, void>('forget-session', done);

export function createAccountUsage(redis: RedisConnection): AccountUsage {
  return {
    openRun: (account, runId, messageBytes, limits) =>
      openRun(redis, accountKeys(account), { run: runId, bytes: messageBytes, limits, ttlSeconds: OPEN_TTL }),
    closeRun: (account, runId) => closeOpenRun(redis, accountKeys(account), { run: runId }),
    oldestOpenRuns: (account, count) => redis.zrange(accountKeys(account)[0], 0, `${count - 1}`),
    confirmOpenRuns: (account, runIds) => confirmOpenRuns(redis, accountKeys(account), { runs: runIds }),
    noteSession: (account, sessionId, bytes, ttlSeconds) =>
      noteSession(redis, accountKeys(account), { session: sessionId, bytes, ttlSeconds }),
    forgetSession: (account, sessionId) => forgetSession(redis, accountKeys(account), { session: sessionId }),
  };
}
