/** Publishes the start and the result of a check, once for each turn, however often it is called. */
import type { RunPayload, RunScope } from '../contract';
import type { TurnCheck } from '../contract/checks';
import { countChecks } from '../contract/verification';
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
  await turns.publish(scope, toPayload(check), `check.ended:${check.turn}`);
}

/** The maximum length of a program's output and of each error in an event. UTF-16 units. */
const OUTPUT_LIMIT = 2000;

function toPayload(check: TurnCheck): RunPayload {
  const { turn: about, language, executed, reason, checks, output, ms, killed } = check;
  const { total, failed } = countChecks(check);
  const shown = checks.filter(({ passed }) => !passed).slice(0, 5);
  return {
    type: check.passed ? 'check.passed' : 'check.failed',
    about,
    language,
    executed,
    ...(reason ? { reason } : {}),
    ...(killed ? { killed } : {}),
    passed: total - failed,
    failed,
    errors: shown.map(({ name, error = '' }) => `${name}: ${error}`.slice(-OUTPUT_LIMIT)),
    output: output.slice(-OUTPUT_LIMIT),
    ms,
  };
}
