/**
 * Cancellation of turns. The workflow waits up to 4 s for each cancelled turn: its activity closes the model call, tells readers, and
 * reports usage. A cancelled run reaches the activity through Redis, any other cancellation with a heartbeat. The time limit covers an
 * activity whose worker is gone.
 */
import { CancellationScope, CancelledFailure, isCancellation, sleep } from '@temporalio/workflow';
import type { Failure } from '../contract/failures';
import type { TurnRequest, TurnResult } from '../contract';
import { failTurn, takeTurn } from './activities';
import { receiveText } from './long-texts';

/** Longer than a heartbeat takes to deliver the cancellation. */
const PATIENCE = '4 seconds';

/** The reason for each stopped scope. */
const reasons = new WeakMap<CancellationScope, Failure>();
const UNNAMED: Failure = { code: 'CANCELLED', message: 'The turn was stopped.' };

/** Stops the turns of a scope. `why` is the reason that readers, the record and the metrics receive. */
export function stopScope(scope: CancellationScope, why: Failure): void {
  reasons.set(scope, why);
  scope.cancel();
}

/**
 * Calls the activity from within the scope that may stop it. The workflow publishes why a single turn was stopped, because its activity
 * does not know the reason or is still in Temporal's queue. When the whole run is cancelled, the activity knows.
 */
export async function callTurn(request: TurnRequest, summary: string): Promise<TurnResult> {
  return hearOut({ ...request, reports_stop: true }, summary).catch(async (error: unknown) => {
    const stopped = listAncestors(CancellationScope.current());
    if (isCancellation(error) && !stopped.at(-1)?.consideredCancelled) {
      const why = stopped.map((scope) => reasons.get(scope)).find(Boolean) ?? UNNAMED;
      await CancellationScope.nonCancellable(() => failTurn(request, why));
    }
    throw error;
  });
}

/** The scope and its ancestors; the run's root scope is last. */
function listAncestors(scope: CancellationScope): CancellationScope[] {
  return scope.parent ? [scope, ...listAncestors(scope.parent)] : [scope];
}

async function hearOut(request: TurnRequest, summary: string): Promise<TurnResult> {
  const patience = startPatience(CancellationScope.current());
  try {
    return await receiveText(
      request,
      await Promise.race([takeTurn.executeWithOptions({ summary }, [request]), patience.exhausted]),
    );
  } finally {
    patience.end();
  }
}

/** Throws if the current run or scope was cancelled meanwhile, so that nothing is done with the turn's result. */
export function mustGoOn(): void {
  if (CancellationScope.current().consideredCancelled) throw new CancelledFailure('The turn was stopped.');
}

/** Stops the running turns and resolves when none is left. For runs that end without their answers. */
export async function cancelAndSettle(
  speaking: readonly { scope: CancellationScope }[],
  nobodySpeaks: () => Promise<unknown>,
) {
  for (const { scope } of speaking) scope.cancel();
  await nobodySpeaks();
}

/** A timeout that starts when the scope is cancelled. */
function startPatience({ cancelRequested }: CancellationScope) {
  const timer = new CancellationScope({ cancellable: true, parent: new CancellationScope({ cancellable: false }) });
  const exhausted = cancelRequested.catch(async (stopped: unknown) => {
    await timer.run(() => sleep(PATIENCE));
    throw stopped;
  });
  exhausted.catch(() => undefined);
  return { exhausted, end: () => timer.cancel() };
}
