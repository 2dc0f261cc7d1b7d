/** Keeps a session within its context window: the fast model summarises older messages in the background. */
import { ParentClosePolicy, WorkflowIdReusePolicy, startChild } from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { MessageRange, SummariseInput, TurnRequest, TurnResult } from '../contract';
import { shorterRequest, summaryRequest } from '../contract/memory';
import { keepSummary, nextRange, takeTurn } from './activities';
import { receiveText } from './long-texts';

/** Workflow. Summarises one range of messages after another until the rest of the session fits. At most one runs per session. */
export async function summarise({ session_id, tenant }: SummariseInput): Promise<void> {
  for (;;) {
    const range = await nextRange(session_id);
    if (!range) return;
    await keepSummary(range, await summariseInParts(range, tenant));
  }
}

/** A summary cut off at its token limit lacks the newest facts, so a shorter one is requested once. The last summary is used. */
async function summariseInParts(range: MessageRange, tenant: string | undefined): Promise<TurnResult[]> {
  const first = await ask(summaryRequest(range, tenant));
  if (!first.truncated) return [first];
  return [first, await ask(shorterRequest(range, tenant))];
}

/** Starts the summary workflow beside the run. One that is already running sees the newest messages before it ends. */
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

async function ask(request: TurnRequest): Promise<TurnResult> {
  return receiveText(request, await takeTurn(request));
}
