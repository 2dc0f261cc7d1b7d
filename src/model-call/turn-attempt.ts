/** One attempt at a turn: calls models in order, publishes what it receives, and ends with a result, a wait, or a failure. */
import { ApplicationFailure } from '@temporalio/common';
import { makeCompletion } from '../events/reconstruction';
import type { PartialUsage, FailureCode, TurnRequest, TurnResult } from '../contract';
import type { ChatCall, ChatResult } from '../gateway/chat';
import { GatewayFailure, toGatewayFailure } from '../gateway/failures';
import { nextStep, progress, START, withText, type Candidate, type Progress } from '../gateway/model-fallback';
import { toErrorDescription, type ErrorDescription } from '../gateway/error-description';
import { AppendRefused, type AttemptRecord, type TurnStore } from '../redis/turns';
import { estimateTokens } from '../redis/conversation-window';
import type { Admission, Carried } from './admission';
import { isBlank } from './blank';
import { chooseContinuation, continueFrom, isRefusedContinuation, trimPrefix } from './continuation';
import { computePartialUsage } from './partial-usage';
import { TurnPublisher } from './publish';
import type { FindWay } from './routing';

export interface AttemptDependencies {
  turns: TurnStore;
  admission: Admission;
  findWay: FindWay;
  /** How long a turn waits in total while its models are rate limited, milliseconds. */
  rateLimitWaitMs: number;
}

/** What an attempt needs to know of its activity; a context of Temporal holds it. */
export interface AttemptContext {
  readonly cancellationSignal: AbortSignal;
  readonly cancellationDetails: { readonly cancelRequested: boolean } | undefined;
  readonly info: { readonly scheduledTimestampMs: number };
}

/** Keeps an attempt from publishing anything for now. */
export interface Hold {
  /** Resolves when the attempt may publish; rejects if it never may. */
  readonly released: Promise<void>;
  /** Keeps the result of a finished call, if it may not be published yet, in case this process dies. */
  keep(result: TurnResult): Promise<void>;
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
  /** Set when continuing from the published text is impossible or has failed. */
  private startsOver: boolean;
  private resumedAt = 0;

  constructor(
    private readonly dependencies: AttemptDependencies,
    private readonly request: TurnRequest,
    private readonly attempt: AttemptRecord,
    private readonly input_mark: string,
    private readonly cancelled: AbortSignal,
    private readonly context: AttemptContext,
    private readonly hold?: Hold,
  ) {
    this.signal = AbortSignal.any([context.cancellationSignal, cancelled, this.refused.signal]);
    const onRefused = (why: unknown) => this.refused.abort(why);
    this.publisher = new TurnPublisher(dependencies.turns, request, attempt, onRefused, undefined, hold?.released);
    this.startsOver = attempt.isForeign;
    this.progress = progress.safeParse(attempt.route).data ?? START;
    this.announced = attempt.nextIndex > 0;
  }

  /** The turn's progress for the Temporal Web UI; tokens are estimated. */
  report(): { model?: string | undefined; characters: number; tokens: number } {
    const { text } = this.publisher;
    const model = this.candidates[this.progress.position]?.model;
    return { model, characters: text.length, tokens: estimateTokens(text) };
  }

