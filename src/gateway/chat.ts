/**
 * One streamed chat completion, from request to proven end.
 *
 * The client's loop ends without a sound on an abort, on a clean end of file and on several kinds of error, so success is
 * established afterwards: a good finish reason, our own signal not aborted, and at least one choice.
 */
import OpenAI from 'openai';
import type { ChatCompletionChunk, ChatCompletionMessageParam } from 'openai/resources/chat/completions';
import type { Usage } from '../contract';
import { connect, openAnswer } from './client';
import type { CallScope, Endpoint } from './endpoints/endpoint';
import { GatewayFailure, toGatewayFailure } from './failures';
import { readErrorBody, readSymptom, symptomOf } from './symptom';
import { isThinking, readCost, readUsage } from './usage';
import { createWatchdog } from './watchdog';

export interface ChatCall {
  endpoint: Endpoint;
  model: string;
  messages: ChatCompletionMessageParam[];
  temperature: number;
  maxTokens: number;
  /** Further models of the turn behind the same gateway, for gateways that fall back by themselves. */
  alternatives?: string[];
  scope: CallScope;
  signal: AbortSignal;
  /** Called with each piece of text as it arrives. */
  onText(text: string): void;
  /** Called as soon as the gateway's id of the generation is known: what a broken call has cost is asked by it. */
  onGeneration?(id: string): void;
}

export interface ChatResult {
  /** The model that the gateway says has answered. */
  model: string;
  finishReason: string;
  usage: Usage | undefined;
  costUsd: number | null;
  generationId: string | undefined;
  /** Milliseconds from the request to the first text. */
  firstTokenMs: number | null;
  /** Which of its own targets a gateway says that it has used (Portkey's `x-portkey-last-used-option-index`). */
  gatewayOption: string | undefined;
}

/** Calls a gateway; throws {@link GatewayFailure}, or the signal's reason when the caller aborted. */
export type Chat = (call: ChatCall) => Promise<ChatResult>;

/** How long the usage may follow the finish reason, and the end of the stream the usage. */
const AFTER_FINISH_MS = 5000;
const AFTER_USAGE_MS = 500;

const GOOD_ENDS = new Set(['stop', 'length', 'tool_calls', 'content_filter', 'function_call']);

/** Makes a `Chat` that keeps one client for each endpoint. */
export function createChat(): Chat {
  const clients = new Map<Endpoint, OpenAI>();
  const clientOf = (endpoint: Endpoint) => {
    const client = clients.get(endpoint) ?? connect(endpoint);
    clients.set(endpoint, client);
    return client;
  };
  return async function chat(call) {
    if (call.endpoint.keyRequired && !call.endpoint.apiKey) throw toGatewayFailure(keyMissing(call.endpoint));
    const reading = new Reading(call);
    try {
      const { endpoint } = call;
      const options = { signal: reading.signal, headers: endpoint.headers(call.scope) };
      const answer = await openAnswer(clientOf(endpoint), endpoint, bodyOf(call), options);
      reading.begin(answer.headers);
      for await (const chunk of answer.chunks) reading.take(chunk);
    } catch (error) {
      if (!reading.isComplete || error instanceof GatewayFailure || error instanceof OpenAI.APIError)
        throw reading.explain(error);
    } finally {
      reading.watchdog.stop();
    }
    return reading.conclude();
  };
}

/** Only what every gateway takes, and what this one asks for: api.openai.com refuses fields that it does not know. */
function bodyOf({ endpoint, model, messages, temperature, maxTokens, alternatives = [] }: ChatCall) {
  return {
    model,
    messages,
    temperature,
    [endpoint.tokenLimitField]: maxTokens,
    stream: true as const,
    stream_options: { include_usage: true },
    ...endpoint.extras(model, alternatives),
  };
}

function keyMissing({ label, keyVariable }: Endpoint) {
  return symptomOf('key-missing', `${label} needs a key: set ${keyVariable}.`);
}

/** The state of one stream while it is read. */
class Reading {
  readonly watchdog;
  readonly signal: AbortSignal;
  private readonly startedAt = performance.now();
  private firstTokenMs: number | null = null;
  private finishReason: string | undefined;
  private usage: ChatCompletionChunk['usage'];
  private model: string;
  private generationId: string | undefined;
  private gatewayOption: string | undefined;

