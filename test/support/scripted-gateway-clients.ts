// The clients used in the tests of the simulator: the real SDK, and a bare socket that shows every byte.
import { connect, type Socket } from 'node:net';

import OpenAI from 'openai';
import type { ChatCompletionChunk, ChatCompletionMessageParam } from 'openai/resources/chat/completions';

export const QUESTION: ChatCompletionMessageParam[] = [{ role: 'user', content: 'What do starlings do?' }];

/** The SDK as the product uses it: without its own retries. */
export function createClient(url: string, apiKey = 'test-key'): OpenAI {
  return new OpenAI({ baseURL: url, apiKey, maxRetries: 0, logLevel: 'off' });
}

/** Everything that a caller of the SDK sees of one streamed call. */
export interface Seen {
  chunks: ChatCompletionChunk[];
  text: string;
  finishes: string[];
  usages: { prompt_tokens: number; completion_tokens: number; cost?: number }[];
  error?: unknown;
}

/** Streams one call to its end, with or without an error. */
export async function stream(client: OpenAI, model: string, options: { signal?: AbortSignal } = {}): Promise<Seen> {
  const seen: Seen = { chunks: [], text: '', finishes: [], usages: [] };
  const request = { model, messages: QUESTION, stream: true, stream_options: { include_usage: true } } as const;
  try {
    for await (const chunk of await client.chat.completions.create({ ...request, messages: QUESTION }, options))
      note(seen, chunk);
  } catch (error) {
    seen.error = error;
  }
  return seen;
}

function note(seen: Seen, chunk: ChatCompletionChunk): void {
  seen.chunks.push(chunk);
  // A ping event yields a chunk without choices.
  const choice = (chunk.choices as ChatCompletionChunk['choices'] | undefined)?.[0];
  seen.text += choice?.delta.content ?? '';
  if (choice?.finish_reason) seen.finishes.push(choice.finish_reason);
  if (chunk.usage) seen.usages.push(chunk.usage);
}

export interface RawReply {
  /** Everything received so far, including status line and chunk sizes. */
  readonly wire: string;
  reads: Buffer[];
  socket: Socket;
  /** Resolves when the server has closed. */
  closed: Promise<void>;
}

/** Posts a completion over a bare socket. */
export async function post(
  url: string,
  body: object,
  { path = '/v1/chat/completions', key = 'test-key' } = {},
): Promise<RawReply> {
  const json = JSON.stringify({ messages: QUESTION, ...body });
  const { port, hostname } = new URL(url);
  const socket = connect(Number(port), hostname);
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()).once('error', () => resolve()));
  const reads: Buffer[] = [];
  socket.on('data', (bytes) => reads.push(bytes));
  await new Promise((resolve) => socket.once('connect', resolve));
  const head = `POST ${path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\nauthorization: Bearer ${key}`;
  socket.write(
    `${head}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(json)}\r\n\r\n${json}`,
  );
  return {
    get wire() {
      return Buffer.concat(reads).toString();
    },
    reads,
    socket,
    closed,
  };
}

/** Returns the body of a raw reply without chunk sizes. */
export function readBody({ wire }: RawReply): string {
  const body = wire.slice(wire.indexOf('\r\n\r\n') + 4);
  const bytes = Buffer.from(body);
  let [text, at] = ['', 0];
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    const size = lineEnd < 0 ? 0 : parseInt(bytes.subarray(at, lineEnd).toString(), 16);
    if (!(size > 0)) return text;
    text += bytes.subarray(lineEnd + 2, lineEnd + 2 + size).toString();
    at = lineEnd + 4 + size;
  }
}
