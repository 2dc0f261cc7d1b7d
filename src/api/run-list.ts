/** Pages through runs by Temporal's visibility store, so that the list survives whatever happens to Redis. */
import { isGrpcServiceError } from '@temporalio/client';
import type { ListRunsQuery } from '../contract';
import { SEARCH_ATTRIBUTES } from '../contract/names';
import { toDescription, type RunDescription } from './descriptions';
import { ApiError } from './errors';
import type { TemporalHandle } from './temporal';

/** gRPC's codes for a server that can't answer now: DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, UNAVAILABLE. Others are about the page. */
const OUT_OF_ORDER = [4, 8, 14];

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
  const listing = client.workflowService.listWorkflowExecutions({
    namespace,
    pageSize: query.limit,
    query: toVisibilityQuery(query, prefix),
    ...(query.page ? { nextPageToken: Buffer.from(query.page, 'base64url') } : {}),
  });
  const { executions, nextPageToken } = await listing.catch((error: unknown) => {
    if (query.page && isGrpcServiceError(error) && !OUT_OF_ORDER.includes(Number(error.code)))
      throw new ApiError('INVALID_FIELD', 'page: is not a next_page of a list.');
    throw error;
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
