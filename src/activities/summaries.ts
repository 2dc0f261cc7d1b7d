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

    /**
     * Keeps the last of the summaries of a stretch, once, and closes the stream of the turns that wrote them. One that was cut off is
     * not kept, since it would stand for messages whose facts it lacks: the stretch stays as it is, and a smaller one is next.
     */
    async keepSummary(stretch: Stretch, summaries: TurnResult[]): Promise<void> {
      const { text, truncated, turn } = summaries.at(-1)!;
      if (truncated) await memory.giveUpStretch(stretch);
      else await memory.storeSummary(stretch, text.trim());
      const { run_id, session_id, team_id } = summaryRequest(stretch, undefined);
      const ending: RunNews = { type: 'run.completed', ...totalsOf({ turns: summaries }), answers: [turn] };
      const ids = summaries.map((summary) => summary.turn);
      await turns.close({ run_id, session_id, team_id }, ending, ids);
    },
  };
}
