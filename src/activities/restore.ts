/**
 * Restores a run's stream after Redis has lost it: its opening, each finished turn with its whole text, and the reports of its executions.
 * Like every other writer it uses an epoch and numbered events, so it may be repeated or interrupted.
 */
import type { RunRecord, RunScope } from '../contract';
import type { TurnCheck } from '../contract/checks';
import { openingEvent } from '../events/opening';
import { AppendRefused, type TurnStore } from '../redis/turns';
import { tellCheckEnded, tellCheckStarted } from '../verification/check-events';
import { restoreTurn } from '../model-call/restore-turn';

/** Restores only what is missing. Does nothing for a run that has ended. */
export async function restoreRun(store: TurnStore, { scope, opening, turns, checks, texts }: RunRecord): Promise<void> {
  try {
    const first = openingEvent(scope, opening);
    await store.publish(first.scope, first.payload);
    await store.restoreTexts(scope.run_id, texts);
    for (const turn of turns) {
      await restoreTurn(store, scope, turn);
      for (const check of checks.filter((one) => one.turn === turn.turn)) await restoreCheck(store, scope, check);
    }
  } catch (error) {
    if (!(error instanceof AppendRefused) || error.reason !== 'closed') throw error;
  }
}

async function restoreCheck(store: TurnStore, scope: RunScope, check: TurnCheck): Promise<void> {
  await tellCheckStarted(store, scope, check.turn, check.language);
  await tellCheckEnded(store, scope, check);
}
