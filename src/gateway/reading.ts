/**
 * State of one streamed completion while it is read, and verification of its end.
 *
 * The client's loop ends without an error on an abort, on a clean end of file and on several kinds of errors. Success is therefore verified
 * afterwards: an end that is valid for this gateway, our own signal not aborted, and at least one choice.
 */
import type { ChatCompletionChunk } from 'openai/resources/chat/completions';
import type { ChatCall, ChatResult } from './chat';
import { firstChoice, readChoice, type ChoiceContent } from './delta';
import { GatewayFailure, toGatewayFailure } from './failures';
import { findFinishReason, type Ending } from './finish-reasons';
import { describeErrorBody, describeThrownError, toErrorDescription } from './error-description';
import { countTextBytes, fit } from './text-bytes';
import { ThinkingFilter } from './thinking';
import { isThinking, UsageReader } from './usage';
import { createWatchdog } from './watchdog';

/** How long to wait for the usage after the finish reason, and for the end of the stream after the usage. */
const AFTER_FINISH_MS = 5000;
const AFTER_USAGE_MS = 500;

/** Maximum size of an answer; a gateway that sends more ignores its limit. Bytes as JSON. */
export const MOST_TEXT_BYTES = 4_000_000;
/** Maximum size of the thinking before an answer. Bytes as JSON. */
const MOST_THINKING_BYTES = 1_000_000;
/** A refusal is one sentence. UTF-16 units. */
const MOST_REFUSAL = 2000;

export class Reading {
  readonly watchdog;
  readonly signal: AbortSignal;
  private readonly startedAt = performance.now();
  private readonly filter: ThinkingFilter;
  private readonly room: { text: number; thinking: number };
  private firstTokenMs: number | null = null;
  private ending: Ending | undefined;
  private readonly usage = new UsageReader();
  private model: string;
  private generationId: string | undefined;
  private gatewayOption: string | undefined;
  /** Length of the received text, including thinking; UTF-16 units. */
  private receivedUnits = 0;
  private hasThought = false;
  private isFull = false;
  private isDone = false;
  private refusal = '';
  private chunks = 0;

  constructor(private readonly call: ChatCall) {
    const { firstTokenTimeoutMs, idleTimeoutMs } = call.endpoint;
    this.model = call.model;
    this.watchdog = createWatchdog(firstTokenTimeoutMs, idleTimeoutMs);
    this.signal = AbortSignal.any([call.signal, this.watchdog.signal]);
    const { text: before = '', how } = call.continues ?? {};
    this.room = { text: MOST_TEXT_BYTES - countTextBytes(before), thinking: MOST_THINKING_BYTES };
    this.filter = new ThinkingFilter(
      {
        onText: (text) => this.passText(text),
        onThinking: (text) => this.passThinking(text),
        onRetract: (thinking) => this.retract(thinking),
      },
      how === 'prefill' ? { before } : { goesOn: before !== '' },
    );
  }

  begin(headers: Headers): void {
    const { generationId, option } = this.call.endpoint.readReply(headers);
    this.gatewayOption = option;
    this.identify(generationId);
  }

  /** Processes a chunk; returns false when no more chunks are wanted. */
  take(chunk: ChatCompletionChunk): boolean {
    this.call.signal.throwIfAborted();
    this.refuseErrors(chunk);
    const choice = firstChoice(chunk);
    this.chunks++;
    this.model = typeof chunk.model === 'string' && chunk.model ? chunk.model : this.model;
    this.usage.take(chunk);
    // some gateways keep the connection open after the last chunk, and the client keeps waiting
    if (this.ending && chunk.usage) this.watchdog.winding(AFTER_USAGE_MS);
    this.identify(chunk.id);
    // gateways send other events in the same stream, such as `event: ping`: they have no choices
    if (!choice) return true;
    this.hear(choice);
    this.refuseErrors(choice);
    return !this.isFull;
  }

  /** Whether the gateway has started to answer. */
  get hasBegun(): boolean {
    return this.chunks > 0;
  }

  /** Whether any text or thinking has arrived. */
  get hasSpoken(): boolean {
    return this.receivedUnits > 0 || this.hasThought;
  }

  private identify(id: string | undefined): void {
    const known = this.generationId;
    if (typeof id !== 'string' || !id || id === known) return;
    // the first id counts, unless the gateway's rule replaces it
    if (known && !this.call.endpoint.replacesId(id, known)) return;
    this.generationId = id;
    this.call.onGeneration?.(id);
  }

  /** Throws an error that arrives in the stream. Google sends its errors in lists. */
  private refuseErrors(packet: object): void {
    const part: unknown = Array.isArray(packet) ? packet[0] : packet;
    if (part instanceof Object && 'error' in part && part.error)
      throw toGatewayFailure(describeErrorBody(part.error, this.call.endpoint));
  }

