/** Queries to Temporal about runs, used by API and worker. */
import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { z } from 'zod';
import { MEMO_ACCOUNT, MEMO_SPENT, RUN_TYPE } from '../contract/names';
import type { ListRecordedRuns, RecordedRun } from '../redis/recorded-runs';

/** Whether the run is running; false if it was never started. */
export async function isRunning(client: Client, runId: string): Promise<boolean> {
  try {
    const { status } = await client.workflow.getHandle(runId).describe();
    return status.name === 'RUNNING';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

const amount = z.number().min(0);
/** The memo of an ended run; a terminated run has no spending in it. */
const notes = z.object({
  session_id: z.string(),
  [MEMO_ACCOUNT]: z.string(),
  [MEMO_SPENT]: z.object({ usd: amount, tokens: amount }),
});

/** Lists the ended runs of an account with their spending, as far back as Temporal retains them. */
export function listRecordedRuns(client: Client, taskQueue: string): ListRecordedRuns {
  const quote = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const query = [
    `WorkflowType = ${quote(RUN_TYPE)}`,
    `TaskQueue = ${quote(taskQueue)}`,
    `ExecutionStatus != 'Running'`,
  ].join(' AND ');
  return async (account) => {
    const runs: RecordedRun[] = [];
    for await (const { workflowId: runId, memo, closeTime } of client.workflow.list({ query, pageSize: 1000 })) {
      const noted = notes.safeParse(memo).data;
      if (noted?.[MEMO_ACCOUNT] !== account || !closeTime) continue;
      runs.push({ runId, sessionId: noted.session_id, ...noted[MEMO_SPENT], endedAt: closeTime });
    }
    return runs;
  };
}
