/** Activities that a worker starts with before they exist, so that it can poll while their modules are loaded. */
import type { Activities } from '../activities';

const NAMES: Record<keyof Activities, true> = {
  takeTurn: true,
  failTurn: true,
  verifyCode: true,
  compareDrafts: true,
  announce: true,
  closeRun: true,
  restoreRun: true,
  restoreTexts: true,
  enterSession: true,
  leaveSession: true,
  nextRange: true,
  keepSummary: true,
  readStructure: true,
};

/** Each activity waits until all are created. */
export function deferActivities(creating: Promise<Activities>): Activities {
  // a failure ends the worker, which reports it
  creating.catch(() => undefined);
  const defer =
    (name: keyof Activities) =>
    async (...args: unknown[]) => {
      const activity = (await creating)[name] as (...args: unknown[]) => unknown;
      return activity(...args);
    };
  const names = Object.keys(NAMES) as (keyof Activities)[];
  return Object.fromEntries(names.map((name) => [name, defer(name)])) as unknown as Activities;
}
