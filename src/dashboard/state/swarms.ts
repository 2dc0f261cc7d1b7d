/** The swarms that can be started, from `GET /swarms`. */
import { signal } from '@preact/signals';
import type { SwarmSummary } from '../../contract/service-replies';
import type { RunGraph } from '../../contract';
import { COORDINATE, MULTI } from '../../contract/names';
import { call, toApiFailure, type ApiFailure } from './api';

export type { SwarmSummary };

export const swarms = signal<SwarmSummary[]>([]);
export const swarmsFailure = signal<ApiFailure | undefined>(undefined);

export async function loadSwarms(): Promise<void> {
  try {
    swarms.value = await call<SwarmSummary[]>('/swarms');
    swarmsFailure.value = undefined;
  } catch (error) {
    swarmsFailure.value = toApiFailure(error);
  }
}

/** The swarm's name, or its id until names are loaded. */
export function nameSwarm(swarmId: string | undefined): string {
  if (swarmId === COORDINATE) return 'Whole pipeline';
  if (swarmId === MULTI) return 'Several swarms';
  return swarms.value.find(({ id }) => id === swarmId)?.name ?? swarmId ?? 'Run';
}

/** The graph of a run, from its first event, or that of its current swarm if the event is no longer available. */
export function findGraph({ graph }: { graph?: RunGraph | undefined }, swarmId: string): RunGraph | undefined {
  return graph ?? swarms.value.find(({ id }) => id === swarmId)?.graph;
}

/** An order for a swarm; the key makes the request idempotent. */
export interface StartOrder {
  swarmId: string;
  message: string;
  sessionId?: string;
  maxRounds?: number;
  /** Whether a person must approve the plan. */
  approvePlan?: boolean;
  /** A person must approve each time this much more was spent, US dollars. */
  approveAboveUsd?: number;
  /** The run's budget in US dollars and in tokens. */
  budgetUsd?: number;
  budgetTokens?: number;
  /** Further fields of the request, from an earlier one. */
  rest?: Record<string, unknown>;
  key: string;
}

/** Starts a run; resolves to its id as soon as it is accepted. */
export async function startRun({
  swarmId,
  message,
  sessionId,
  maxRounds,
  approvePlan,
  approveAboveUsd,
  budgetUsd,
  budgetTokens,
  rest = {},
  key,
}: StartOrder): Promise<string> {
  const session = sessionId ? { session_id: sessionId } : {};
  const whole = swarmId === COORDINATE;
  const { run_id } = await call<{ run_id: string }>(whole ? '/swarm/coordinate' : '/swarm/execute', {
    method: 'POST',
    headers: { 'Idempotency-Key': key },
    body: {
      ...rest,
      message,
      wait: false,
      ...session,
      ...(approveAboveUsd ? { approve_above_usd: approveAboveUsd } : {}),
      ...(budgetUsd ? { budget_usd: budgetUsd } : {}),
      ...(budgetTokens ? { budget_tokens: budgetTokens } : {}),
      ...(whole ? { max_rounds: maxRounds ?? 1, approve_plan: approvePlan ?? false } : { swarm_id: swarmId }),
    },
  });
  return run_id;
}
