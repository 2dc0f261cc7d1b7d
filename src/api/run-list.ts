/** Pages through runs with Temporal's visibility store, so that the list does not depend on Redis. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { ListRunsQuery } from '../contract';
import { RUN_TYPE, SEARCH_ATTRIBUTES } from '../contract/names';
import { toDescription, type RecordedRun } from './descriptions';
import { ApiError } from './errors';
import { readNewest, type Place } from './newest-runs';
import type { TemporalHandle } from './temporal';

const CHECKSUM_BYTES = 12;

/**
 * Lists running and ended runs, newest start first, without the children of coordinated runs. `prefix` selects runs by the beginning of
 * their ids. A page continues after the last run of the previous page, whatever starts or ends in between.
 */
export async function listRuns(
  temporal: TemporalHandle,
  query: ListRunsQuery,
  prefix?: string,
): Promise<{ runs: RecordedRun[]; next_page: string | null }> {
  const filter = toVisibilityQuery(query, temporal.taskQueue, prefix);
  const after = query.page ? readPage(query.page, filter) : undefined;
  const { executions, last } = await readNewest(temporal, filter, query.limit, after);
  return {
    runs: executions.map((execution) => toDescription(temporal.client, execution)),
    next_page: last ? toPage(last, filter) : null,
  };
}

const place = z.tuple([z.string().regex(/^\d{1,20}$/), z.string()]);

/** A page token: the last run of a page, with a checksum of it and of its query. */
function toPage({ startedAt, runId }: Place, filter: string): string {
  const text = Buffer.from(JSON.stringify([String(startedAt), runId]));
  return Buffer.concat([checksum(text, filter), text]).toString('base64url');
}

function readPage(page: string, filter: string): Place {
  const bytes = Buffer.from(page, 'base64url');
  const text = bytes.subarray(CHECKSUM_BYTES);
  if (text.length === 0 || !bytes.subarray(0, CHECKSUM_BYTES).equals(checksum(text, filter))) throw notAPage();
  const [startedAt, runId] = place.parse(JSON.parse(String(text)));
  return { startedAt: BigInt(startedAt), runId };
}

function checksum(text: Uint8Array, filter: string): Buffer {
  return createHash('sha256').update(filter).update(text).digest().subarray(0, CHECKSUM_BYTES);
}

function notAPage(): ApiError {
  return new ApiError('INVALID_FIELD', 'page: is not a next_page of a list with these filters.');
}

const EXECUTION_STATUS = {
  running: `ExecutionStatus = 'Running'`,
  completed: `ExecutionStatus = 'Completed'`,
  cancelled: `ExecutionStatus = 'Canceled'`,
  failed: `ExecutionStatus IN ('Failed', 'Terminated', 'TimedOut')`,
};

/** A terminated run keeps the search attribute that it had. */
const LISTED_AS = {
  needs_approval: 'running',
  checks_passed: 'completed',
  checks_failed: 'completed',
  not_executed: 'completed',
} as const;

/** The contract allows no quotes in these values. */
function toVisibilityQuery(
  { swarm, session, status, state, started_after: after, started_before: before }: ListRunsQuery,
  taskQueue: string,
  prefix: string | undefined,
): string {
  return [
    `WorkflowType = ${quote(RUN_TYPE)}`,
    `TaskQueue = ${quote(taskQueue)}`,
    ...(swarm ? [`${SEARCH_ATTRIBUTES.swarm} = '${swarm}'`] : []),
    ...(session ? [`${SEARCH_ATTRIBUTES.session} = '${session}'`] : []),
    ...(status ? [EXECUTION_STATUS[status]] : []),
    ...(state ? [`${SEARCH_ATTRIBUTES.status} = '${state}'`, EXECUTION_STATUS[LISTED_AS[state]]] : []),
    ...(after ? [`StartTime >= '${after}'`] : []),
    ...(before ? [`StartTime < '${before}'`] : []),
    ...(prefix ? [`WorkflowId STARTS_WITH '${prefix}'`] : []),
  ].join(' AND ');
}

function quote(text: string): string {
  return `'${text.replace(/['\\]/g, '\\$&')}'`;
}
