/** One run of a session speaks at a time: whoever comes while another one speaks waits its turn, is refused, or cancels the other. */
import {
  ApplicationFailure,
  condition,
  defineSignal,
  getExternalWorkflowHandle,
  setHandler,
} from '@temporalio/workflow';
import type { Opening, SwarmRunInput } from '../contract';
import { announce, enterSession, leaveSession } from './activities';

/** Sent by a run that ends to the one behind it. */
const sessionFree = defineSignal('sessionFree');

/**
 * The signal may be lost with a run that was terminated: then the queue is asked again, the less often the longer the run has waited,
 * since each time adds some ten events to its history.
 */
const ASK_AGAIN_MS = { first: 20_000, longest: 15 * 60_000, growth: 1.25 };

/** Waits until it is this run's turn. Fails with `SESSION_BUSY` when it was told not to wait. */
export async function enter(input: SwarmRunInput, opening: Opening | undefined): Promise<void> {
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

/** Lets the next run of the session speak. */
export async function leave({ session_id, run_id, session_policy }: SwarmRunInput): Promise<void> {
  if (!session_policy) return;
  const next = await leaveSession(session_id, run_id);
  if (!next) return;
  // one that has ended meanwhile cannot hear it
  await getExternalWorkflowHandle(next)
    .signal(sessionFree)
    .catch(() => undefined);
}

async function cancel(runId: string): Promise<void> {
  await getExternalWorkflowHandle(runId)
    .cancel()
    .catch(() => undefined);
}
