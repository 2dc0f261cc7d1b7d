/**
 * The end of a turn that is stopped. It is heard out: its activity closes the model call, tells readers, and reports what it has used.
 * The cancellation of a run reaches it over Redis, any other with a heartbeat; one whose worker is gone is not waited for.
 */
import { CancellationScope, CancelledFailure, patched, sleep } from '@temporalio/workflow';
import type { TurnRequest, TurnResult } from '../contract';
import { takeTurn, takeTurnUnheard } from './activities';

const hearsOut = () => patched('stopped-turns-are-heard-out');

/** Longer than a heartbeat takes to bring the word. */
const PATIENCE = '4 seconds';

/** The activity as a workflow calls it, from within the scope in which it may be stopped. */
export async function callTurn(request: TurnRequest, summary: string): Promise<TurnResult> {
  if (!hearsOut()) return takeTurnUnheard.executeWithOptions({ summary }, [request]);
  const patience = startPatience(CancellationScope.current());
  try {
    return await Promise.race([takeTurn.executeWithOptions({ summary }, [request]), patience.exhausted]);
  } finally {
    patience.end();
  }
}

/** Whatever a turn comes to whose run or scope is cancelled meanwhile: nothing may follow from it. */
export function mustGoOn(): void {
  if (hearsOut() && CancellationScope.current().consideredCancelled)
    throw new CancelledFailure('The turn was stopped.');
}

/** Stops whoever still speaks, and resolves when nobody does: for runs that go on without an answer. */
export async function hush(speaking: readonly { scope: CancellationScope }[], nobodySpeaks: () => Promise<unknown>) {
  if (!hearsOut()) return;
  for (const { scope } of speaking) scope.cancel();
  await nobodySpeaks();
}

/** Begins to run out when the scope is cancelled. */
function startPatience({ cancelRequested }: CancellationScope) {
  const timer = new CancellationScope({ cancellable: true, parent: new CancellationScope({ cancellable: false }) });
  const exhausted = cancelRequested.catch(async (stopped: unknown) => {
    await timer.run(() => sleep(PATIENCE));
    throw stopped;
  });
  exhausted.catch(() => undefined);
  return { exhausted, end: () => timer.cancel() };
}
