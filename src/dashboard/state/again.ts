/** Starts runs from an ended one: the same request again, or a retry of what it had not finished. */
import type { RunSnapshot, TurnSnapshot } from '../../contract';
import type { StartAgain } from '../../contract/input-replies';
import { COORDINATE } from '../../contract/names';
import { call } from './api';
import { readTurnState } from './turn-state';

export async function readRequest(runId: string): Promise<StartAgain> {
  return call<StartAgain>(`/runs/${encodeURIComponent(runId)}/request`);
}

/** A start form as it is filled for another start of a run. */
export interface FormContent {
  swarmId: string;
  message: string;
  sessionId?: string;
  rounds: number;
  approvePlan: boolean;
  budget: { usd: string; tokens: string };
  /** Separated by spaces. */
  tags: string;
  /** The other fields of the request, which the form does not show. */
  rest: Record<string, unknown>;
}

/** Undefined for a request that the form cannot show. Pure. */
export function toFormContent({ path, body }: StartAgain): FormContent | undefined {
  if (path === '/swarms/multi') return undefined;
  const { swarm_id, message, session_id, max_rounds, approve_plan, budget_usd, budget_tokens, tags, ...rest } = body;
  return {
    swarmId: path === '/swarm/coordinate' ? COORDINATE : String(swarm_id),
    message,
    ...(session_id ? { sessionId: String(session_id) } : {}),
    rounds: Number(max_rounds ?? 1),
    approvePlan: approve_plan === true,
    budget: { usd: String(budget_usd ?? ''), tokens: String(budget_tokens ?? '') },
    tags: Array.isArray(tags) ? tags.join(' ') : '',
    rest,
  };
}

/** Sends a request that starts a run; resolves to the run's id. The key makes it idempotent. */
export async function startAgain({ path, body }: StartAgain, key: string): Promise<string> {
  const { run_id } = await call<{ run_id: string }>(path, {
    method: 'POST',
    headers: { 'Idempotency-Key': key },
    body: { ...body, wait: false },
  });
  return run_id;
}

/**
 * The turn at which a retry begins: the first one without an answer, if no later try of it has one. Undefined if every turn has an answer,
 * and for a completed run, which has gone on without the others. Pure.
 */
export function findFailedTurn({ status, turns }: RunSnapshot): TurnSnapshot | undefined {
  if (status !== 'failed' && status !== 'cancelled') return undefined;
  return turns.find((turn) => turn.status === 'failed' && readTurnState(turn) !== 'interrupted');
}
