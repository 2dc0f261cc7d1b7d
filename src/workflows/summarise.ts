/** Keeps a session within its window: the fast model puts the older messages in fewer words, while no caller waits for it. */
import { ParentClosePolicy, WorkflowIdReusePolicy, patched, startChild } from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { Stretch, SummariseInput, TurnResult } from '../contract';
import { shorterRequest, summaryRequest } from '../contract/memory';
import { keepSummary, nextStretch, takeTurn } from './activities';

/** Workflow. Summarises stretch after stretch until the rest of the session fits. One at most runs for a session. */
export async function summarise({ session_id, tenant }: SummariseInput): Promise<void> {
  for (;;) {
    const stretch = await nextStretch(session_id);
    if (!stretch) return;
    await keepSummary(stretch, await summariesOf(stretch, tenant));
  }
}

/** One that was cut off at its limit lacks the newest facts, and is asked for once more in fewer words. The last one counts. */
async function summariesOf(stretch: Stretch, tenant: string | undefined): Promise<TurnResult[]> {
  const first = await takeTurn(summaryRequest(stretch, tenant));
  if (!first.truncated || !patched('whole-summaries')) return [first];
  return [first, await takeTurn(shorterRequest(stretch, tenant))];
}

/** Sets it to work beside the run. One that is at work already sees the newest messages before it ends. */
export async function summariseLater(input: SummariseInput): Promise<void> {
  try {
    await startChild(summarise, {
      workflowId: `memory:${input.session_id}`,
      args: [input],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
      staticSummary: `memory of ${input.session_id}`,
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}
