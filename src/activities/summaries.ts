/** The short activities of a summary: finding the next range of messages, and storing its summary. */
import type { RunPayload, MessageRange, TurnResult } from '../contract';
import { summaryRequest } from '../contract/memory';
import { sumTotals } from '../events/totals';
import type { Memory } from '../redis/memory';
import type { TurnStore } from '../redis/turns';

export function createSummaries({ turns, memory }: { turns: TurnStore; memory: Memory }) {
  return {
    /** The oldest messages of a session that exceeds its window; undefined if it fits. */
    async nextRange(sessionId: string): Promise<MessageRange | undefined> {
      return memory.nextRange(sessionId);
    },

    /**
     * Stores the last summary of a range, once, and closes the stream of the turns that wrote the summaries. A summary that was cut off is
     * not stored, because it would lack facts of the messages it replaces; the messages stay, and a smaller range is next.
     */
    async keepSummary(range: MessageRange, summaries: TurnResult[]): Promise<void> {
      const { text, truncated, turn } = summaries.at(-1)!;
      if (truncated) await memory.releaseRange(range);
      else await memory.storeSummary(range, text.trim());
      const { run_id, session_id, team_id } = summaryRequest(range, undefined);
      const ending: RunPayload = { type: 'run.completed', ...sumTotals({ turns: summaries }), answers: [turn] };
      const ids = summaries.map((summary) => summary.turn);
      await turns.close({ run_id, session_id, team_id }, ending, ids);
    },
  };
}
