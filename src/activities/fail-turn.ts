/** The short activity that publishes why a run has stopped one of its turns, whose own activity may be gone or not know the reason. */
import type { TurnRequest } from '../contract';
import type { Failure } from '../contract/failures';
import { AppendRefused, type TurnStore } from '../redis/turns';
import type { Admission } from '../model-call/admission';
import { computePartialUsage } from '../model-call/partial-usage';
import { TurnPublisher } from '../model-call/publish';

export interface FailTurnDependencies {
  turns: TurnStore;
  admission: Pick<Admission, 'abandon' | 'readCost'>;
}

export function createFailTurn({ turns, admission }: FailTurnDependencies) {
  /** Does nothing for a turn that has finished or has never begun. */
  return async function failTurn(request: TurnRequest, { code, message }: Failure): Promise<void> {
    try {
      const attempt = await turns.begin(request.run_id, request.turn);
      if (attempt.result || !attempt.opened) return;
      const publisher = new TurnPublisher(turns, request, attempt, () => undefined);
      // the call of a dead worker is booked by the text that was received
      await admission.abandon(request, publisher.text);
      const partialUsage = await computePartialUsage(admission, request, publisher.text);
      publisher.tell({ type: 'turn.failed', code, message, ...partialUsage });
      await publisher.drain();
    } catch (error) {
      if (!(error instanceof AppendRefused)) throw error;
    }
  };
}
