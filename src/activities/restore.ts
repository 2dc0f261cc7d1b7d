/**
 * Writes a run's stream again after Redis has lost it: how it opened, each finished turn with its whole text, and what executing its code has shown. It goes the
 * way of every other writer, an epoch and numbered events, so that it may be repeated and cut off like one.
 */
import type { Opening, RunNews, RunRecord, RunScope, TurnResult } from '../contract';
import type { TurnCheck } from '../contract/checks';
import { completionOf } from '../contract/retelling';
import { AppendRefused, type TurnStore } from '../redis/turns';
import { tellCheckEnded, tellCheckStarted } from './check-news';
import { TurnPublisher } from './publish';

/** The event that opens a run, and its scope: that of the run itself, whichever stage comes first. */
export function openingEvent({ run_id, session_id }: RunScope, opening: Opening): { scope: RunScope; news: RunNews } {
  return { scope: { run_id, session_id, team_id: opening.swarm_id }, news: { type: 'run.started', ...opening } };
}

/** Restores what is missing; what is there stays as it is. A run that has ended is left alone. */
export async function restoreRun(
  store: TurnStore,
  { scope, opening, turns, checks = [], texts }: RunRecord,
): Promise<void> {
  try {
    const first = openingEvent(scope, opening);
    await store.publish(first.scope, first.news);
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

/** Tells a finished turn, unless it stands there already. */
export async function restoreTurn(store: TurnStore, scope: RunScope, result: TurnResult): Promise<void> {
  const attempt = await store.begin(scope.run_id, result.turn);
  if (attempt.result) return;
  const { turn, role, label, text, model, gateway } = result;
  const publisher = new TurnPublisher(store, { ...scope, turn, role, label }, attempt, () => undefined);
  publisher.asks(model);
  if (attempt.nextIndex === 0) publisher.tell({ type: 'turn.started', model, gateway });
  else if (attempt.text)
    publisher.tell({ type: 'turn.restarted', dropped: attempt.text.length, model }, { drop: true });
  publisher.delta(text);
  publisher.tell(completionOf(result), { result });
  await publisher.drain();
}
