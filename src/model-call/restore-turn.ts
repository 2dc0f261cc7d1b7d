/** Publishes a finished turn the way an attempt writes it: with an epoch and numbered events, so it may be repeated or interrupted. */
import type { RunScope, TurnResult } from '../contract';
import { makeCompletion } from '../events/reconstruction';
import type { AttemptRecord, TurnStore } from '../redis/turns';
import { TurnPublisher } from './publish';

/** Restores a finished turn that Redis has lost to its run's stream. Does nothing if it is there. */
export async function restoreTurn(store: TurnStore, scope: RunScope, result: TurnResult): Promise<void> {
  const attempt = await store.begin(scope.run_id, result.turn);
  if (!attempt.result) await publishTurn(store, scope, result, attempt);
}

/** Publishes a turn whose call has finished elsewhere. */
export async function publishTurn(
  store: TurnStore,
  scope: RunScope,
  result: TurnResult,
  attempt: AttemptRecord,
): Promise<void> {
  const { run_id, session_id, team_id } = scope;
  const { turn, role, label, place, text, model, gateway } = result;
  const speaker = { run_id, session_id, team_id, turn, role, label, place };
  const publisher = new TurnPublisher(store, speaker, attempt, () => undefined);
  publisher.asks(model);
  if (attempt.nextIndex === 0) publisher.tell({ type: 'turn.started', model, gateway });
  else if (attempt.text)
    publisher.tell({ type: 'turn.restarted', dropped: attempt.text.length, model }, { drop: true });
  publisher.delta(text);
  publisher.tell(makeCompletion(result), { result });
  await publisher.drain();
}
