/** At most one run per session is active. By policy, a further run waits in a queue, is refused, or cancels the active one. */
import {
  ApplicationFailure,
  condition,
  defineSignal,
  getExternalWorkflowHandle,
  setHandler,
} from '@temporalio/workflow';
import type { Opening, SwarmRunInput } from '../contract';
import { announce, enterSession, leaveSession } from './activities';

/** Sent by a run that ends to the next run in the session's queue. */
const sessionFree = defineSignal('sessionFree');

/**
 * A terminated run sends no signal, so a waiting run also polls the queue. The interval grows with the waiting time, because each poll
 * adds about ten events to the history.
 */
const ASK_AGAIN_MS = { first: 20_000, longest: 15 * 60_000, growth: 1.25 };

/** Waits until this run is first in the session's queue. Fails with `SESSION_BUSY` if the policy is `reject` and the session is busy. */
export async function enter(input: SwarmRunInput, opening: Opening): Promise<void> {
  const { session_id, run_id, team_id, session_policy } = input;
  if (!session_policy) return;
  let isFree = false;
  setHandler(sessionFree, () => void (isFree = true));
  for (let round = 0; ; round++) {
    const ahead = await enterSession(session_id, run_id, session_policy);
    if (ahead.length === 0) return;
    if (session_policy === 'reject')
      throw ApplicationFailure.nonRetryable(`The session is busy with the run "${ahead[0]}".`, 'SESSION_BUSY');
    if (round === 0) {
      await announce({ run_id, session_id, team_id }, 'run.queued', { type: 'run.queued', behind: ahead }, opening);
      if (session_policy === 'interrupt') await Promise.all(ahead.map(cancel));
    }
    await condition(() => isFree, Math.min(ASK_AGAIN_MS.first * ASK_AGAIN_MS.growth ** round, ASK_AGAIN_MS.longest));
    isFree = false;
  }
}

/** Leaves the queue and signals the session's next run. */
export async function leave({ session_id, run_id, session_policy }: SwarmRunInput): Promise<void> {
  if (!session_policy) return;
  const next = await leaveSession(session_id, run_id);
  if (!next) return;
  // the next run may have ended meanwhile
  await getExternalWorkflowHandle(next)
    .signal(sessionFree)
    .catch(() => undefined);
}

async function cancel(runId: string): Promise<void> {
  await getExternalWorkflowHandle(runId)
    .cancel()
    .catch(() => undefined);
}
