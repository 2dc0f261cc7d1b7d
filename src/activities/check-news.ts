/** Tells that code is executed and what that showed: once for each turn, however often it is told. */
import type { RunNews, RunScope } from '../contract';
import type { TurnCheck } from '../contract/checks';
import type { TurnStore } from '../redis/turns';

export async function tellCheckStarted(
  turns: TurnStore,
  scope: RunScope,
  turn: string,
  language: string,
): Promise<void> {
  await turns.publish(scope, { type: 'check.started', about: turn, language }, `check.started:${turn}`);
}

export async function tellCheckEnded(turns: TurnStore, scope: RunScope, check: TurnCheck): Promise<void> {
  await turns.publish(scope, toNews(check), `check.ended:${check.turn}`);
}

/** Most that an event carries of what a program wrote, and of why its checks failed. */
const OUTPUT_LIMIT = 2000;

function toNews({
  turn: about,
  language,
  executed,
  reason,
  checks,
  output,
  ms,
  killed,
  ...report
}: TurnCheck): RunNews {
  const failed = checks.filter(({ passed }) => !passed);
  return {
    type: report.passed ? 'check.passed' : 'check.failed',
    about,
    language,
    executed,
    ...(reason ? { reason } : {}),
    ...(killed ? { killed } : {}),
    passed: checks.length - failed.length,
    failed: failed.length,
    errors: failed.slice(0, 5).map(({ name, error = '' }) => `${name}: ${error}`.slice(-OUTPUT_LIMIT)),
    output: output.slice(-OUTPUT_LIMIT),
    ms,
  };
}
