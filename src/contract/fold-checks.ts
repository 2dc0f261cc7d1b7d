/** Folds the executions of a run's code. Pure. */
import type { Overrun } from './checks';
import type { RunEvent } from './events';

/** The execution of a turn's code; `passed` and `failed` count its checks. */
export interface CheckSnapshot {
  /** The turn whose code it is. */
  about: string;
  language: string;
  status: 'running' | 'passed' | 'failed';
  executed?: boolean;
  reason?: string;
  killed?: Overrun;
  passed?: number;
  failed?: number;
  errors?: string[];
  output?: string;
  ms?: number;
}

export type CheckEvent = Extract<RunEvent, { type: `check.${string}` }>;

/** A new list where something changes, with new entries: a view that compares by identity must see that a check has ended. */
export function foldCheck(checks: CheckSnapshot[], event: CheckEvent): CheckSnapshot[] {
  const { about, language } = event;
  const known = checks.find((check) => check.about === about);
  if (event.type === 'check.started') return known ? checks : [...checks, { about, language, status: 'running' }];
  if (known?.status !== 'running') return checks;
  const ended = endedCheck(known, event);
  return checks.map((check) => (check === known ? ended : check));
}

function endedCheck(begun: CheckSnapshot, event: Exclude<CheckEvent, { type: 'check.started' }>): CheckSnapshot {
  const { executed, reason, killed, passed, failed, errors, output, ms } = event;
  const status = event.type === 'check.passed' ? 'passed' : 'failed';
  const ended: CheckSnapshot = { ...begun, status, executed, passed, failed, errors, output, ms };
  if (reason !== undefined) ended.reason = reason;
  if (killed !== undefined) ended.killed = killed;
  return ended;
}
