/** Usage of ended runs according to records outside Redis. It is added to the ledger before the account's next call is held. */
import type { RunSpending } from '../contract';
import type { RedisConnection } from './connect';
import { ledgerKeys } from './keys';
import type { Payer } from './ledger';
import { defineScript, done } from './scripts';

/** Usage of an ended run according to its record in Temporal. */
export interface RecordedRun extends Pick<Payer, 'runId' | 'sessionId'>, Omit<RunSpending, 'calls'> {
  endedAt: Date;
}

/** Returns the account's ended runs, as far as they are recorded elsewhere. Called once per account, and again after Redis was emptied. */
export type ListRecordedRuns = (account: string) => Promise<RecordedRun[]>;

export type Period = 'total' | 'month' | 'day';

const DAY = 24 * 3600;
export const TTL = {
  run: 30 * DAY,
  session: 90 * DAY,
  account: { day: 3 * DAY, month: 92 * DAY, total: 3 * 365 * DAY },
};

interface RecordRun {
  usd: number;
  tokens: number;
  /** Without `account`, the run does not count in the account's period. */
  ttlSeconds: { run: number; session: number; account?: number };
}
export const recordRun = defineScript<RecordRun, void>('record-run', done);
const finishRecording = defineScript<{ period: string; ttlSeconds: number }, void>('finish-recording', done);

/** Adds the usage of an account's ended runs to the ledger. Concurrent calls for one account share one pass. */
export function createRecorder(redis: RedisConnection, period: Period, recordedRuns: ListRecordedRuns) {
  const atWork = new Map<string, Promise<void>>();
  async function record(account: string): Promise<void> {
    const now = formatPeriod(period);
    for (const { runId, sessionId, usd, tokens, endedAt } of await recordedRuns(account)) {
      const isOfThisPeriod = formatPeriod(period, endedAt) === now;
      const ttlSeconds = {
        ...{ run: TTL.run, session: TTL.session },
        ...(isOfThisPeriod ? { account: TTL.account[period] } : {}),
      };
      await recordRun(redis, ledgerKeys(account, runId, sessionId, now), { usd, tokens, ttlSeconds });
    }
    await finishRecording(redis, ledgerKeys(account, '', '', now), { period: now, ttlSeconds: TTL.session });
  }
  return async function recordOnce(account: string): Promise<void> {
    const recording = atWork.get(account) ?? record(account).finally(() => atWork.delete(account));
    atWork.set(account, recording);
    return recording;
  };
}

export function formatPeriod(period: Period, at = new Date()): string {
  const now = at.toISOString();
  return { total: 'total', month: now.slice(0, 7), day: now.slice(0, 10) }[period];
}
