// One answer in progress: first the remaining prompt tokens, then one answer token after another. The engine calls `step` once per batch.
// Each step is one evaluation, so that all slots advance together and a cancellation takes effect within one token.
import { Readable } from 'node:stream';
import { createAnswerText, type AnswerText } from './answer-text';
import type { GenerationRequest } from './chat-request';
import { createOverlap, type Joint } from './joint';
import type { LanguageModel, ModelSequence, Sampling, Token } from './language-model';
import type { Prompt } from './prompt';
import { isStuck } from './repetition';

/** Token counts in OpenAI's terms; cached tokens are the part of the prompt that was not evaluated again. */
export interface GenerationUsage {
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly cachedTokens: number;
}

/** Items received by the reader of an answer: texts, then exactly one end. */
export type GenerationStep =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'end'; readonly finishReason: 'stop' | 'length'; readonly usage: GenerationUsage };

interface GenerationOptions {
  readonly model: LanguageModel;
  readonly prompt: Prompt;
  readonly request: GenerationRequest;
  readonly signal: AbortSignal;
}

/** A request and its slot's sequence, from the first prompt token to the last answer token. */
export class Generation {
  /** The answer as an async iterable; ends after the `end` step, throws the error given to `fail`. */
  readonly output = new Readable({ objectMode: true, read: () => undefined });
  readonly prompt: Prompt;
  readonly signal: AbortSignal;
  private readonly model: LanguageModel;
  private readonly sampling: Sampling;
  private readonly maxTokens: number;
  private readonly text: AnswerText;
  private sequence: ModelSequence | undefined;
  private isUntouched = true;
  private pending: readonly Token[] = [];
  private cachedTokens = 0;
  private completionTokens = 0;
  private readonly joint: Joint;
  private mustPickAtJoint = false;
  /** The newest token in the sequence. */
  private lastEvaluated: Token | undefined;
  private lastDrawn: Token | undefined;
  private readonly drawn: Token[] = [];
  private answer: AsyncGenerator<Token, void, void> | undefined;
  private finished = false;

  constructor({ model, prompt, request, signal }: GenerationOptions) {
    this.model = model;
    this.prompt = prompt;
    this.signal = signal;
    this.sampling = {
      temperature: request.temperature,
      topP: request.topP,
      seed: request.seed,
      jsonSchema: request.jsonSchema,
    };
    this.maxTokens = request.maxTokens ?? Infinity;
    this.text = createAnswerText((tokens) => model.detokenize(tokens), request.stop);
    this.joint = createOverlap(prompt.jointText, model);
  }

  /** Whether nothing is left to do: finished, failed, or without a reader. */
  get isOver(): boolean {
    return this.finished || this.signal.aborted || this.output.destroyed;
  }

  /** Prompt tokens still to evaluate; 0 once tokens are being drawn. */
  get promptTokensLeft(): number {
    return this.answer === undefined ? this.pending.length : 0;
  }

  /** Assigns a sequence whose first `cachedTokens` tokens match the prompt; the first step removes the others. */
  start(sequence: ModelSequence, cachedTokens: number): void {
    this.sequence = sequence;
    this.cachedTokens = cachedTokens;
    this.pending = this.prompt.tokens.slice(cachedTokens);
  }

  /** Runs one evaluation: at most `promptBudget` prompt tokens, or one answer token. */
  async step(promptBudget: number): Promise<void> {
    const sequence = this.startedSequence();
    if (this.isUntouched) await sequence.truncate(this.cachedTokens);
    this.isUntouched = false;
    if (this.promptTokensLeft > promptBudget) {
      const chunk = this.pending.slice(0, promptBudget);
      this.pending = this.pending.slice(promptBudget);
      return sequence.feed(chunk);
    }
    const token = this.mustPickAtJoint ? await this.pickAtJoint(sequence) : await this.drawNext(sequence);
    this.lastDrawn = token;
    if (this.isOver || token === undefined) return;
    if (this.joint.rest !== '') await this.passJoint(token, sequence);
    else this.accept(token, sequence);
  }

  /** Ends with an error, unless it has already ended. */
  fail(error: Error): void {
    this.finished = true;
    // An error event without a listener ends the process, and a stream whose reader left has no listener.
    this.output.once('error', () => undefined).destroy(error);
  }

  /** Frees the sampler; the sequence keeps its tokens for the next prompt with the same start. */
  async release(): Promise<void> {
    await this.answer?.return();
    if (!this.finished) this.output.destroy();
  }

  private async drawNext(sequence: ModelSequence): Promise<Token> {
    this.lastEvaluated = this.pending.at(-1) ?? this.lastDrawn;
    this.answer ??= sequence.sample(this.pending, this.sampling);
    this.pending = [];
    const next = await this.answer.next();
    if (next.done === true) throw new Error('the model stopped drawing tokens');
    return next.value;
  }

  /** Draws again, among the tokens that fit. After a free draw that did not fit, this is the exact conditional draw. */
  private async pickAtJoint(sequence: ModelSequence): Promise<Token | undefined> {
    this.mustPickAtJoint = false;
    const candidates = this.pending[0] === undefined ? [] : await sequence.candidates(this.pending[0]);
    const token = this.joint.draw(candidates, this.sampling);
    this.pending = token === undefined ? this.joint.takeRest() : [token];
    return token;
  }

  private async passJoint(token: Token, sequence: ModelSequence): Promise<void> {
    if (!this.joint.fits(token)) return this.stepBack(sequence);
    const newText = this.joint.pass(token);
    if (newText !== '') this.completionTokens += 1;
    this.emit(this.text.pushText(newText));
    this.finishIfDone(sequence);
  }

  /** Makes the sequence's newest token pending again, so that the next step can inspect all its possible successors. */
  private async stepBack(sequence: ModelSequence): Promise<void> {
    await this.answer?.return();
    this.answer = undefined;
    this.pending = this.lastEvaluated === undefined ? [] : [this.lastEvaluated];
    this.mustPickAtJoint = true;
    await sequence.truncate(sequence.length - 1);
  }

  private accept(token: Token, sequence: ModelSequence): void {
    if (this.model.isEndOfTurn(token)) {
      this.finish('stop');
      return;
    }
    this.completionTokens += 1;
    this.drawn.push(token);
    this.emit(this.text.push(token));
    this.finishIfDone(sequence);
  }

  private finishIfDone(sequence: ModelSequence): void {
    // The drawn token itself is not evaluated yet, and a full sequence would silently drop its start.
    const isFull = sequence.length + 1 >= this.model.contextLength;
    if (this.text.isStopped) this.finish('stop');
    else if (isFull || this.completionTokens >= this.maxTokens || isStuck(this.drawn)) this.finish('length');
  }

  private emit(text: string): void {
    if (text !== '') this.output.push({ kind: 'text', text } satisfies GenerationStep);
  }

  private finish(finishReason: 'stop' | 'length'): void {
    this.emit(this.text.flush());
    const usage: GenerationUsage = {
      promptTokens: this.prompt.length,
      completionTokens: this.completionTokens,
      cachedTokens: this.cachedTokens,
    };
    this.output.push({ kind: 'end', finishReason, usage } satisfies GenerationStep);
    this.output.push(null);
    this.finished = true;
  }

  private startedSequence(): ModelSequence {
    if (this.sequence === undefined) throw new Error('step() before start()');
    return this.sequence;
  }
}
