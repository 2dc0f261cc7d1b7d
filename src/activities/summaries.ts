/** The short activities around a summary: what is to be summarised next, and keeping what came of it. */
import type { RunNews, Stretch, TurnResult } from '../contract';
import { summaryRequest } from '../contract/memory';
import { totalsOf } from '../contract/totals';
import type { Memory } from '../redis/memory';
import type { TurnStore } from '../redis/turns';

export function createSummaries({ turns, memory }: { turns: TurnStore; memory: Memory }) {
  return {
    /** The oldest messages of a session that has outgrown the window; undefined while it has not. */
    async nextStretch(sessionId: string): Promise<Stretch | undefined> {
      return memory.nextStretch(sessionId);
    },

    /** Keeps the summary of a stretch, once, and closes the stream of the turn that wrote it. */
    async keepSummary(stretch: Stretch, result: TurnResult): Promise<void> {
      await memory.storeSummary(stretch, result.text.trim());
      const { run_id, session_id, team_id, turn } = summaryRequest(stretch, undefined);
      const ending: RunNews = { type: 'run.completed', ...totalsOf({ turns: [result] }), answers: [turn] };
      await turns.close({ run_id, session_id, team_id }, ending, [turn]);
    },
  };
}
