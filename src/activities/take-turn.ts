/**
 * The activity behind every model call: takes an epoch, streams from the gateway into the run's events, and returns the turn.
 *
 * It may die at any point. The next attempt finds what this one left: the finished turn (returned, not paid again), a part of the
 * text (continued where the model can, else dropped and begun anew), or nothing.
 */
import { Context } from '@temporalio/activity';
import type { TurnRequest, TurnResult } from '../contract';
import type { Routes } from '../gateway/route';
import type { Cancellations } from '../redis/cancellations';
import type { Leases } from '../redis/leases';
import type { Memory } from '../redis/memory';
import { toTemporalFailure, untilCancelled } from './ending';
import { buildMessages, textLost } from './prompt';
import { startPulse } from './pulse';
import { markOf, takeOver } from './recorded';
import { openingEvent } from './restore';
import { modelsOf } from './routing';
import { TurnAttempt, type AttemptDependencies } from './turn-attempt';

export interface TurnDependencies extends AttemptDependencies {
  memory: Memory;
  cancellations: Cancellations;
  leases: Leases;
  /** The models of each alias, whose names are part of what an answer depends on. */
  routes: Routes;
}

export function createTakeTurn(dependencies: TurnDependencies) {
  /** Takes one turn. Fails with our failure code as the type; retryable unless no attempt would do better. */
  return async function takeTurn(request: TurnRequest): Promise<TurnResult> {
    const context = Context.current();
    const pulse = await startPulseOf(dependencies, request, context);
    const cancelled = dependencies.cancellations.watch(request.run_id);
    const release = dependencies.leases.hold(context.info, request.team_id);
    try {
      const [attempt, messages] = await prepare(dependencies, request);
      if (attempt.result) return attempt.result;
      if (attempt.cancelled) cancelled.abort();
      if (cancelled.signal.aborted) await dependencies.admission.abandon(request, attempt.text);
      cancelled.signal.throwIfAborted();
      if (!attempt.opened) throw textLost('Redis has lost the beginning of the run.');
      const prompt = await messages;
      const input_mark = markOf(request, prompt, modelsOf(request.definition, dependencies.routes));
      const recorded = await takeOver(dependencies.turns, request, input_mark);
      if (recorded) return recorded;
      return await new TurnAttempt(dependencies, request, attempt, input_mark, cancelled.signal, context).run(prompt);
    } catch (error) {
      pulse.stop(error);
      if (cancelled.signal.aborted) await untilCancelled(context);
      throw toTemporalFailure(error, context);
    } finally {
      pulse.stop();
      cancelled.release();
      release();
    }
  };
}

/** The turn that fails because too many attempts have died leaves nothing of the last one. What Redis can not do now, the run's end does. */
async function startPulseOf({ turns, admission }: TurnDependencies, request: TurnRequest, context: Context) {
  try {
    return startPulse(context);
  } catch (error) {
    const texts = turns.texts(request.run_id, [request.turn]);
    await texts.then(([text]) => admission.abandon(request, text ?? '')).catch(() => undefined);
    throw error;
  }
}

/** Takes the epoch and asks for the prompt's texts in the same round trip; the prompt is of use only if the turn is not finished. */
async function prepare({ turns, memory }: TurnDependencies, request: TurnRequest) {
  const { run_id, turn, opening } = request;
  const beginning = turns.begin(run_id, turn, opening && openingEvent(request, opening));
  const messages = buildMessages(request, turns, memory);
  messages.catch(() => undefined);
  return [await beginning, messages] as const;
}
