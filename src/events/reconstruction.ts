/** Reconstructs a run's events from its result: opening, finished turns and ending. For lost streams. Pure. */
import type { RunEvent, RunPayload, TurnPayload } from '../contract/events';
import { makeOpening } from './opening';
import { summariseChecks } from '../contract/verification';
import type { RunOutcome } from '../contract/runs';
import type { TurnResult } from '../contract/turns';
import { sumTotals } from './totals';

/** The event that closes a run. */
export function makeEnding({ status, result, failure, checks_summary }: RunOutcome): RunPayload {
  const totals = sumTotals(result);
  if (status === 'completed') {
    const checks = checks_summary ?? summariseChecks(result.verification);
    return {
      type: 'run.completed',
      ...totals,
      answers: result.answers,
      ...(checks ? { checks_summary: checks } : {}),
    };
  }
  return { type: `run.${status}`, ...totals, code: failure?.code ?? 'INTERNAL', message: failure?.message ?? '' };
}

/** The event that completes a turn. */
export function makeCompletion(result: TurnResult): TurnPayload {
  const { text, generation_id: _id, input_mark: _mark, ...rest } = result;
  const { turn: _turn, role: _role, label: _label, place: _place, ...payload } = rest;
  return { type: 'turn.completed', ...payload, length: text.length };
}

/** All events of an ended run. `at` is Unix time in milliseconds. */
export function reconstructEvents(outcome: RunOutcome, at: { started: number; ended: number }): RunEvent[] {
  const { run_id, session_id, team_id, result } = outcome;
  const envelope = { v: 1, run_id, session_id, team_id } as const;
  const ofTurn = (finished: TurnResult): RunEvent[] => {
    const { turn, role, label, place, model, attempts: epoch } = finished;
    const about = { ...envelope, at: at.ended, turn, role, label, model, epoch };
    return reconstructTurn(finished).map((payload, index) => ({
      ...about,
      index,
      ...(index === 0 ? { place } : {}),
      ...payload,
    }));
  };
  return [
    { ...envelope, at: at.started, type: 'run.started', ...makeOpening(outcome) },
    ...result.turns.flatMap(ofTurn),
    { ...envelope, at: at.ended, ...makeEnding(outcome) },
  ];
}

function reconstructTurn(result: TurnResult): TurnPayload[] {
  const { model, gateway, text } = result;
  const deltas: TurnPayload[] = text ? [{ type: 'turn.delta', text, offset: 0 }] : [];
  return [{ type: 'turn.started', model, gateway }, ...deltas, makeCompletion(result)];
}
