// A small OpenAI client for the tests of the local model server: raw frames, and answers as text.

export interface Chunk {
  readonly id: string;
  readonly object: string;
  readonly created: number;
  readonly model: string;
  readonly choices: readonly {
    readonly index: number;
    readonly delta: { readonly role?: string; readonly content?: string };
    readonly finish_reason: string | null;
  }[];
  readonly usage?: WireUsage;
}

interface WireUsage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
  readonly prompt_tokens_details: { readonly cached_tokens: number };
}

export interface StreamedAnswer {
  readonly chunks: readonly Chunk[];
  readonly text: string;
  readonly finishReason: string | null;
  readonly usage: WireUsage | undefined;
  /** Milliseconds from the request to each piece of text. */
  readonly textAtMs: readonly number[];
}

export interface ChatBody {
  readonly model: string;
  readonly messages: readonly { readonly role: string; readonly content: unknown }[];
  readonly [field: string]: unknown;
}

/** Posts a chat request; a body given as text is sent unchanged. */
export function post(url: string, body: ChatBody | string, signal?: AbortSignal): Promise<Response> {
  return fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    signal: signal ?? null,
  });
}

/** Yields the frames of an event stream as they arrive, each without its blank line. */
export async function* readFrames(response: Response): AsyncGenerator<string> {
  if (response.body === null) throw new Error('no body');
  let buffer = '';
  for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
    const frames = (buffer + text).split('\n\n');
    buffer = frames.pop() ?? '';
    yield* frames;
  }
  if (buffer !== '') throw new Error(`the stream ended inside a frame: ${buffer}`);
}

/** Streams one answer to its end. */
export async function streamChat(url: string, body: ChatBody): Promise<StreamedAnswer> {
  const startedAt = Date.now();
  const response = await post(url, { stream: true, stream_options: { include_usage: true }, ...body });
  if (response.status !== 200) throw new Error(`status ${response.status}: ${await response.text()}`);
  const chunks: Chunk[] = [];
  const textAtMs: number[] = [];
  for await (const frame of readFrames(response)) {
    if (!frame.startsWith('data: {')) continue;
    const chunk = JSON.parse(frame.slice('data: '.length)) as Chunk;
    chunks.push(chunk);
    if (chunk.choices[0]?.delta.content) textAtMs.push(Date.now() - startedAt);
  }
  return {
    chunks,
    text: chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join(''),
    finishReason: chunks.map((chunk) => chunk.choices[0]?.finish_reason).find((reason) => reason) ?? null,
    usage: chunks.find((chunk) => chunk.usage !== undefined)?.usage,
    textAtMs,
  };
}
