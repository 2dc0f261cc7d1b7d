/** What can be started, as `GET /swarms` tells it. */
import { signal } from '@preact/signals';
import type { Role, SwarmDefinition } from '../../contract';
import { COORDINATE, MULTI } from '../../contract/names';
import { call, failureOf, type ApiFailure } from './api';

export interface SwarmSummary extends Pick<SwarmDefinition, 'id' | 'name' | 'description' | 'pattern' | 'stages'> {
  roles: ({ role: string } & Pick<Role, 'label' | 'alias' | 'models'>)[];
}

export const swarms = signal<SwarmSummary[]>([]);
export const swarmsFailure = signal<ApiFailure | undefined>(undefined);

export async function loadSwarms(): Promise<void> {
  try {
    swarms.value = await call<SwarmSummary[]>('/swarms');
    swarmsFailure.value = undefined;
  } catch (error) {
    swarmsFailure.value = failureOf(error);
  }
}

/** The swarm's name, or its id while names are not known. */
export function nameOf(swarmId: string | undefined): string {
  if (swarmId === COORDINATE) return 'Whole pipeline';
  if (swarmId === MULTI) return 'Several swarms';
  return swarms.value.find(({ id }) => id === swarmId)?.name ?? swarmId ?? 'Run';
}

/** What is asked of the swarm; the key makes a repeated request harmless. */
export interface StartOrder {
  swarmId: string;
  message: string;
  sessionId?: string;
  maxRounds?: number;
  /** Whether a person is asked before the plan is implemented. */
  approvePlan?: boolean;
  /** What the run may cost, US dollars, and use, tokens. */
  budgetUsd?: number;
  budgetTokens?: number;
  key: string;
}

/** Starts a run; resolves to its id as soon as it is accepted. */
export async function startRun({
  swarmId,
  message,
  sessionId,
  maxRounds,
  approvePlan,
  budgetUsd,
  budgetTokens,
  key,
}: StartOrder): Promise<string> {
  const session = sessionId ? { session_id: sessionId } : {};
  const whole = swarmId === COORDINATE;
  const { run_id } = await call<{ run_id: string }>(whole ? '/swarm/coordinate' : '/swarm/execute', {
    method: 'POST',
    headers: { 'Idempotency-Key': key },
    body: {
      message,
      wait: false,
      ...session,
      ...(budgetUsd ? { budget_usd: budgetUsd } : {}),
      ...(budgetTokens ? { budget_tokens: budgetTokens } : {}),
      ...(whole ? { max_rounds: maxRounds ?? 1, approve_plan: approvePlan ?? false } : { swarm_id: swarmId }),
    },
  });
  return run_id;
}
