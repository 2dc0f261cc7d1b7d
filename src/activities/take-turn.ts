/**
 * The activity behind every model call: takes an epoch, streams from the gateway into the run's events, and returns the turn.
 *
 * It may die at any point. The next attempt finds what this one left: the finished turn (returned, not paid again), a part of the
 * text (continued where the model can, else dropped and begun anew), or nothing.
 */
import { ApplicationFailure, Context } from '@temporalio/activity';
import { HEARTBEAT_INTERVAL_MS } from '../contract/names';
import type { TurnRequest, TurnResult } from '../contract';
import type { Chat, ChatResult } from '../gateway/chat';
import { GatewayFailure, toGatewayFailure } from '../gateway/failures';
import { nextStep, progress, START, type Candidate, type Progress, type Routes } from '../gateway/route';
import { symptomOf } from '../gateway/symptom';
import type { Cancellations } from '../redis/cancellations';
import { estimateTokens, type Memory } from '../redis/memory';
import { AppendRefused, type Attempt, type TurnStore } from '../redis/turns';
import { createJoint, prefixOf } from './continuation';
import { buildMessages } from './prompt';
import { TurnPublisher } from './publish';

export interface TurnDependencies {
  turns: TurnStore;
  memory: Memory;
  chat: Chat;
  routes: Routes;
  cancellations: Cancellations;
}

export function createTakeTurn(dependencies: TurnDependencies) {
  /** Takes one turn. Fails with our failure code as the type; retryable unless no attempt would do better. */
  return async function takeTurn(request: TurnRequest): Promise<TurnResult> {
    const context = Context.current();
    const heartbeat = setInterval(() => context.heartbeat(), HEARTBEAT_INTERVAL_MS);
    const cancelled = dependencies.cancellations.watch(request.run_id);
    try {
      const attempt = await dependencies.turns.begin(request.run_id, request.turn);
      if (attempt.result) return attempt.result;
      return await new TurnAttempt(dependencies, request, attempt, cancelled.signal, context).run();
    } catch (error) {
      if (cancelled.signal.aborted) await untilCancelled(context);
      throw toTemporalFailure(error, context);
    } finally {
      clearInterval(heartbeat);
      cancelled.release();
    }
  };
}

/** One attempt at a turn that is not finished yet. */
class TurnAttempt {
  private readonly refused = new AbortController();
  private readonly signal: AbortSignal;
  private readonly publisher: TurnPublisher;
  private readonly candidates: Candidate[];
  private progress: Progress;
  private announced: boolean;
  private resumedAt = 0;
  /** Whether all that was paid for this turn is in the last call's report. */
  private wholeCost = true;

  constructor(
    private readonly dependencies: TurnDependencies,
    private readonly request: TurnRequest,
    private readonly attempt: Attempt,
    private readonly cancelled: AbortSignal,
    private readonly context: Context,
  ) {
    this.signal = AbortSignal.any([context.cancellationSignal, cancelled, this.refused.signal]);
    this.publisher = new TurnPublisher(dependencies.turns, request, attempt, (why) => this.refused.abort(why));
    this.candidates = dependencies.routes[request.definition.alias];
    this.progress = progress.safeParse(attempt.route).data ?? START;
    this.announced = attempt.nextIndex > 0;
  }

  async run(): Promise<TurnResult> {
    const messages = await buildMessages(this.request, this.dependencies.turns, this.dependencies.memory);
    for (;;) {
      // the list may have become shorter since the progress was noted
      if (this.progress.position >= this.candidates.length) this.progress = START;
      const candidate = this.candidates[this.progress.position];
      if (!candidate)
        throw ApplicationFailure.nonRetryable(
          `No model is configured for "${this.request.definition.alias}".`,
          'MODEL_NOT_FOUND',
        );
      try {
        return await this.speak(candidate, messages);
      } catch (error) {
        await this.afterFailure(error, candidate);
      }
    }
  }

  private async speak(candidate: Candidate, messages: Parameters<Chat>[0]['messages']): Promise<TurnResult> {
    const { request, publisher } = this;
    const shown = this.announce(candidate);
    const prefix = prefixOf(shown);
    const { temperature, max_tokens } = { ...request.definition, ...request.options };
    const reply = await this.dependencies.chat({
      ...candidate,
      messages: prefix ? [...messages, { role: 'assistant', content: prefix }] : messages,
      temperature,
      maxTokens: Math.max(1, max_tokens - estimateTokens(prefix)),
      scope: request,
      signal: this.signal,
      onText: createJoint(shown, (text) => publisher.delta(text)),
    });
    if (publisher.text === '') throw toGatewayFailure(symptomOf('cut', `${reply.model} answered without any text.`));
    const result = this.toResult(candidate, reply, messages);
    const { turn: _turn, role: _role, label: _label, text, generation_id: _id, ...news } = result;
    publisher.tell({ type: 'turn.completed', ...news, length: text.length }, { result });
    await publisher.drain();
    return result;
  }

