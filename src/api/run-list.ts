/** Pages through runs by Temporal's visibility store, so that the list survives whatever happens to Redis. */
import type { ListRunsQuery } from '../contract';
import { SEARCH_ATTRIBUTES } from '../contract/names';
import { toDescription, type RunDescription } from './descriptions';
import type { TemporalHandle } from './temporal';

export interface RunPage {
  runs: RunDescription[];
  /** Pass as `page` for what follows; null at the end. */
  next_page: string | null;
}

/** Newest first; children of coordinated runs are left out. With `prefix`, runs whose ids begin with it. */
export async function listRuns(
  { client }: TemporalHandle,
  namespace: string,
  query: ListRunsQuery,
  prefix?: string,
): Promise<RunPage> {
  const { executions, nextPageToken } = await client.workflowService.listWorkflowExecutions({
    namespace,
    pageSize: query.limit,
    query: toVisibilityQuery(query, prefix),
    ...(query.page ? { nextPageToken: Buffer.from(query.page, 'base64url') } : {}),
  });
  const runs = (executions ?? []).map((execution) => toDescription(client, execution));
  return { runs, next_page: nextPageToken?.length ? Buffer.from(nextPageToken).toString('base64url') : null };
}

const EXECUTION_STATUS = {
  running: `ExecutionStatus = 'Running'`,
  completed: `ExecutionStatus = 'Completed'`,
  cancelled: `ExecutionStatus = 'Canceled'`,
  failed: `ExecutionStatus IN ('Failed', 'Terminated', 'TimedOut')`,
};

/** The contract lets no quote into these values. */
function toVisibilityQuery({ swarm, session, status }: ListRunsQuery, prefix: string | undefined): string {
  return [
    `WorkflowType IN ('runSwarm', 'coordinate')`,
    ...(swarm ? [`${SEARCH_ATTRIBUTES.swarm} = '${swarm}'`] : []),
    ...(session ? [`${SEARCH_ATTRIBUTES.session} = '${session}'`] : []),
    ...(status ? [EXECUTION_STATUS[status]] : []),
    ...(prefix ? [`WorkflowId STARTS_WITH '${prefix}'`] : []),
  ].join(' AND ');
}
