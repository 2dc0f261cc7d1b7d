/** A call that a person asks for: busy while it is under way, and a sentence when it failed. */
import { useSignal } from '@preact/signals';
import { failureOf } from '../state/api';

export interface Attempt {
  busy: boolean;
  problem: string;
  /** Resolves to whether it succeeded. */
  run(work: () => Promise<void>): Promise<boolean>;
}

export function useAttempt(): Attempt {
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
        problem.value = failureOf(error).message;
        return false;
      } finally {
        busy.value = false;
      }
    },
  };
}
