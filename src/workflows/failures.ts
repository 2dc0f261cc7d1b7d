/** Turns that came to nothing, and what that means for the run. */
import { ApplicationFailure, isCancellation, patched, rootCause } from '@temporalio/workflow';
import type { SwarmResult, SwarmRunInput } from '../contract';
import { isFailureCode, type Failure } from '../contract/failures';
import type { Show } from './team';
import { toRequest, type Ask } from './turn-request';

type TurnFailure = SwarmResult['failures'][number];

/** The failures with which a run goes on. */
export function collectFailures(input: SwarmRunInput, show: Show) {
  const told: TurnFailure[] = [];
  function note(role: string, ask: Ask, failure: Failure): void {
    const { turn, label } = toRequest(input, role, ask);
    told.push({ turn, role, label, ...failure });
    show(label, `failed: ${failure.code}`);
  }
  return {
    told: () => told,
    add: (failure: TurnFailure) => void told.push(failure),
    note,
    /** Handles the rejection of a turn: notes it, or throws it on. */
    noteUnless: (ends: (error: unknown) => boolean, role: string, ask: Ask) => (error: unknown) => {
      if (ends(error)) throw error;
      note(role, ask, failureOf(error));
      return undefined;
    },
  };
}

/** Codes after which no later turn may cost anything: a person has refused it, or the money is gone. */
const NO_FURTHER_COST = ['APPROVAL_REFUSED', 'BUDGET_EXHAUSTED'];

/** Whether a run must not go on without what failed: it is cancelled, or nothing more may be spent. */
export function endsTheRun(error: unknown): boolean {
  return isCancellation(error) || NO_FURTHER_COST.includes(failureOf(error).code);
}

/** Whether what follows an answer takes it along. In runs that began before answers stood, all that ends a run did. */
export function undoesTheAnswer(error: unknown): boolean {
  return isCancellation(error) || (endsTheRun(error) && !patched('answers-stand'));
}

/** Our code and sentence for whatever ended a step. */
export function failureOf(error: unknown): Failure {
  const cause = rootCause(error);
  const failure = error instanceof Error ? deepestApplicationFailure(error) : undefined;
  const code = isFailureCode(failure?.type) ? failure.type : 'INTERNAL';
  return { code, message: failure?.message ?? cause ?? 'Unknown failure' };
}

function deepestApplicationFailure(error: Error): ApplicationFailure | undefined {
  let found: ApplicationFailure | undefined;
  for (let next: unknown = error; next instanceof Error; next = next.cause) {
    if (next instanceof ApplicationFailure) found = next;
  }
  return found;
}
