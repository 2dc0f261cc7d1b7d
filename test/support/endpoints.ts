/** Gateways as the client knows them, at any address and with a patience that fits a test; and calls to them, heard to the end. */
import type { ChatCompletionMessageParam } from 'openai/resources/chat/completions';
import { createChat, type ChatCall, type ChatResult } from '../../src/gateway/chat';
import type { CallScope, Endpoint } from '../../src/gateway/endpoints/endpoint';
import { openrouter } from '../../src/gateway/endpoints/openrouter';
import { GatewayFailure } from '../../src/gateway/failures';

export const SCOPE: CallScope = { run_id: 'run-1', session_id: 'session-1', team_id: 'debate-swarm', turn: 'summary' };
export const QUESTION: ChatCompletionMessageParam[] = [{ role: 'user', content: 'What do starlings do?' }];

/** OpenRouter, as far as the client can tell, at this address. */
export function endpointAt(baseUrl: string, more: Partial<Endpoint> = {}): Endpoint {
  return {
    ...openrouter({ apiKey: 'test-key', baseUrl }),
    firstTokenTimeoutMs: 3000,
    idleTimeoutMs: 3000,
    ...more,
  };
}

/** What came of a call: the pieces of text in order, and either a result or what was thrown. */
export interface Heard {
  pieces: string[];
  text: string;
  result?: ChatResult;
  error?: unknown;
}

/** Calls the model `m` and waits for the end, good or bad. */
export async function hear(endpoint: Endpoint, more: Partial<ChatCall> = {}): Promise<Heard> {
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

/** The failure that a call ended with; anything else than a `GatewayFailure` fails the test. */
export function failureOf({ error }: Heard): GatewayFailure {
  if (error instanceof GatewayFailure) return error;
  throw new Error(`The call should have ended in a GatewayFailure, not in ${String(error)}.`);
}
