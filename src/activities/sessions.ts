/** Activities of the session queue, which orders the runs of a session. */
import type { SessionPolicy } from '../contract/names';
import type { SessionQueue } from '../redis/session-queue';

export interface SessionDependencies {
  sessions: SessionQueue;
  /** Whether the run is running according to Temporal. */
  isRunning(runId: string): Promise<boolean>;
  /** Closes the upstream calls of a run that is being cancelled, before Temporal's cancellation arrives. */
  callOut(runId: string): Promise<void>;
}

export function createSessionActivities({ sessions, isRunning, callOut }: SessionDependencies) {
  /** Removes terminated runs from the queue, because they do not leave it themselves. */
  async function strikeOff(sessionId: string, ahead: string[]): Promise<string[]> {
    const running = await Promise.all(ahead.map((runId) => isRunning(runId)));
    const gone = ahead.filter((_, i) => !running[i]);
    await Promise.all(gone.map((runId) => sessions.leave(sessionId, runId)));
    return ahead.filter((runId) => !gone.includes(runId));
  }

  return {
    /** Joins the session's queue; returns the runs ahead of this one. */
    async enterSession(sessionId: string, runId: string, policy: SessionPolicy): Promise<string[]> {
      const onlyIfFree = policy === 'reject';
      const found = await sessions.enter(sessionId, runId, onlyIfFree);
      if (found.length === 0) return [];
      const ahead = await strikeOff(sessionId, found);
      if (policy === 'interrupt') await Promise.all(ahead.map(callOut));
      return ahead.length === 0 ? sessions.enter(sessionId, runId, onlyIfFree) : ahead;
    },

    /** Leaves the queue; returns the next run. */
    async leaveSession(sessionId: string, runId: string): Promise<string | undefined> {
      return sessions.leave(sessionId, runId);
    },
  };
}
