import type { Executor } from '../../src/activities/execution-attempts';

/** The only worker, with a working sandbox. */
export const ALONE: Executor = {
  id: 'here',
  leases: { hold: () => () => undefined },
  isWorking: () => true,
  othersExecute: () => Promise.resolve(false),
};