  async run(messages: ChatCall['messages']): Promise<TurnResult> {
    const way = await this.dependencies.findWay(this.request, this.progress);
    [this.candidates, this.progress] = [way.candidates, way.progress];
    for (;;) {
      // the list may have become shorter since the progress was recorded
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
    publisher.beginThinking();
    const continued = continueFrom(shown, how, (text) => publisher.delta(text));
    const { temperature, max_tokens } = { ...request.definition, ...request.options };
    const limit = this.progress.enlarged ? largerLimit(max_tokens) : max_tokens;
    const answer = await this.dependencies.admission.execute({
      ...{ request, candidate, candidates: this.candidates, temperature, shown, how },
      ...{ epoch: this.attempt.epoch, number: this.calls++, found: this.attempt.text },
      generation: this.attempt.generation,
      messages: [...messages, ...continued.messages],
      maxTokens: Math.max(1, limit - estimateTokens(trimPrefix(shown))),
      signal: AbortSignal.any([this.signal, continued.signal]),
      checkOwner: () => this.checkOwner(),
      answerText: () => publisher.text,
      thought: () => publisher.thinking,
      onText: continued.take,
      onThinking: (thinking) => publisher.think(thinking),
      onRetract: (thinking) => publisher.retract(thinking, candidate.model),
    });
    continued.finish();
    continued.signal.throwIfAborted();
    const { reply } = answer;
    if (reply.refusal || isBlank(publisher.text)) throw toGatewayFailure(describeEmptyAnswer(reply, limit));
    const result = this.toResult(candidate, answer, messages);
    await this.hold?.keep(result);
    publisher.tell(makeCompletion(result), { result });
    await publisher.drain();
    return result;
  }

  private async checkOwner(): Promise<void> {
    const { request, attempt, refused } = this;
    const checked = this.dependencies.turns.checkOwner(request.run_id, request.turn, attempt);
    await checked.catch((why: unknown) => (why instanceof AppendRefused ? refused.abort(why) : Promise.reject(why)));
  }

  /** Publishes whether this call starts, resumes or restarts the turn. Returns the text that it continues, and how. */
  private announce({ endpoint, model }: Candidate) {
    const { publisher } = this;
    const { text } = publisher;
    publisher.asks(model);
    const how = this.startsOver ? 'restart' : chooseContinuation(endpoint.continues(model), text);
    if (!this.announced) publisher.tell({ type: 'turn.started', model, gateway: endpoint.name });
    else if (text && how !== 'restart') publisher.tell({ type: 'turn.resumed', offset: text.length, model, how });
    else if (text) publisher.tell({ type: 'turn.restarted', dropped: text.length, model }, { drop: true });
    this.announced = true;
    this.resumedAt = publisher.text.length;
    return { shown: publisher.text, how };
  }

  /** Returns if the turn should be tried again at once, for example on another model; otherwise throws. */
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
    const step = nextStep(this.candidates, this.progress, error, Math.random, this.dependencies.rateLimitWaitMs);
    if (step.do === 'reroute') {
      this.progress = step.progress;
      publisher.tell(
        { type: 'turn.rerouted', from: candidate.model, to: step.to.model, reason: code, message },
        { route: step.progress },
      );
      return publisher.drain();
    }
    if (step.do === 'enlarge') {
      this.progress = step.progress;
      const more = `${message} It is asked once more, with a limit that is larger.`;
      publisher.tell(
        { type: 'turn.waiting', reason: code, message: more, until: Date.now() },
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

  /** Ends a cancelled attempt. An attempt that may no longer write ends without publishing. */
  private async stop(): Promise<never> {
    const byCaller = this.cancelled.aborted || this.context.cancellationDetails?.cancelRequested;
    if (byCaller && !this.refused.signal.aborted) {
      // cancellation of the whole run is announced through Redis; Temporal alone also cancels a single turn for new guidance
      const message = this.cancelled.aborted ? 'The run was cancelled.' : 'The turn was stopped.';
      const reportsStop = !this.cancelled.aborted && this.request.reports_stop;
      const partialUsage = reportsStop ? await this.leave() : await this.giveUp('CANCELLED', message);
      throw ApplicationFailure.create({ message, type: 'CANCELLED', details: [partialUsage] });
    }
    throw this.signal.reason;
  }

  /** Publishes no failure: the workflow that stopped the turn publishes the reason. */
  private async leave(): Promise<PartialUsage> {
    await this.publisher.drain();
    return computePartialUsage(this.dependencies.admission, this.request, this.publisher.text);
  }

  /** Publishes the turn's failure with its partial usage. */
  private async giveUp(code: FailureCode, message: string): Promise<PartialUsage> {
    const partialUsage = await computePartialUsage(this.dependencies.admission, this.request, this.publisher.text);
    this.publisher.tell({ type: 'turn.failed', code, message, ...partialUsage });
    await this.publisher.drain();
    return partialUsage;
  }

  private toResult(candidate: Candidate, answer: Carried, messages: ChatCall['messages']): TurnResult {
    const { request, publisher, attempt, context } = this;
    const { reply, cost, cached, shortenedBy } = answer;
    const estimated = {
      prompt_tokens: estimateTokens(messages.map(({ content }) => String(content)).join('')),
      completion_tokens: estimateTokens(publisher.text) + estimateTokens(publisher.thinking),
      estimated: true,
    };
    return {
      turn: request.turn,
      role: request.role,
      label: request.label,
      place: request.place,
      model: reply.model,
      gateway: candidate.endpoint.name,
      text: publisher.text,
      finish_reason: reply.finishReason,
      truncated: reply.finishReason === 'length',
      ...(shortenedBy ? { shortened_by: shortenedBy } : {}),
      ...(reply.isBounded ? { bounded: true } : {}),
      // the usage of an attempt that died is unknown, so the whole text is estimated
      usage: reply.usage && this.resumedAt === 0 ? reply.usage : estimated,
      booked_tokens: cost.tokens,
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

/** A limit that leaves room for an answer after the thinking. Tokens. */
function largerLimit(limit: number): number {
  return Math.min(Math.max(LARGER_TIMES * limit, LEAST_LARGER), MOST_TOKENS);
}

const LARGER_TIMES = 4;
const LEAST_LARGER = 4000;
const MOST_TOKENS = 200_000;
/** Maximum length of a quoted refusal. UTF-16 units. */
const QUOTED = 300;

/** Describes an answer without text; `type` tells whether a retry would end the same way. */
function describeEmptyAnswer(
  { model, finishReason, refusal, hasThought }: ChatResult,
  limit: number,
): ErrorDescription {
  if (refusal)
    return { ...toErrorDescription('empty', `${model} refused: ${refusal.slice(0, QUOTED)}`), type: 'refusal' };
  if (finishReason === 'length') {
    const used = hasThought ? 'for thinking ' : '';
    const message = `${model} used up its limit of ${limit} tokens ${used}before it answered: raise max_tokens.`;
    return { ...toErrorDescription('empty', message), type: 'length' };
  }
  if (finishReason !== 'stop')
    return {
      ...toErrorDescription('empty', `${model} answered without any text (finish reason "${finishReason}").`),
      type: finishReason,
    };
  if (hasThought) return { ...toErrorDescription('empty', `${model} thought, and gave no answer.`), type: 'thoughts' };
  return toErrorDescription('cut', `${model} answered without any text.`);
}
