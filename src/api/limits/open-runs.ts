/**
 * Counts the open runs of each account. A run counts from before its start until its workflow closes it. A run that never closes itself,
 * because it was terminated or its start failed, is detected when a limit is reached: Temporal is then asked about the runs that were
 * confirmed the longest ago.
 */
import type { CallerLimits } from '../../config/caller-limits';
import { ANONYMOUS_ACCOUNT } from '../../contract/names';
import type { AccountUsage, Admittance, UsageLimits } from '../../redis/account-usage';
import { isOutOfMemory } from '../../redis/maxmemory';
import type { ApiError } from '../errors';
import { limitError, toMegabytes } from './limit-error';
import { within } from './within';

/** A run that is counted as open. */
export interface OpenRun {
  /** For a run that was not started, or had already ended. */
  release(): Promise<void>;
}

interface StartingRun {
  tenant: string | undefined;
  runId: string;
  message: string;
}

export interface OpenRuns {
  /**
   * Counts a run before it is started. Throws {@link ApiError} if the account exceeds a limit on open runs, their messages or its sessions.
   */
  open(run: StartingRun): Promise<OpenRun>;
}

type Limits = Pick<CallerLimits, 'MAX_OPEN_RUNS_PER_KEY' | 'MAX_OPEN_MESSAGES_MB_PER_KEY' | 'MAX_SESSIONS_MB_PER_KEY'>;

/** The number of runs that are checked when a limit is reached. */
const CHECKED_AT_ONCE = 20;
/** Runs also start while Redis is unavailable: the limit protects the service and must not stop it. */
const PATIENCE_MS = 500;
const RETRY_SECONDS = 5;
const NOT_COUNTED: OpenRun = { release: () => Promise.resolve() };

export function createOpenRuns(
  usage: AccountUsage,
  limits: Limits,
  isOpen: (runId: string) => Promise<boolean>,
): OpenRuns {
  const bounds: UsageLimits = {
    openRuns: limits.MAX_OPEN_RUNS_PER_KEY,
    openBytes: limits.MAX_OPEN_MESSAGES_MB_PER_KEY,
    sessionBytes: limits.MAX_SESSIONS_MB_PER_KEY,
  };

  async function closeEndedRuns(account: string): Promise<boolean> {
    const checked = await usage.oldestOpenRuns(account, CHECKED_AT_ONCE);
    const open = await Promise.all(checked.map(isOpen));
    const ended = checked.filter((_, i) => !open[i]);
    await Promise.all(ended.map((runId) => usage.closeRun(account, runId)));
    await usage.confirmOpenRuns(
      account,
      checked.filter((_, i) => open[i]),
    );
    return ended.length > 0;
  }

  return {
    async open({ tenant, runId, message }) {
      const account = tenant ?? ANONYMOUS_ACCOUNT;
      const ask = () => usage.openRun(account, runId, Buffer.byteLength(message), bounds);
      let admitted = await unlessAway(ask());
      if (isRefusal(admitted) && admitted.verdict !== 'sessionBytes' && (await closeEndedRuns(account)))
        admitted = await ask();
      if (isRefusal(admitted)) throw refuse(admitted, bounds);
      return admitted?.verdict === 'taken' ? { release: () => usage.closeRun(account, runId) } : NOT_COUNTED;
    },
  };
}

type Refusal = Extract<Admittance, { used: number }>;

function isRefusal(admitted: Admittance | undefined): admitted is Refusal {
  return admitted !== undefined && admitted.verdict !== 'taken' && admitted.verdict !== 'held';
}

async function unlessAway(asked: Promise<Admittance>): Promise<Admittance | undefined> {
  return within(PATIENCE_MS, asked).catch((error: unknown) => {
    if (isOutOfMemory(error)) throw error;
    return undefined;
  });
}

function refuse({ verdict, used }: Refusal, bounds: UsageLimits): ApiError {
  switch (verdict) {
    case 'openRuns':
      return limitError({
        ...{ setting: 'MAX_OPEN_RUNS_PER_KEY', limit: bounds.openRuns, retryAfterSeconds: RETRY_SECONDS },
        message: `You have ${used} open runs, and nothing was started; wait for some to end, or cancel them`,
      });
    case 'openBytes':
      return limitError({
        ...{ setting: 'MAX_OPEN_MESSAGES_MB_PER_KEY', limit: toMegabytes(bounds.openBytes) },
        message: `The messages of your open runs take ${toMegabytes(used)} MB, and nothing was started; wait for some to end`,
        retryAfterSeconds: RETRY_SECONDS,
      });
    case 'sessionBytes':
      return limitError({
        ...{ setting: 'MAX_SESSIONS_MB_PER_KEY', limit: toMegabytes(bounds.sessionBytes) },
        message: `Your sessions take ${toMegabytes(used)} MB, and nothing was started; delete some (DELETE /sessions/:id)`,
      });
  }
}
