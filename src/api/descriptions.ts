/** Maps a workflow execution of Temporal's API to a run description of the contract. */
import { z } from 'zod';
import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import type { RunStatus } from '../contract';
import { checksSummary } from '../contract/checks';
import { MEMO_CHECKS, MEMO_SPENT } from '../contract/names';
import type { RunDescription, ShownState } from '../contract/replies';

type Execution = NonNullable<WorkflowExecutionDescription['raw']['workflowExecutionInfo']>;

/** temporal.api.enums.v1.WorkflowExecutionStatus; a status that is not listed, such as terminated, counts as failed. */
const STATUS: Record<number, RunStatus> = { 1: 'running', 2: 'completed', 4: 'cancelled', 6: 'running' };

/** What Temporal knows of a run; {@link ShownState} follows from its events. */
export type RecordedRun = Omit<RunDescription, keyof ShownState>;

export function toDescription(
  client: Client,
  { execution, status, memo, startTime, closeTime }: Execution,
): RecordedRun {
  const { payloadConverter } = client.options.loadedDataConverter;
  const read = (name: string): unknown => {
    const payload = memo?.fields?.[name];
    return payload ? payloadConverter.fromPayload(payload) : undefined;
  };
  const note = (name: string): string => String(read(name) ?? '');
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
    budget: { usd: amount('budget_usd'), tokens: amount('budget_tokens'), calls: amount('budget_calls') },
    spent: readSpent(read(MEMO_SPENT)),
    tags: tagList.safeParse(read('tags')).data ?? [],
    checks_summary: checksSummary.safeParse(read(MEMO_CHECKS)).data ?? null,
  };
}

const tagList = z.array(z.string());

/** `priced` is absent in records of versions before the field existed, where an unknown price counts as zero. */
const recordedSpending = z.object({ usd: z.number(), tokens: z.number(), priced: z.boolean().optional() });

function readSpent(memo: unknown): RunDescription['spent'] {
  const spent = recordedSpending.safeParse(memo).data;
  if (!spent) return null;
  const { usd, tokens, priced = usd > 0 } = spent;
  return { usd: priced ? usd : null, tokens };
}

function toIso(
  time: { seconds?: { toString(): string } | null; nanos?: number | null } | null | undefined,
): string | null {
  if (!time) return null;
  return new Date(Number(time.seconds?.toString() ?? 0) * 1000 + (time.nanos ?? 0) / 1e6).toISOString();
}
