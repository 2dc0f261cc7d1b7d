/**
 * The activity of every model call: takes an epoch, streams from the gateway into the run's events, and returns the turn.
 *
 * It may die at any point. The next attempt finds what this one left: the finished turn (returned without a new call), a part of the
 * text (continued if the model can, otherwise dropped and restarted), or nothing.
 */
import { Context } from '@temporalio/activity';
import type { TurnRequest, TurnResult } from '../contract';
import type { SentTurn } from '../contract/payloads';
import type { Routes } from '../gateway/model-fallback';
import type { Cancellations } from '../redis/cancellations';
import type { Leases } from '../redis/leases';
import type { Memory } from '../redis/memory';
import { toTemporalFailure, untilCancelled } from '../model-call/attempt-end';
import { beginTurn, type BeginTurnDependencies } from '../model-call/begin-turn';
import type { ExpressLane } from '../model-call/express-lane';
import { buildMessages, textLost } from '../model-call/prompt';
import { startHeartbeat, type Heartbeat } from '../model-call/heartbeat';
import { computeFingerprint, takeOver, type ReadTurns } from '../model-call/recorded-turn';
import { resolveModels } from '../model-call/routing';
import { sendText, type SendPart } from './send-text';
import { publishTurn } from '../model-call/restore-turn';
import { TurnAttempt, type AttemptDependencies } from '../model-call/turn-attempt';
import type { Sandbox } from '../sandbox/host/sandbox';

export interface TurnDependencies extends AttemptDependencies, Pick<BeginTurnDependencies, 'laneEnds' | 'tellLane'> {
  expressLane: Pick<ExpressLane, 'adopt'>;
  memory: Memory;
  cancellations: Cancellations;
  leases: Leases;
  /** The models of each alias; their names are part of the input fingerprint. */
  routes: Routes;
  readTurns: ReadTurns;
  sendPart: SendPart;
  sandbox: Pick<Sandbox, 'prepare'>;
}

export function createTakeTurn(dependencies: TurnDependencies) {
  /** Takes one turn. Fails with our failure code as the type; non-retryable if a retry would fail the same way. */
  return async function takeTurn(request: TurnRequest): Promise<SentTurn> {
    const context = Context.current();
    const send = (result: TurnResult) => sendText(result, context.info.workflowExecution!, dependencies.sendPart);
    const heartbeat = await startHeartbeatOrRelease(dependencies, request, context);
    const cancelled = dependencies.cancellations.watch(request.run_id);
    const release = dependencies.leases.hold(context.info, request.team_id);
    try {
      return await send(await takeOrAdopt(dependencies, request, { context, heartbeat, cancelled }));
    } catch (error) {
      heartbeat.stop(error);
      if (cancelled.signal.aborted) await untilCancelled(context);
      throw toTemporalFailure(heartbeat.boundFullness(error), context);
    } finally {
      heartbeat.stop();
      cancelled.release();
      release();
    }
  };
}

/** A running activity: its context, its heartbeat, and the cancellation of its run. */
interface Execution {
  context: Context;
  heartbeat: Heartbeat;
  cancelled: ReturnType<Cancellations['watch']>;
}

/** The call may have been made while the run was started: then only its end is awaited. */
async function takeOrAdopt(
  dependencies: TurnDependencies,
  request: TurnRequest,
  execution: Execution,
): Promise<TurnResult> {
  const { context, heartbeat, cancelled } = execution;
  const adopted = request.opening && (await dependencies.expressLane.adopt(request, context));
  if (!adopted) return take(dependencies, request, execution);
  heartbeat.tell(adopted.report);
  return adopted.result.catch((error: unknown) => {
    // the cancellation may have been broadcast before this activity listened
    if (adopted.isCancelled()) cancelled.abort();
    throw error;
  });
}

async function take(dependencies: TurnDependencies, request: TurnRequest, execution: Execution): Promise<TurnResult> {
  const { context, heartbeat, cancelled } = execution;
  const { turns, routes } = dependencies;
  const [attempt, messages] = await prepare(dependencies, request, execution);
  if (attempt.result) return attempt.result;
  if (attempt.cancelled) cancelled.abort();
  if (cancelled.signal.aborted) await dependencies.admission.abandon(request, attempt.text);
  cancelled.signal.throwIfAborted();
  if (!attempt.opened) throw textLost('Redis has lost the beginning of the run.');
  if (attempt.unpublished) {
    await publishTurn(turns, request, attempt.unpublished, attempt);
    return attempt.unpublished;
  }
  const prompt = await messages;
  const input_mark = computeFingerprint(request, prompt, resolveModels(request.definition, routes));
  const recorded = await takeOver(turns, request, input_mark, dependencies.readTurns);
  if (recorded) return recorded;
  if (request.place.yields === 'draft') dependencies.sandbox.prepare();
  const turn = new TurnAttempt(dependencies, request, attempt, input_mark, cancelled.signal, context);
  heartbeat.tell(() => turn.report());
  return turn.run(prompt);
}

/** If too many attempts have died, settles the last one's call before it throws. If Redis fails, the run's closing settles it. */
async function startHeartbeatOrRelease({ turns, admission }: TurnDependencies, request: TurnRequest, context: Context) {
  try {
    return startHeartbeat(context);
  } catch (error) {
    const texts = turns.texts(request.run_id, [request.turn]);
    await texts.then(([text]) => admission.abandon(request, text ?? '')).catch(() => undefined);
    throw error;
  }
}

/** Takes the epoch and requests the prompt's texts in the same round trip. The prompt is needed only if the turn is not finished. */
async function prepare(dependencies: TurnDependencies, request: TurnRequest, { context, cancelled }: Execution) {
  const beginning = beginTurn(dependencies, request, { turn: context.cancellationSignal, run: cancelled });
  const messages = buildMessages(request, dependencies.turns, dependencies.memory);
  messages.catch(() => undefined);
  return [await beginning, messages] as const;
}
