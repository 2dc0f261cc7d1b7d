/** A run's events told from its results: how it opened, what each finished turn said, and how it ended. Pure; for lost streams. */
import type { RunEvent, RunNews, TurnNews } from './events';
import { openingOf } from './opening';
import type { RunOutcome } from './runs';
import type { TurnResult } from './turns';
import { totalsOf } from './totals';

/** The event that closes a run. */
export function endingOf({ status, result, failure }: RunOutcome): RunNews {
  const totals = totalsOf(result);
  if (status === 'completed') return { type: 'run.completed', ...totals, answers: result.answers };
  return { type: `run.${status}`, ...totals, code: failure?.code ?? 'INTERNAL', message: failure?.message ?? '' };
}

/** The event that completes a turn. */
export function completionOf(result: TurnResult): TurnNews {
  const { turn: _turn, role: _role, label: _label, text, generation_id: _id, input_mark: _mark, ...news } = result;
  return { type: 'turn.completed', ...news, length: text.length };
}

/** Everything that is known of a run that has ended. `at` is Unix epoch, milliseconds. */
export function retell(outcome: RunOutcome, at: { started: number; ended: number }): RunEvent[] {
  const { run_id, session_id, team_id, result } = outcome;
  const envelope = { v: 1, run_id, session_id, team_id } as const;
  const ofTurn = (told: TurnResult): RunEvent[] => {
    const { turn, role, label, model, attempts: epoch } = told;
    return newsOf(told).map((news, index) => {
      return { ...envelope, at: at.ended, turn, role, label, model, epoch, index, ...news };
    });
  };
  return [
    { ...envelope, at: at.started, type: 'run.started', ...openingOf(outcome) },
    ...result.turns.flatMap(ofTurn),
    { ...envelope, at: at.ended, ...endingOf(outcome) },
  ];
}

function newsOf(result: TurnResult): TurnNews[] {
  const { model, gateway, text } = result;
  const said: TurnNews[] = text ? [{ type: 'turn.delta', text, offset: 0 }] : [];
  return [{ type: 'turn.started', model, gateway }, ...said, completionOf(result)];
}
