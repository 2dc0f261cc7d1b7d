/**
 * Terminates runs whose workflow task fails on every worker. Temporal retries a task forever that never finishes or that crashes its
 * worker: each attempt costs a worker, and the run's readers wait. Errors that workflow code throws fail their run without this
 * (src/workflows/index.ts).
 */
import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { temporal } from '@temporalio/proto';
import { TASK_FAILED } from '../contract/names';
import type { Logger } from '../log';
import type { Loop } from '../loop-health';

export interface TaskMonitorOptions {
  client: Client;
  namespace: string;
  taskQueue: string;
  /** Called with a terminated run, to inform its readers. */
  onEnd(runId: string): Promise<void>;
  loop: Loop;
  log: Logger;
}

const ROUND_MS = 5000;
/** The number of open runs that one round checks; the next round continues with the following ones. */
const RUNS_PER_ROUND = 50;
const AT_ONCE = 5;
/** A younger run cannot have failed often enough. */
const YOUNGEST_MS = 10_000;
/** Failed attempts before termination: from the second on, each takes ten seconds, the timeout of a workflow task. */
const FAILED_ATTEMPTS = 3;
const REASON_LIMIT = 200;

type Page = { next: Uint8Array | undefined };

/** Checks the open runs of the task queue, page by page, for as long as the process lives. */
export function monitorTasks(options: TaskMonitorOptions): { stop(): void } {
  const page: Page = { next: undefined };
  let isBusy = false;
  const round = async () => {
    if (isBusy) return;
    isBusy = true;
    await checkPage(options, page)
      .then(options.loop.succeeded, options.loop.failed)
      .finally(() => (isBusy = false));
  };
  const rounds = setInterval(() => void round(), ROUND_MS);
  return { stop: () => clearInterval(rounds) };
}

async function checkPage(options: TaskMonitorOptions, page: Page): Promise<void> {
  const { client, namespace, taskQueue } = options;
  const { executions, nextPageToken } = await client.workflowService
    .listWorkflowExecutions({
      namespace,
      pageSize: RUNS_PER_ROUND,
      query: `TaskQueue = '${taskQueue}' AND ExecutionStatus = 'Running'`,
      ...(page.next ? { nextPageToken: page.next } : {}),
    })
    .catch((error: unknown) => {
      // the page token may have become invalid: start again from the first page
      page.next = undefined;
      throw error;
    });
  page.next = nextPageToken?.length ? nextPageToken : undefined;
  const old = (executions ?? []).filter(
    ({ startTime }) => Number(startTime?.seconds) * 1000 < Date.now() - YOUNGEST_MS,
  );
  const ids = old.flatMap(({ execution }) => execution?.workflowId ?? []);
  const checkNext = async (): Promise<void> => {
    for (let id = ids.pop(); id !== undefined; id = ids.pop()) await checkRun(options, id);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, checkNext));
}

async function checkRun({ client, namespace, onEnd, log }: TaskMonitorOptions, runId: string): Promise<void> {
  const handle = client.workflow.getHandle(runId);
  try {
    const { raw } = await handle.describe();
    const failed = Number(raw.pendingWorkflowTask?.attempt ?? 1) - 1;
    if (failed < FAILED_ATTEMPTS) return;
    const cause = await readCause(client, namespace, runId);
    if (cause === undefined) return;
    log.error({ run_id: runId, failed, cause }, 'a workflow task fails on every worker: the run is ended');
    await handle.terminate(`${TASK_FAILED} ${failed} times (${cause}), so it was ended.`);
    await onEnd(runId);
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) log.debug({ error, run_id: runId }, 'workflow task');
  }
}

const { WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR: NONDETERMINISM } =
  temporal.api.enums.v1.WorkflowTaskFailedCause;
/** How many events from the end of a history are searched for the failure of the last task. */
const LAST_EVENTS = 20;

/** Why the task fails. Undefined for nondeterminism, which another deployment can fix. Later attempts are not in the history. */
async function readCause(client: Client, namespace: string, runId: string): Promise<string | undefined> {
  const { history } = await client.workflowService.getWorkflowExecutionHistoryReverse({
    namespace,
    execution: { workflowId: runId },
    maximumPageSize: LAST_EVENTS,
  });
  const failures = (history?.events ?? []).map((event) => event.workflowTaskFailedEventAttributes);
  const failure = failures.find((one) => one !== null && one !== undefined);
  if (failure?.cause === NONDETERMINISM) return undefined;
  return failure?.failure?.message?.slice(0, REASON_LIMIT) || 'it did not end in time';
}
