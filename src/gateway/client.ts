/** The `openai` client of a gateway, and the chunks of one answer in whatever shape the gateway gives it. */
import { ReadableStream } from 'node:stream/web';
import OpenAI from 'openai';
import { Stream } from 'openai/core/streaming';
import type { ChatCompletionChunk, ChatCompletionCreateParamsStreaming } from 'openai/resources/chat/completions';
import type { Endpoint } from './endpoints/endpoint';
import { toGatewayFailure } from './failures';
import { readErrorBody } from './symptom';

/** Makes the client of one gateway. */
export function connect({ baseUrl, apiKey, firstTokenTimeoutMs }: Endpoint): OpenAI {
  return new Client({
    baseURL: baseUrl,
    apiKey: apiKey ?? 'none',
    // Temporal owns the retries: the client's own would multiply with them and ignore long Retry-After headers
    maxRetries: 0,
    timeout: firstTokenTimeoutMs,
    // else the client takes them from OPENAI_ORG_ID and OPENAI_PROJECT_ID and tells them to whichever gateway it calls
    organization: null,
    project: null,
    // a frame that it cannot parse would go to standard error with the text in it
    logLevel: 'off',
  });
}

/** Keeps what gateways say outside of an `error` field, as Portkey does; the client would throw it away. */
class Client extends OpenAI {
  protected override makeStatusError(...[status, body, ...rest]: Parameters<OpenAI['makeStatusError']>) {
    const isWrapped = body instanceof Object && 'error' in body;
    return super.makeStatusError(status, !body || isWrapped ? body : { error: body }, ...rest);
  }
}

/** An answer that has begun. */
export interface Answer {
  headers: Headers;
  chunks: AsyncIterable<ChatCompletionChunk>;
}

/**
 * Asks for a completion. A gateway that answers 200 with something else than a stream is understood where it can be: a whole
 * completion becomes one chunk, an error or a web page becomes the failure that it is.
 */
export async function openAnswer(
  client: OpenAI,
  endpoint: Endpoint,
  body: ChatCompletionCreateParamsStreaming,
  options: { signal: AbortSignal; headers: Record<string, string | null> },
): Promise<Answer> {
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const response = await client.chat.completions.create(body, { ...options, signal }).asResponse();
  const type = response.headers.get('content-type') ?? '';
  const { headers } = response;
  if (/\bjson\b/.test(type)) return { headers, chunks: only(readWhole(await response.text(), endpoint)) };
  if (/\bhtml\b/.test(type)) throw toGatewayFailure(readErrorBody(pageOf(await response.text()), endpoint));
  const stream = new Response(
    ReadableStream.from(mendErrorField(response)) as ConstructorParameters<typeof Response>[0],
  );
  return { headers, chunks: Stream.fromSSEResponse<ChatCompletionChunk>(stream, stop, client) };
}

async function* only(chunk: ChatCompletionChunk): AsyncGenerator<ChatCompletionChunk> {
  yield chunk;
}

/** A completion that came whole: its message is the only delta. */
function readWhole(text: string, endpoint: Endpoint): ChatCompletionChunk {
  const body = parse(text);
  if (!body?.choices?.length) throw toGatewayFailure(readErrorBody(body?.error ?? body ?? pageOf(text), endpoint));
  const choices = body.choices.map(({ message, ...choice }) => ({ ...choice, delta: message }));
  return { ...body, choices } as unknown as ChatCompletionChunk;
}

interface Whole {
  error?: unknown;
  choices?: { message?: object }[];
}

function parse(text: string): Whole | undefined {
  try {
    const body: unknown = JSON.parse(text);
    return body instanceof Object ? body : undefined;
  } catch {
    return undefined;
  }
}

/** What stands in the way of a gateway shows itself with a page: a proxy that has lost it, for one. */
function pageOf(text: string) {
  return { http_status: 502, message: text };
}

const ERROR_FIELD = /(^|\n)error: ?(\{.*\})/;

/** llama.cpp reported errors as an SSE field `error:` until late 2025, which clients must ignore (WHATWG HTML, 9.2.6). */
async function* mendErrorField({ body }: Response): AsyncGenerator<Uint8Array> {
  for await (const bytes of body ?? []) {
    const chunk = Buffer.from(bytes as Uint8Array);
    // the search for bytes costs next to nothing; only what looks like such a field is read as text, byte by byte, since a character may
    // go on in the next chunk
    if (chunk.indexOf('error: ') < 0) yield chunk;
    else yield Buffer.from(chunk.toString('latin1').replace(ERROR_FIELD, '$1data: {"error":$2}'), 'latin1');
  }
}
