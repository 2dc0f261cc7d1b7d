/** One attempt at a turn: it asks one model after the other, shows what it hears, and ends with a turn, a wait, or a failure. */
import { ApplicationFailure, type Context } from '@temporalio/activity';
import { completionOf } from '../contract/retelling';
import type { Expense, FailureCode, TurnRequest, TurnResult } from '../contract';
import type { ChatCall, ChatResult } from '../gateway/chat';
import { GatewayFailure, toGatewayFailure } from '../gateway/failures';
import { nextStep, progress, START, withText, type Candidate, type Progress } from '../gateway/route';
import { symptomOf, type Symptom } from '../gateway/symptom';
import type { Attempt, TurnStore } from '../redis/turns';
import { estimateTokens } from '../redis/window';
import type { Admission, Carried } from './admission';
import { continuationOf, continueFrom, isRefusedContinuation, prefixOf } from './continuation';
import { expenseOf } from './expense';
import { TurnPublisher } from './publish';
import type { FindWay } from './routing';

export interface AttemptDependencies {
  turns: TurnStore;
  admission: Admission;
  findWay: FindWay;
}

/** One attempt at a turn that is not finished yet. */
export class TurnAttempt {
  private readonly refused = new AbortController();
  private readonly signal: AbortSignal;
  private readonly publisher: TurnPublisher;
  private candidates: Candidate[] = [];
  private calls = 0;
  private progress: Progress;
  private announced: boolean;
  /** Set when going on from the shown text has failed. */
  private startsOver = false;
  private resumedAt = 0;

  constructor(
    private readonly dependencies: AttemptDependencies,
    private readonly request: TurnRequest,
    private readonly attempt: Attempt,
    private readonly input_mark: string,
    private readonly cancelled: AbortSignal,
    private readonly context: Context,
  ) {
    this.signal = AbortSignal.any([context.cancellationSignal, cancelled, this.refused.signal]);
    this.publisher = new TurnPublisher(dependencies.turns, request, attempt, (why) => this.refused.abort(why));
    this.progress = progress.safeParse(attempt.route).data ?? START;
    this.announced = attempt.nextIndex > 0;
  }

  async run(messages: ChatCall['messages']): Promise<TurnResult> {
    const way = await this.dependencies.findWay(this.request, this.progress);
    [this.candidates, this.progress] = [way.candidates, way.progress];
    for (;;) {
      // the list may have become shorter since the progress was noted
      if (this.progress.position >= this.candidates.length) this.progress = START;
      const candidate = this.candidates[this.progress.position];
      if (!candidate)
        throw ApplicationFailure.nonRetryable(
          `No model is configured for "${this.request.definition.alias ?? this.request.label}".`,
          'MODEL_NOT_FOUND',
        );
      try {
        return await this.speak(candidate, messages);
      } catch (error) {
        await this.afterFailure(error, candidate);
      }
    }
  }

  private async speak(candidate: Candidate, messages: ChatCall['messages']): Promise<TurnResult> {
    const { request, publisher } = this;
    const { shown, how } = this.announce(candidate);
    const continued = continueFrom(shown, how, (text) => publisher.delta(text));
    const { temperature, max_tokens } = { ...request.definition, ...request.options };
    const answer = await this.dependencies.admission.carryOut({
      ...{ request, candidate, candidates: this.candidates, temperature, shown },
      ...{ epoch: this.attempt.epoch, number: this.calls++, found: this.attempt.text },
      messages: [...messages, ...continued.messages],
      maxTokens: Math.max(1, max_tokens - estimateTokens(prefixOf(shown))),
      signal: AbortSignal.any([this.signal, continued.signal]),
      heard: () => publisher.text,
      onText: continued.take,
    });
    continued.finish();
    continued.signal.throwIfAborted();
    const { reply } = answer;
    if (publisher.text === '') throw toGatewayFailure(emptinessOf(reply));
    const result = this.toResult(candidate, answer, messages);
    publisher.tell(completionOf(result), { result });
    await publisher.drain();
    return result;
  }

  /** Says how this call begins: anew, where the text left off, or from nothing. Answers the text that it goes on from, and how. */
  private announce({ endpoint, model }: Candidate) {
    const { publisher } = this;
    const { text } = publisher;
    publisher.asks(model);
    const how = this.startsOver ? 'restart' : continuationOf(endpoint.continues(model), text);
    if (!this.announced) publisher.tell({ type: 'turn.started', model, gateway: endpoint.name });
    else if (text && how !== 'restart') publisher.tell({ type: 'turn.resumed', offset: text.length, model, how });
    else if (text) publisher.tell({ type: 'turn.restarted', dropped: text.length, model }, { drop: true });
    this.announced = true;
    this.resumedAt = publisher.text.length;
    return { shown: publisher.text, how };
  }

  /** Goes on with the loop when another model takes over; throws in every other case. */
  private async afterFailure(error: unknown, candidate: Candidate): Promise<void> {
    const { publisher } = this;
    if (this.signal.aborted) return this.stop();
    if (this.resumedAt > 0 && isRefusedContinuation(error)) {
      this.startsOver = true;
      return;
    }
    if (!(error instanceof GatewayFailure)) throw error;
    const { code, message } = error;
    this.progress = withText(this.progress, publisher.text.length);
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
    throw ApplicationFailure.nonRetryable(message, code, await this.giveUp(code, message));
  }

  /** Ends an attempt that was cancelled; one that lost the right to write just ends. */
  private async stop(): Promise<never> {
    const byCaller = this.cancelled.aborted || this.context.cancellationDetails?.cancelRequested;
    if (byCaller && !this.refused.signal.aborted) {
      // the run's own cancellation is called out over Redis; Temporal alone also stops a turn for new guidance
      const message = this.cancelled.aborted ? 'The run was cancelled.' : 'The turn was stopped.';
      const expense = await this.giveUp('CANCELLED', message);
      throw ApplicationFailure.create({ message, type: 'CANCELLED', details: [expense] });
    }
    throw this.signal.reason;
  }

  /** Tells that there will be no answer, and what was used for nothing. */
  private async giveUp(code: FailureCode, message: string): Promise<Expense> {
    const expense = await expenseOf(this.dependencies.admission, this.request, this.publisher.text);
    this.publisher.tell({ type: 'turn.failed', code, message, ...expense });
    await this.publisher.drain();
    return expense;
  }

  private toResult(candidate: Candidate, answer: Carried, messages: ChatCall['messages']): TurnResult {
    const { request, publisher, attempt, context } = this;
    const { reply, cost, cached } = answer;
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
      cost_usd: cost.usd,
      ...(cost.estimated ? { cost_estimated: true } : {}),
      ...(cached ? { cached } : {}),
      duration_ms: Date.now() - context.info.scheduledTimestampMs,
      first_token_ms: reply.firstTokenMs === null ? null : Math.round(reply.firstTokenMs),
      attempts: attempt.epoch,
      input_mark: this.input_mark,
      ...(reply.generationId ? { generation_id: reply.generationId } : {}),
      ...(reply.gatewayOption ? { gateway_option: reply.gatewayOption } : {}),
    };
  }
}

/** Nothing was said: by chance, or for a reason that would hold again. */
function emptinessOf({ model, finishReason }: ChatResult): Symptom {
  const message = `${model} answered without any text`;
  if (finishReason === 'stop') return symptomOf('cut', `${message}.`);
  return { ...symptomOf('empty', `${message} (finish reason "${finishReason}").`), type: finishReason };
}
