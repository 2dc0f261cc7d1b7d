// What an upstream may do with one request, as plain data: the same script plays in this process or, sent as JSON, in another.
// Every field is optional; an empty reply sends the three tokens of `DEFAULT_TOKENS` and succeeds.
import { z } from 'zod';

export const DEFAULT_TOKENS: readonly string[] = ['Hello', ' from', ' upstream.'];

const milliseconds = z.number().nonnegative();
const wholeNumber = z.int().nonnegative();

/**
 * The tokens: the deltas themselves; a text to be split into small pieces; or `count` numbered tokens `<prefix><n> `
 * (default prefix `#`), which with `stamped` are `<prefix><n>@<send time, epoch ms, 3 decimals> `.
 */
export const Tokens = z.union([
  z.array(z.string()),
  z.strictObject({ text: z.string() }),
  z.strictObject({ count: wholeNumber, prefix: z.string().optional(), stamped: z.boolean().optional() }),
]);
export type Tokens = z.infer<typeof Tokens>;

/**
 * Where a fault happens: before the headers, in place of the token after the first n *of this call* (when that token
 * would have been due), after the finish chunk, after the usage chunk, or after `[DONE]`.
 */
export const Point = z.union([z.enum(['headers', 'finish', 'usage', 'done']), wholeNumber]);
export type Point = z.infer<typeof Point>;

/**
 * The kind of fault: `cut` destroys the socket; `hang` is silent until the client leaves, or for `forMs` and then continues;
 * `end` is a clean end too early; `half-frame` ends cleanly in the middle of a frame; `error` reports an upstream error.
 */
export const Fault = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('cut'), at: Point }),
  z.strictObject({ kind: z.literal('hang'), at: Point, forMs: milliseconds.optional() }),
  z.strictObject({ kind: z.literal('end'), at: wholeNumber }),
  z.strictObject({ kind: z.literal('half-frame'), at: wholeNumber }),
  z.strictObject({
    kind: z.literal('error'),
    at: wholeNumber,
    /** The error object, `code` a number or a string. */
    error: z.record(z.string(), z.json()),
    /** OpenRouter's chunk with choices (default), a bare `{error}` chunk, an `event: error` frame, or llama.cpp's old `error:` field. */
    as: z.enum(['chunk', 'bare-chunk', 'event', 'field']).optional(),
  }),
]);
export type Fault = z.infer<typeof Fault>;

/** How a rejection says how long to wait; times are computed when the reply is sent, for headers and `metadata.headers` alike. */
export const Wait = z.strictObject({
  ms: z.number(),
  as: z.enum(['retry-after', 'retry-after-date', 'retry-after-ms', 'x-ratelimit-reset', 'metadata-reset']),
});
export type Wait = z.infer<typeof Wait>;

const spoken = {
  tokens: Tokens.optional(),
  /** From the arrival of the request to the headers (0) and to the first token (0). */
  headersMs: milliseconds.optional(),
  firstTokenMs: milliseconds.optional(),
  /** Between tokens, without drift; 0 (default) = as fast as the socket accepts them. */
  intervalMs: milliseconds.optional(),
  /** Send a comment line after this long without output. */
  keepAliveMs: z.number().positive().optional(),
  /** Comment lines right after the headers (blank lines before the JSON when not streaming). */
  comments: wholeNumber.optional(),
  /** finish_reason, default `stop`; null = clean end of file without one, and then without usage and `[DONE]` unless requested. */
  finish: z.string().nullable().optional(),
  done: z.boolean().optional(),
};

const identity = {
  id: z.string().optional(),
  /** The model named in the reply; default: the requested one. */
  model: z.string().optional(),
  provider: z.string().optional(),
};

const bookkeeping = {
  /** Its format on a stream; `if-asked` sends the empty-choices format only for stream_options.include_usage. */
  usage: z.enum(['empty-choices', 'empty-delta', 'if-asked', 'none']).optional(),
  /** `usage.cost` as OpenRouter sends it (default); false for servers that send none. */
  reportsCost: z.boolean().optional(),
  /** Fixed numbers instead of counted ones; the last two apply only if the reply reaches its finish. */
  promptTokens: wholeNumber.optional(),
  completionTokens: wholeNumber.optional(),
  costUsd: z.number().nonnegative().optional(),
  /** Whether a leaving client ends generation and billing; default: true for streams, false otherwise. */
  stopsOnClose: z.boolean().optional(),
  /** Stop after max_tokens (or max_completion_tokens) of the request, with finish_reason `length`; default: off. */
  honoursMaxTokens: z.boolean().optional(),
  /**
   * If the last message is the assistant's and starts the scripted text, send only the rest; if it instructs to continue, start with
   * the words that it asks for. Default: true.
   */
  continuesPrefill: z.boolean().optional(),
};

const framing = {
  newline: z.enum(['lf', 'crlf']).optional(),
  /** Split every write inside each multi-byte character, and between CR and LF, with a pause that separates the parts. */
  splitUtf8: z.boolean().optional(),
  /** Text written unchanged after the first n tokens of this call: empty `data:` lines, pings, odd frames. */
  raw: z.array(z.strictObject({ after: wholeNumber, text: z.string() })).optional(),
};

const refusal = {
  /** With `body`, or from 400 on, the reply is this status and body without tokens; a string body is sent as HTML. */
  status: z.int().min(200).max(599).optional(),
  headers: z.record(z.string(), z.string()).optional(),
  body: z.json().optional(),
  wait: Wait.optional(),
};

export const Reply = z.strictObject({
  ...spoken,
  ...identity,
  ...bookkeeping,
  ...framing,
  ...refusal,
  fault: Fault.optional(),
});
export type Reply = z.infer<typeof Reply>;

/** Whether the reply is a status and a body rather than a completion. */
export function isPlain(reply: Reply): boolean {
  return reply.body !== undefined || (reply.status ?? 200) >= 400;
}