  constructor(private readonly call: ChatCall) {
    const { firstTokenTimeoutMs, idleTimeoutMs } = call.endpoint;
    this.model = call.model;
    this.watchdog = createWatchdog(firstTokenTimeoutMs, idleTimeoutMs);
    this.signal = AbortSignal.any([call.signal, this.watchdog.signal]);
  }

  begin(headers: Headers): void {
    this.gatewayOption = headers.get('x-portkey-last-used-option-index') ?? undefined;
    this.identify(headers.get('x-generation-id') ?? undefined);
  }

  take(chunk: ChatCompletionChunk): void {
    this.call.signal.throwIfAborted();
    this.refuseErrors(chunk);
    this.model = chunk.model || this.model;
    this.usage = chunk.usage ?? this.usage;
    // some gateways keep the connection open after the last chunk, and the client waits with them
    if (this.finishReason && chunk.usage) this.watchdog.winding(AFTER_USAGE_MS);
    this.identify(chunk.id);
    // gateways send other events through the same pipe, `event: ping` for one: they carry no choices
    const choice = chunk.choices?.[0];
    if (!choice) return;
    this.hear(choice);
    this.refuseErrors(choice);
  }

  private identify(id: string | undefined): void {
    if (!id || !isGenerationId(id, this.generationId)) return;
    this.generationId = id;
    this.call.onGeneration?.(id);
  }

  private refuseErrors(part: object): void {
    if ('error' in part && part.error) throw toGatewayFailure(readErrorBody(part.error, this.call.endpoint));
  }

  private hear({ finish_reason, delta }: ChatCompletionChunk.Choice): void {
    if (finish_reason) {
      this.finishReason = finish_reason;
      this.watchdog.winding(AFTER_FINISH_MS);
    }
    const text = delta?.content;
    if (!this.finishReason && (text || isThinking(delta))) this.watchdog.alive();
    if (!text) return;
    this.firstTokenMs ??= performance.now() - this.startedAt;
    this.call.onText(text);
  }

  /** Whether the answer was finished: a socket that breaks afterwards takes nothing back, and the call is paid. */
  get isComplete(): boolean {
    return this.finishReason !== undefined && GOOD_ENDS.has(this.finishReason) && !this.call.signal.aborted;
  }

  /** Turns whatever ended the loop early into a failure; an abort of the caller's stays what it is. */
  explain(error: unknown): unknown {
    const { call, watchdog } = this;
    if (call.signal.aborted) return call.signal.reason;
    if (watchdog.signal.aborted) return this.silence();
    return error instanceof GatewayFailure
      ? error
      : toGatewayFailure(this.withAdvice(readSymptom(error, call.endpoint)));
  }

  conclude(): ChatResult {
    const { call, watchdog, finishReason } = this;
    call.signal.throwIfAborted();
    if (watchdog.signal.aborted && !finishReason) throw this.silence();
    if (!finishReason || !GOOD_ENDS.has(finishReason)) {
      const how = finishReason ? `with finish reason "${finishReason}"` : 'without a finish reason';
      throw toGatewayFailure(symptomOf('cut', `The stream from ${call.endpoint.label} ended ${how}.`));
    }
    return {
      model: this.model,
      finishReason,
      usage: this.usage ? readUsage(this.usage) : undefined,
      costUsd: readCost(this.usage) ?? call.endpoint.unreportedCostUsd,
      generationId: this.generationId,
      firstTokenMs: this.firstTokenMs,
      gatewayOption: this.gatewayOption,
    };
  }

  private silence(): GatewayFailure {
    const { label, firstTokenTimeoutMs, idleTimeoutMs } = this.call.endpoint;
    return this.watchdog.wasAlive
      ? toGatewayFailure(symptomOf('stalled', `The stream from ${label} was silent for ${idleTimeoutMs / 1000} s.`))
      : toGatewayFailure(symptomOf('no-first-token', `${label} sent no token within ${firstTokenTimeoutMs / 1000} s.`));
  }

  private withAdvice(symptom: ReturnType<typeof readSymptom>) {
    const { keyVariable } = this.call.endpoint;
    return symptom.status === 401
      ? { ...symptom, message: `${symptom.message} Set ${keyVariable} to a valid key.` }
      : symptom;
  }
}

/** Portkey makes up ids for chunks that stand for comments: the first id counts, unless OpenRouter's own (`gen-`) follows. */
function isGenerationId(id: string, known: string | undefined): boolean {
  return id !== known && (!known || (id.startsWith('gen-') && !known.startsWith('gen-')));
}
