/** How an activity becomes the owner of its turn. The first turns of a run may be under way in the express lane of another worker. */
import type { TurnRequest } from '../contract';
import { openingEvent } from '../events/opening';
import type { LaneEnds } from '../redis/lanes';
import { isLaneOutcome, type AttemptRecord, type TurnStore } from '../redis/turns';
import { computeRequestFingerprint } from './express-lane';
import { fromLaneFailure } from './lane-turn';

export interface BeginTurnDependencies {
  turns: Pick<TurnStore, 'begin' | 'beginOutsideLane'>;
  laneEnds: LaneEnds;
  /** Tells the worker that has the turn in its express lane that the run exists, or has stopped the turn. */
  tellLane(workerId: string, message: { kind: 'running' | 'stopped'; run_id: string; turn: string }): Promise<void>;
}

/** What may stop the activity. */
interface Stops {
  /** Stops this turn alone. */
  turn: AbortSignal;
  /** Stops the run; the lane has received the same message. */
  run: { signal: AbortSignal; abort(): void };
}

/** The end of a lease is noticed at the latest after this time. */
const POLL_MS = 500;
/** How long the lane has to report what a cancelled call has used. */
const CANCELLATION_PATIENCE_MS = 1000;

/** Waits while the turn is in the express lane. Throws the failure of an attempt that has failed there. */
export async function beginTurn(
  dependencies: BeginTurnDependencies,
  request: TurnRequest,
  stops: Stops,
): Promise<AttemptRecord> {
  const { turns } = dependencies;
  const { run_id, turn, opening } = request;
  if (!opening) return turns.begin(run_id, turn);
  const event = openingEvent(request, opening);
  const fingerprint = computeRequestFingerprint(request);
  for (let isLast = false; ;) {
    const begun = await turns.beginOutsideLane(run_id, turn, fingerprint, event);
    if (!isLaneOutcome(begun)) return begun;
    if (begun.status === 'failedInLane') {
      if (begun.isCancelled) stops.run.abort();
      throw fromLaneFailure(begun.failure);
    }
    if (isLast) return turns.begin(run_id, turn, event);
    isLast = stops.turn.aborted || stops.run.signal.aborted;
    await waitForLane(dependencies, request, begun.worker, stops);
  }
}

async function waitForLane(
  { laneEnds, tellLane }: BeginTurnDependencies,
  { run_id, turn }: TurnRequest,
  worker: string,
  stops: Stops,
): Promise<void> {
  const stopped = AbortSignal.any([stops.turn, stops.run.signal]);
  const isStopped = stopped.aborted;
  const ended = isStopped
    ? laneEnds.wait(run_id, turn, CANCELLATION_PATIENCE_MS)
    : laneEnds.wait(run_id, turn, POLL_MS, stopped);
  const kind = stops.turn.aborted ? 'stopped' : 'running';
  await tellLane(worker, { kind, run_id, turn }).catch(() => undefined);
  await ended;
}
