/** One streamed chat completion, from the request to a verified end (`reading.ts`). */
import OpenAI from 'openai';
import type {
  ChatCompletionCreateParamsStreaming,
  ChatCompletionMessageParam,
} from 'openai/resources/chat/completions';
import type { Usage } from '../contract';
import type { Continuation } from '../contract/continuation';
import type { FieldRule } from '../contract/field-rules';
import type { NamedSchema } from '../contract/structure-schemas';
import { connect, openAnswer } from './client';
import { readComplaint } from './complaint';
import { UnreadableFrame } from './delta';
import type { CallScope, Endpoint } from './adapters/endpoint';
import { GatewayFailure, toGatewayFailure } from './failures';
import { Reading } from './reading';
import * as fields from './request-fields';
import { toErrorDescription } from './error-description';

export interface ChatCall {
  endpoint: Endpoint;
  model: string;
  messages: ChatCompletionMessageParam[];
  temperature: number;
  maxTokens: number;
  /** The schema of the answer, for gateways that support structured outputs. */
  format?: NamedSchema;
  /** Further models of the turn at the same gateway, for gateways with a built-in fallback. */
  alternatives?: string[];
  /** The text that this call continues, and how. */
  continues?: { text: string; how: Continuation };
  scope: CallScope;
  signal: AbortSignal;
  /** Called with each piece of text as it arrives. */
  onText(text: string): void;
  /** Called with the model's thinking, which is not part of its text. */
  onThinking?(thinking: string): void;
  /** Called when all text so far, including the continued text, turns out to be thinking; `thinking` is the whole of it. */
  onRetract?(thinking: string): void;
  /** Called as soon as the gateway's id of the generation is known. The cost of a broken call is requested by it. */
  onGeneration?(id: string): void;
}

export interface ChatResult {
  /** The model that answered, according to the gateway. */
  model: string;
  /** In OpenAI's terms; the gateway's own value if there is no equivalent. */
  finishReason: string;
  usage: Usage | undefined;
  costUsd: number | null;
  generationId: string | undefined;
  /** Milliseconds from the request to the first text. */
  firstTokenMs: number | null;
  /** Which of its own targets the gateway used, according to it. */
  gatewayOption: string | undefined;
  /** The sentence with which the model refused to answer. */
  refusal?: string;
  /** Whether the model produced thinking. */
  hasThought?: boolean;
  /** Set if the answer exceeded the accepted size; the rest is missing. */
  isBounded?: boolean;
}

/** Calls a gateway. Throws {@link GatewayFailure}, or the signal's reason if the caller aborted. */
export type Chat = (call: ChatCall) => Promise<ChatResult>;

/** Creates a `Chat` that keeps one client per endpoint. `memory` stores the request fields that models reject. */
export function createChat(memory: fields.FieldMemory = fields.createLocalFieldMemory()): Chat {
  const clients = new Map<Endpoint, OpenAI>();
  const findClient = (endpoint: Endpoint) => {
    const client = clients.get(endpoint) ?? connect(endpoint);
    clients.set(endpoint, client);
    return client;
  };
  return async function chat(call) {
    if (call.endpoint.keyRequired && !call.endpoint.apiKey) throw toGatewayFailure(keyMissing(call.endpoint));
    const name = fields.nameModelSettings(call.endpoint, call.model);
    const known = await memory.recall(name);
    const learned: FieldRule[] = [];
    for (;;) {
      const body = fields.applyRules(makeBody(call), [...known, ...learned]);
      const reading = new Reading(call);
      try {
        return await read(findClient(call.endpoint), call, body, reading);
      } catch (error) {
        const rule = findRule(error, body, reading);
        if (!rule || !fields.isNew([...known, ...learned], rule)) throw unwrap(error);
        learned.push(rule);
      } finally {
        if (learned.length > 0 && reading.hasBegun) await memory.keep(name, learned).catch(() => undefined);
      }
    }
  };
}

/** A failed call: its explanation, and the original error. */
class Explained extends Error {
  constructor(
    readonly explanation: unknown,
    override readonly cause: unknown,
  ) {
    super('A call has failed.');
  }
}

const unwrap = (error: unknown) => (error instanceof Explained ? error.explanation : error);

/** A request is only repaired if the gateway has not sent any content for it. */
function findRule(error: unknown, body: Readonly<Record<string, unknown>>, reading: Reading) {
  if (!(error instanceof Explained) || reading.hasSpoken) return undefined;
  return fields.findRule(error.explanation, readComplaint(error.cause), body);
}

async function read(
  client: OpenAI,
  call: ChatCall,
  body: Readonly<Record<string, unknown>>,
  reading: Reading,
): Promise<ChatResult> {
  try {
    const headers = call.endpoint.headers(call.scope);
    const options = { signal: reading.signal, headers, onDone: () => reading.noteDone() };
    const answer = await openAnswer(
      client,
      call.endpoint,
      body as unknown as ChatCompletionCreateParamsStreaming,
      options,
    );
    reading.begin(answer.headers);
    await answer.read((chunk) => reading.take(chunk));
  } catch (error) {
    if (!reading.isComplete || isFinal(error)) throw new Explained(reading.explain(error), error);
  } finally {
    reading.watchdog.stop();
  }
  return reading.conclude();
}

/** Errors that invalidate an answer even after its finish reason has arrived. */
function isFinal(error: unknown): boolean {
  return error instanceof GatewayFailure || error instanceof OpenAI.APIError || error instanceof UnreadableFrame;
}

/** Contains only fields that every gateway accepts, plus this gateway's extras: api.openai.com rejects unknown fields. */
function makeBody({ endpoint, model, messages, temperature, maxTokens, alternatives = [], format }: ChatCall) {
  return {
    model,
    messages,
    temperature,
    [endpoint.tokenLimitField]: maxTokens,
    stream: true as const,
    stream_options: { include_usage: true },
    ...endpoint.extras(model, alternatives),
    ...(format ? { response_format: { type: 'json_schema', json_schema: { ...format, strict: true } } } : {}),
  };
}

function keyMissing({ label, keyVariable }: Endpoint) {
  return toErrorDescription('key-missing', `${label} needs a key: set ${keyVariable}.`);
}
