// Further behaviour of gateways and local servers that GATEWAYS.md describes, as named scripts besides the twenty public cases.
import { good } from './cases';
import type { Reply } from './reply';

function rateLimit(message: string): Reply {
  return { status: 429, body: { error: { code: 429, message, metadata: { error_type: 'rate_limit_exceeded' } } } };
}

export const quirks = {
  /** Fact 1: streams that end without an error of the SDK and are no success. */
  endWithoutFinish: [{ ...good, finish: null }, good],
  endAfterThreeTokens: [{ ...good, fault: { kind: 'end', at: 3 } }, good],
  finishError: [{ ...good, finish: 'error' }, good],
  vllmAbort: [{ ...good, finish: 'abort', usage: 'none', reportsCost: false }, good],
  errorBodyWith200: [{ status: 200, body: { error: { code: 502, message: 'Upstream failed' } } }, good],
  legacyErrorField: [
    {
      ...good,
      fault: {
        kind: 'error',
        at: 0,
        as: 'field',
        error: { code: 500, message: 'context is full', type: 'server_error' },
      },
    },
    good,
  ],
  emptyStream: [{ tokens: [], finish: null }, good],
  emptyStreamWithDone: [{ tokens: [], finish: null, done: true }, good],
  /** Errors inside a stream in the other documented formats. */
  errorChunkWithStringCode: [
    { ...good, fault: { kind: 'error', at: 3, error: { code: 'server_error', message: 'The server had an error' } } },
    good,
  ],
  errorEvent: [
    { ...good, fault: { kind: 'error', at: 3, as: 'event', error: { code: 500, message: 'Overloaded' } } },
    good,
  ],
  bareErrorChunk: [
    { ...good, fault: { kind: 'error', at: 3, as: 'bare-chunk', error: { code: 500, message: 'slot failed' } } },
    good,
  ],
  /** Broken transport. */
  cutBeforeHeaders: [{ ...good, fault: { kind: 'cut', at: 'headers' } }, good],
  cutBeforeDone: [{ ...good, fault: { kind: 'cut', at: 'usage' } }, good],
  halfFrame: [{ ...good, fault: { kind: 'half-frame', at: 3 } }, good],
  emptyDataLine: [{ ...good, raw: [{ after: 3, text: 'data:\n\n' }] }, good],
  hangAfterThreeTokens: [{ ...good, fault: { kind: 'hang', at: 3 } }, good],
  /** Alive but slow, which must not be mistaken for hung; and silent for a moment, then continuing. */
  commentsBeforeFirstToken: [{ ...good, firstTokenMs: 1000, keepAliveMs: 100 }],
  pauseAfterThreeTokens: [{ ...good, fault: { kind: 'hang', at: 3, forMs: 300 } }],
  /** openai 7 closes after `[DONE]`; openai 6 waits for the server. */
  openAfterDone: [{ ...good, fault: { kind: 'hang', at: 'done' } }],
  /** Framing. */
  crlf: [{ ...good, newline: 'crlf', comments: 1 }],
  splitCharacters: [{ tokens: ['Grüße', ' 🐦‍⬛', ' 日本', ' \ud83d', '\udc26'], splitUtf8: true, newline: 'crlf' }],
  pingEvent: [{ ...good, raw: [{ after: 2, text: 'event: ping\ndata: {"type":"ping"}\n\n' }] }],
  /** Errors that look alike but differ. */
  inFlightBudget: [
    {
      status: 402,
      body: {
        error: { code: 402, message: 'In-flight budget', metadata: { limit_source: 'openrouter_in_flight_budget' } },
      },
      wait: { ms: 1000, as: 'retry-after' },
    },
    good,
  ],
  providerCapacity: [{ ...rateLimit('Provider returned error'), wait: { ms: 1000, as: 'retry-after' } }, good],
  freePerDay: [
    { ...rateLimit('Rate limit exceeded: free-models-per-day'), wait: { ms: 6 * 3_600_000, as: 'x-ratelimit-reset' } },
  ],
  resetInMetadataOnly: [
    { ...rateLimit('Rate limit exceeded: free-models-per-min'), wait: { ms: 1500, as: 'metadata-reset' } },
    good,
  ],
  retryAfterDate: [{ ...rateLimit('Slow down'), wait: { ms: 2000, as: 'retry-after-date' } }, good],
  retryAfterMs: [{ ...rateLimit('Slow down'), wait: { ms: 700, as: 'retry-after-ms' } }, good],
  contextLength: [
    {
      status: 400,
      body: { error: { code: 400, message: 'Too long', metadata: { error_type: 'context_length_exceeded' } } },
    },
  ],
  loadingModel: [
    { status: 503, body: { error: { code: 503, message: 'Loading model', type: 'unavailable_error' } } },
    good,
  ],
  portkeyFailure: [{ status: 500, body: { status: 'failure', message: 'Something went wrong' } }, good],
  /** A model other than the requested one answers; a provider continues to generate (and bill) after the client has left. */
  otherModelAnswers: [{ ...good, model: 'openai/gpt-5.4-mini' }],
  goesOnAfterClose: [{ tokens: { count: 40 }, intervalMs: 20, stopsOnClose: false }],
} satisfies Record<string, Reply[]>;
