/** The place of a run among the runs of its session. */
import type { SessionPolicy } from '../contract/names';
import type { SessionQueue } from '../redis/session-queue';

export interface SessionDependencies {
  sessions: SessionQueue;
  /** Whether Temporal knows the run as running. */
  isRunning(runId: string): Promise<boolean>;
  /** Closes the upstream calls of a run that is being cancelled, before Temporal's word arrives. */
  callOut(runId: string): Promise<void>;
}

export function createSessionActivities({ sessions, isRunning, callOut }: SessionDependencies) {
  /** Runs that were terminated never leave by themselves. */
  async function strikeOff(sessionId: string, ahead: string[]): Promise<string[]> {
    const running = await Promise.all(ahead.map((runId) => isRunning(runId)));
    const gone = ahead.filter((_, i) => !running[i]);
    await Promise.all(gone.map((runId) => sessions.leave(sessionId, runId)));
    return ahead.filter((runId) => !gone.includes(runId));
  }

  return {
    /** Takes a place in the session's queue; answers the runs that speak before this one. */
    async enterSession(sessionId: string, runId: string, policy: SessionPolicy): Promise<string[]> {
      const onlyIfFree = policy === 'reject';
      const found = await sessions.enter(sessionId, runId, onlyIfFree);
      if (found.length === 0) return [];
      const ahead = await strikeOff(sessionId, found);
      if (policy === 'interrupt') await Promise.all(ahead.map(callOut));
      return ahead.length === 0 ? sessions.enter(sessionId, runId, onlyIfFree) : ahead;
    },

    /** Gives up the place; answers the run that speaks next. */
    async leaveSession(sessionId: string, runId: string): Promise<string | undefined> {
      return sessions.leave(sessionId, runId);
    },
  };
}