  private hear(choice: Readonly<Record<string, unknown>>): void {
    // content before finish reason: an answer whose last part cannot be read is incomplete
    const content = readChoice(choice);
    const ending = findFinishReason(choice);
    const isAlive =
      content.text !== '' || content.thinking !== '' || isThinking(choice.delta as object | null | undefined);
    if (ending) {
      this.ending = ending;
      this.watchdog.winding(AFTER_FINISH_MS);
    } else if (!this.ending && isAlive) this.watchdog.alive();
    this.passOn(content);
  }

  private passOn({ text, thinking, refusal }: ChoiceContent): void {
    this.refusal = (this.refusal + refusal).slice(0, MOST_REFUSAL);
    this.receivedUnits += text.length;
    // white space and tags are not passed on, but must be limited as well
    this.isFull ||= this.receivedUnits > 2 * MOST_TEXT_BYTES;
    if (thinking) this.passThinking(thinking);
    if (text) this.filter.take(text);
  }

  private passText(text: string): void {
    const { fits, left } = fit(text, this.room.text);
    this.room.text = left;
    this.isFull ||= fits.length < text.length;
    if (!fits) return;
    this.firstTokenMs ??= performance.now() - this.startedAt;
    this.call.onText(fits);
  }

  private passThinking(thinking: string): void {
    const { fits, left } = fit(thinking, this.room.thinking);
    this.room.thinking = left;
    this.isFull ||= fits.length < thinking.length;
    if (!fits) return;
    this.hasThought = true;
    this.call.onThinking?.(fits);
  }

  private retract(thinking: string): void {
    this.hasThought = true;
    this.firstTokenMs = null;
    this.room.text = MOST_TEXT_BYTES;
    this.call.onRetract?.(thinking);
  }

  /** Whether the answer was finished: a connection that breaks afterwards does not invalidate it, and the call is paid for. */
  get isComplete(): boolean {
    return this.findEnd() !== undefined && !this.call.signal.aborted;
  }

  /** Converts whatever ended the loop early to a failure. An abort by the caller is returned unchanged. */
  explain(error: unknown): unknown {
    const { call, watchdog } = this;
    if (call.signal.aborted) return call.signal.reason;
    if (watchdog.signal.aborted) return this.silence();
    return error instanceof GatewayFailure
      ? error
      : toGatewayFailure(this.withAdvice(describeThrownError(error, call.endpoint)));
  }

  /** Records that the gateway has signalled the end. Some gateways keep the connection open nevertheless. */
  noteDone(): void {
    this.isDone = true;
    this.watchdog.winding(AFTER_USAGE_MS);
  }

  conclude(): ChatResult {
    const { call, watchdog } = this;
    call.signal.throwIfAborted();
    if (watchdog.signal.aborted && !this.ending && !this.isDone) throw this.silence();
    const finishReason = this.isFull ? 'length' : this.findEnd();
    if (finishReason === undefined) {
      const how = this.ending ? `with finish reason "${this.ending.reason}"` : 'without a finish reason';
      throw toGatewayFailure(toErrorDescription('cut', `The stream from ${call.endpoint.label} ended ${how}.`));
    }
    this.filter.finish(finishReason !== 'length');
    const { usage, costUsd } = this.usage.read(this.firstTokenMs !== null);
    return {
      model: this.model,
      finishReason,
      usage,
      costUsd: costUsd ?? call.endpoint.unreportedCostUsd,
      generationId: this.generationId,
      firstTokenMs: this.firstTokenMs,
      gatewayOption: this.gatewayOption,
      ...this.peculiarities,
    };
  }

  private get peculiarities(): Pick<ChatResult, 'refusal' | 'hasThought' | 'isBounded'> {
    const refusal = this.refusal.trim();
    return {
      ...(refusal ? { refusal } : {}),
      ...(this.hasThought ? { hasThought: true } : {}),
      ...(this.isFull ? { isBounded: true } : {}),
    };
  }

  /** Returns the finish reason of the answer; undefined if it was cut. */
  private findEnd(): string | undefined {
    const { ending } = this;
    if (ending?.kind === 'good') return ending.reason;
    if (this.call.endpoint.ends === 'declared' || !this.isDone || this.receivedUnits === 0) return undefined;
    if (ending) return ending.kind === 'unknown' ? ending.reason : undefined;
    return this.usage.isReported ? 'stop' : undefined;
  }

  private silence(): GatewayFailure {
    const { label, firstTokenTimeoutMs, idleTimeoutMs } = this.call.endpoint;
    return this.watchdog.wasAlive
      ? toGatewayFailure(
          toErrorDescription('stalled', `The stream from ${label} was silent for ${idleTimeoutMs / 1000} s.`),
        )
      : toGatewayFailure(
          toErrorDescription('no-first-token', `${label} sent no token within ${firstTokenTimeoutMs / 1000} s.`),
        );
  }

  private withAdvice(error: ReturnType<typeof describeThrownError>) {
    const { keyVariable } = this.call.endpoint;
    return error.status === 401 ? { ...error, message: `${error.message} Set ${keyVariable} to a valid key.` } : error;
  }
}
