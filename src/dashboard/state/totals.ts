/** The usage and the times of turns, for the header of a run and for its lanes: both count the same way. Pure. */
import type { RunSnapshot } from '../../contract';
import { countTokens, type TurnView } from './turn-view';

export interface TokenTotals {
  /** Tokens of prompts. */
  read: number;
  /** Tokens of answers. */
  written: number;
  /** False while part of it is an estimate. */
  exact: boolean;
}

export interface Totals extends TokenTotals {
  /** US dollars; undefined if no turn has reported a cost. */
  costUsd: number | undefined;
}

export function sumTurns(turns: readonly TurnView[]): Totals {
  const totals: Totals = { read: 0, written: 0, exact: true, costUsd: undefined };
  for (const turn of turns) {
    const { usage, cost_usd } = turn.snapshot;
    const answer = countTokens(turn);
    totals.read += usage?.prompt_tokens ?? 0;
    totals.written += answer.tokens;
    totals.exact &&= answer.exact;
    if (typeof cost_usd === 'number') totals.costUsd = (totals.costUsd ?? 0) + cost_usd;
  }
  return totals;
}

/** The usage of a whole run; that of an ended run is what the API reports. */
export function sumRun({ usage, cost_usd }: RunSnapshot, turns: readonly TurnView[]): Totals {
  if (!usage) return sumTurns(turns);
  const { prompt_tokens: read, completion_tokens: written, estimated = false } = usage;
  return { read, written, exact: !estimated, costUsd: cost_usd ?? undefined };
}

/** How long a turn has taken until `now`, in milliseconds; undefined for one that was taken over without a call. */
function measureTurnMs({ snapshot, startedAt, endedAt }: TurnView, now: number): number | undefined {
  if (snapshot.reused_from) return undefined;
  return snapshot.duration_ms ?? (endedAt ?? now) - startedAt;
}

/** The time of the calls of several turns; undefined if all were taken over. */
export function sumTurnMs(turns: readonly TurnView[], now: number): number | undefined {
  const times = turns.flatMap((turn) => measureTurnMs(turn, now) ?? []);
  return times.length > 0 ? times.reduce((sum, ms) => sum + ms, 0) : undefined;
}

/** The mean time to the first token of several turns; undefined if none has one. */
export function averageFirstTokenMs(turns: readonly TurnView[]): number | undefined {
  const times = turns.flatMap((turn) => measureFirstTokenMs(turn) ?? []);
  return times.length > 0 ? times.reduce((sum, ms) => sum + ms, 0) / times.length : undefined;
}

function measureFirstTokenMs({ snapshot, completed, firstTextAt, startedAt }: TurnView): number | undefined {
  if (snapshot.reused_from) return undefined;
  if (completed) return completed.first_token_ms ?? undefined;
  return firstTextAt === undefined ? undefined : firstTextAt - startedAt;
}
