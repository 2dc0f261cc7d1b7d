/** The state of a call that a person has requested: busy while it is running, and an error message if it failed. */
import { useSignal } from '@preact/signals';
import { toApiFailure } from '../state/api';

export interface ShownAttempt {
  busy: boolean;
  problem: string;
  /** Resolves to whether it succeeded. */
  run(work: () => Promise<void>): Promise<boolean>;
}

export function useAttempt(): ShownAttempt {
  const busy = useSignal(false);
  const problem = useSignal('');
  return {
    busy: busy.value,
    problem: problem.value,
    async run(work) {
      busy.value = true;
      problem.value = '';
      try {
        await work();
        return true;
      } catch (error) {
        problem.value = toApiFailure(error).message;
        return false;
      } finally {
        busy.value = false;
      }
    },
  };
}
