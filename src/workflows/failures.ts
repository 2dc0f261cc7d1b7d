/** Failed turns, and whether the run can continue without them. */
import { ApplicationFailure, isCancellation, rootCause } from '@temporalio/workflow';
import type { SwarmResult, SwarmRunInput } from '../contract';
import { isFailureCode, type Failure } from '../contract/failures';
import type { Show } from './team';
import { nameTurn, type Ask } from './turn-request';

type TurnFailure = SwarmResult['failures'][number];

/** Collects failures after which the run continues. */
export function collectFailures(input: SwarmRunInput, show: Show) {
  const list: TurnFailure[] = [];
  function note(role: string, ask: Ask, failure: Failure): void {
    const named = nameTurn(input, role, ask);
    list.push({ ...named, ...failure });
    show(named.label, `failed: ${failure.code}`);
  }
  return {
    list: () => list,
    add: (failure: TurnFailure) => void list.push(failure),
    note,
    /** Returns a rejection handler for a turn: records the failure, or rethrows it if `ends` returns true. */
    noteUnless: (ends: (error: unknown) => boolean, role: string, ask: Ask) => (error: unknown) => {
      if (ends(error)) throw error;
      note(role, ask, describeFailure(error));
      return undefined;
    },
  };
}

/** Codes after which no further turn begins: approval was refused, the budget is exhausted, or the history is too large. */
const NO_FURTHER_TURN = ['APPROVAL_REFUSED', 'BUDGET_EXHAUSTED', 'RUN_TOO_LARGE'];

/** Whether a failure must end the run: a cancellation, or a code of {@link NO_FURTHER_TURN}. */
export function endsTheRun(error: unknown): boolean {
  return isCancellation(error) || NO_FURTHER_TURN.includes(describeFailure(error).code);
}

/** Maps any error that ended a step to our failure code and message. */
export function describeFailure(error: unknown): Failure {
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