  /** Says how this call begins: anew, where the text left off, or from nothing. Answers the text that it goes on from. */
  private announce({ endpoint, model }: Candidate): string {
    const { publisher } = this;
    const shown = publisher.text;
    if (!this.announced) {
      publisher.tell({ type: 'turn.started', model, gateway: endpoint.name });
    } else if (shown && endpoint.continues) {
      publisher.tell({ type: 'turn.resumed', offset: shown.length, model });
    } else if (shown) {
      publisher.tell({ type: 'turn.restarted', dropped: shown.length, model }, { drop: true });
    }
    if (shown) this.wholeCost = false;
    this.announced = true;
    this.resumedAt = publisher.text.length;
    return publisher.text;
  }

  /** Goes on with the loop when another model takes over; throws in every other case. */
  private async afterFailure(error: unknown, candidate: Candidate): Promise<void> {
    const { publisher } = this;
    if (this.signal.aborted) return this.stop();
    if (!(error instanceof GatewayFailure)) throw error;
    const { code, message } = error;
    const step = nextStep(this.candidates, this.progress, error);
    if (step.do === 'reroute') {
      this.progress = step.progress;
      publisher.tell(
        { type: 'turn.rerouted', from: candidate.model, to: step.to.model, reason: code, message },
        { route: step.progress },
      );
      return publisher.drain();
    }
    if (step.do === 'retry') {
      publisher.tell(
        { type: 'turn.waiting', reason: code, message, until: Date.now() + step.waitMs },
        { route: step.progress },
      );
      await publisher.drain();
      throw ApplicationFailure.create({ message, type: code, nextRetryDelay: step.waitMs });
    }
    publisher.tell({ type: 'turn.failed', code, message });
    await publisher.drain();
    throw ApplicationFailure.nonRetryable(message, code);
  }

  /** Ends an attempt that was cancelled, with what it is known to have used; one that lost the right to write just ends. */
  private async stop(): Promise<never> {
    const byCaller = this.cancelled.aborted || this.context.cancellationDetails?.cancelRequested;
    if (byCaller && !this.refused.signal.aborted) {
      const usage = { prompt_tokens: 0, completion_tokens: estimateTokens(this.publisher.text), estimated: true };
      // the run's own cancellation is called out over Redis; Temporal alone also stops a turn for new guidance
      const message = this.cancelled.aborted ? 'The run was cancelled.' : 'The turn was stopped.';
      this.publisher.tell({ type: 'turn.failed', code: 'CANCELLED', message, usage });
      await this.publisher.drain();
    }
    throw this.signal.reason;
  }

  private toResult(candidate: Candidate, reply: ChatResult, messages: Parameters<Chat>[0]['messages']): TurnResult {
    const { request, publisher, attempt, context } = this;
    const estimated = {
      prompt_tokens: estimateTokens(messages.map(({ content }) => String(content)).join('')),
      completion_tokens: estimateTokens(publisher.text),
      estimated: true,
    };
    return {
      turn: request.turn,
      role: request.role,
      label: request.label,
      model: reply.model,
      gateway: candidate.endpoint.name,
      text: publisher.text,
      finish_reason: reply.finishReason,
      truncated: reply.finishReason === 'length',
      // what an earlier attempt used before it died is not known: the whole text then counts by estimate
      usage: reply.usage && this.resumedAt === 0 ? reply.usage : estimated,
      cost_usd: this.wholeCost ? reply.costUsd : candidate.endpoint.unreportedCostUsd,
      duration_ms: Date.now() - context.info.scheduledTimestampMs,
      first_token_ms: reply.firstTokenMs === null ? null : Math.round(reply.firstTokenMs),
      attempts: attempt.epoch,
      ...(reply.generationId ? { generation_id: reply.generationId } : {}),
    };
  }
}

/**
 * Temporal must have heard of the cancellation before it accepts a cancelled activity, and its word comes back with a heartbeat:
 * so the heart beats faster until then.
 */
const EXCITED_HEARTBEAT_MS = 200;
const CANCEL_WORD_MS = 20_000;

async function untilCancelled(context: Context): Promise<void> {
  const heartbeat = setInterval(() => context.heartbeat(), EXCITED_HEARTBEAT_MS);
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => (timer = setTimeout(resolve, CANCEL_WORD_MS)));
  await Promise.race([context.cancelled.catch(() => undefined), limit]);
  clearTimeout(timer);
  clearInterval(heartbeat);
}

function toTemporalFailure(error: unknown, context: Context): unknown {
  if (context.cancellationSignal.aborted) return context.cancellationSignal.reason;
  if (error instanceof AppendRefused) {
    // a fenced attempt's report is ignored anyway; after a loss the next attempt writes everything again
    const type = error.reason === 'lost' ? 'TEXT_LOST' : 'FENCED';
    return ApplicationFailure.create({ message: error.message, type, nonRetryable: error.reason === 'closed' });
  }
  if (error instanceof Error && error.name === 'ReplyError') {
    return ApplicationFailure.create({ message: `Redis refused: ${error.message}`, type: 'REDIS_UNAVAILABLE' });
  }
  return error;
}
