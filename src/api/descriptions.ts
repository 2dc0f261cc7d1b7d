/** A workflow execution, as Temporal's API tells of it, in the words of the contract. */
import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import type { Lineage, RunScope, RunStatus } from '../contract';

/** A run from the outside. Times are ISO 8601. */
export interface RunDescription extends RunScope {
  swarm_id: string;
  status: RunStatus;
  /** The beginning of the message. */
  message: string;
  started_at: string;
  ended_at: string | null;
  /** The run that this one was forked from, and the turn or stage at which. */
  forked_from: Lineage | null;
  /** What the run may use, US dollars and tokens; null where nothing limits it. */
  budget: { usd: number | null; tokens: number | null };
}

type Execution = NonNullable<WorkflowExecutionDescription['raw']['workflowExecutionInfo']>;

/** temporal.api.enums.v1.WorkflowExecutionStatus; what is not here, terminated for one, has failed. */
const STATUS: Record<number, RunStatus> = { 1: 'running', 2: 'completed', 4: 'cancelled', 6: 'running' };

export function toDescription(
  client: Client,
  { execution, status, memo, startTime, closeTime }: Execution,
): RunDescription {
  const { payloadConverter } = client.options.loadedDataConverter;
  const note = (name: string): string => {
    const payload = memo?.fields?.[name];
    return payload ? String(payloadConverter.fromPayload(payload)) : '';
  };
  const amount = (name: string): number | null => (note(name) ? Number(note(name)) : null);
  return {
    run_id: execution?.workflowId ?? '',
    swarm_id: note('swarm_id'),
    team_id: note('swarm_id'),
    session_id: note('session_id'),
    status: STATUS[status ?? 0] ?? 'failed',
    message: note('message'),
    started_at: toIso(startTime) ?? '',
    ended_at: toIso(closeTime),
    forked_from: note('forked_from') ? { run_id: note('forked_from'), from: note('forked_at') } : null,
    budget: { usd: amount('budget_usd'), tokens: amount('budget_tokens') },
  };
}

function toIso(
  time: { seconds?: { toString(): string } | null; nanos?: number | null } | null | undefined,
): string | null {
  if (!time) return null;
  return new Date(Number(time.seconds?.toString() ?? 0) * 1000 + (time.nanos ?? 0) / 1e6).toISOString();
}
