/** Gateways as the client knows them, at any address and with short timeouts; and calls to them, awaited to the end. */
import type { ChatCompletionMessageParam } from 'openai/resources/chat/completions';
import { createChat, type ChatCall, type ChatResult } from '../../src/gateway/chat';
import type { CallScope, Endpoint } from '../../src/gateway/adapters/endpoint';
import { connectOpenRouter } from '../../src/gateway/adapters/openrouter';
import { GatewayFailure } from '../../src/gateway/failures';

export const SCOPE: CallScope = { run_id: 'run-1', session_id: 'session-1', team_id: 'debate-swarm', turn: 'summary' };
export const QUESTION: ChatCompletionMessageParam[] = [{ role: 'user', content: 'What do starlings do?' }];

/** Creates an endpoint at this address that the client treats as OpenRouter. */
export function endpointAt(baseUrl: string, more: Partial<Endpoint> = {}): Endpoint {
  return {
    ...connectOpenRouter({ apiKey: 'test-key', baseUrl }),
    firstTokenTimeoutMs: 3000,
    idleTimeoutMs: 3000,
    ...more,
  };
}

/** The outcome of a call: the pieces of text in order, and either a result or the thrown error. */
export interface Received {
  pieces: string[];
  text: string;
  result?: ChatResult;
  error?: unknown;
}

/** Calls the model `m` and waits for the end, successful or not. */
export async function hear(endpoint: Endpoint, more: Partial<ChatCall> = {}): Promise<Received> {
  const pieces: string[] = [];
  const call: ChatCall = {
    endpoint,
    model: 'm',
    messages: QUESTION,
    temperature: 0.7,
    maxTokens: 100,
    scope: SCOPE,
    signal: new AbortController().signal,
    onText: (text) => void pieces.push(text),
    ...more,
  };
  const outcome = await createChat()(call).then(
    (result) => ({ result }),
    (error: unknown) => ({ error }),
  );
  return { pieces, text: pieces.join(''), ...outcome };
}

/** Returns the failure of a call; anything other than a `GatewayFailure` fails the test. */
export function readFailure({ error }: Received): GatewayFailure {
  if (error instanceof GatewayFailure) return error;
  throw new Error(`The call should have ended in a GatewayFailure, not in ${String(error)}.`);
}
