/** The `openai` client of a gateway, and the chunks of one answer in any format that gateways use. */
import OpenAI from 'openai';
import type { ChatCompletionChunk, ChatCompletionCreateParamsStreaming } from 'openai/resources/chat/completions';
import type { Endpoint } from './adapters/endpoint';
import { toGatewayFailure } from './failures';
import { EventStreamParser } from './event-stream';
import { openBody, readPackets, readText, type OpenedBody } from './opened-body';
import { streamThrough } from './network';
import { describeErrorBody } from './error-description';
import { StreamedResponse } from './streamed-response';

/** Creates the client of one gateway. */
export function connect({ baseUrl, apiKey, network, firstTokenTimeoutMs }: Endpoint): OpenAI {
  return new Client({
    baseURL: baseUrl,
    fetch: streamThrough(network),
    apiKey: apiKey ?? 'none',
    // Temporal owns the retries: the client's own would multiply them and ignore long Retry-After headers
    maxRetries: 0,
    timeout: firstTokenTimeoutMs,
    // otherwise the client reads OPENAI_ORG_ID and OPENAI_PROJECT_ID and sends them to whichever gateway it calls
    organization: null,
    project: null,
    // the client would log a frame that it cannot parse to standard error, including the text
    logLevel: 'off',
  });
}

/** Keeps error details that gateways send outside an `error` field; the client would discard them. */
class Client extends OpenAI {
  protected override makeStatusError(...[status, body, ...rest]: Parameters<OpenAI['makeStatusError']>) {
    const isWrapped = body instanceof Object && 'error' in body && body.error instanceof Object;
    return super.makeStatusError(status, !body || isWrapped ? body : { error: body }, ...rest);
  }
}

/** Receives a chunk of an answer; returns false when no more chunks are wanted. */
type TakeChunk = (chunk: ChatCompletionChunk) => boolean;

/** An answer that has started. */
export interface GatewayResponse {
  headers: Headers;
  /** Passes on every chunk as soon as its last byte arrives. Also resolves if the answer is aborted. */
  read(take: TakeChunk): Promise<void>;
}

export interface AnswerOptions {
  signal: AbortSignal;
  headers: Record<string, string | null>;
  /** Called when the gateway has signalled the end: by `[DONE]`, or because the completion arrived as a whole. */
  onDone(): void;
}

/**
 * Requests a completion. If a gateway replies 200 with something other than a stream, it is interpreted where possible: a whole completion
 * becomes one chunk, and an error or a web page becomes a failure.
 */
export async function openAnswer(
  client: OpenAI,
  endpoint: Endpoint,
  body: ChatCompletionCreateParamsStreaming,
  { onDone, ...options }: AnswerOptions,
): Promise<GatewayResponse> {
  const response = await client.chat.completions.create(body, options).asResponse();
  if (!(response instanceof StreamedResponse)) throw new TypeError('a response without its source');
  const { headers, source } = response;
  const open = async () => recognise(await openBody(source), { endpoint, headers, onDone });
  const type = headers.get('content-type') ?? '';
  // a body that is available at once is inspected before the answer counts as started
  const opened = /\bjson\b|\bhtml\b/.test(type) ? await open() : undefined;
  const read = async (take: TakeChunk) => (opened ?? (await open()))(take);
  return { headers, read: (take) => endOnAbort(read(take), options.signal) };
}

interface BodyContext extends Pick<AnswerOptions, 'onDone'> {
  endpoint: Endpoint;
  headers: Headers;
}

/** Detects the format by the first character, not by the content type, which gateways and proxies set arbitrarily. */
async function recognise(body: OpenedBody, context: BodyContext): Promise<(take: TakeChunk) => Promise<void> | void> {
  const { first } = body;
  const { endpoint, onDone } = context;
  if (first === '{' || first === '[') {
    const whole = readWhole(await readText(body), endpoint);
    onDone();
    return (take) => void take(whole);
  }
  if (first === '<') throw toGatewayFailure(describeErrorBody(toPageError(await readText(body)), endpoint));
  return (take) => readEvents(body, context, take);
}

async function readEvents(body: OpenedBody, { headers, onDone }: BodyContext, take: TakeChunk): Promise<void> {
  let isWanted = true;
  const events = new EventStreamParser((data) => {
    if (isWanted) isWanted = take(toChunk(data, headers));
  }, onDone);
  await readPackets(body, (packet) => {
    events.take(packet);
    return isWanted;
  });
  if (isWanted) events.end();
}

/** Parses a chunk the way the client's own reader does. */
function toChunk(data: string, headers: Headers): ChatCompletionChunk {
  const chunk = JSON.parse(data) as ChatCompletionChunk & { error?: object };
  if (chunk?.error) throw new OpenAI.APIError(undefined, chunk.error, undefined, headers);
  return chunk;
}

/** Ignores the error of an abort: the caller that aborted knows about it. */
async function endOnAbort(reading: Promise<void>, signal: AbortSignal): Promise<void> {
  try {
    await reading;
  } catch (error) {
    const isAbort = signal.aborted && error instanceof Error && error.name === 'AbortError';
    if (!isAbort) throw error;
  }
}

/** Converts a completion that arrived as a whole: its message becomes the only delta. */
function readWhole(text: string, endpoint: Endpoint): ChatCompletionChunk {
  const body = parse(text);
  if (!body?.choices?.length)
    throw toGatewayFailure(describeErrorBody(body?.error ?? body ?? toPageError(text), endpoint));
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

/** A web page comes from something in front of the gateway, such as a proxy that cannot reach it. */
function toPageError(text: string) {
  return { http_status: 502, message: text, page: true };
}
