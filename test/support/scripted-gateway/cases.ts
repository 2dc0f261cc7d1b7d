// The public simulator cases of GATEWAYS.md section 9 that are upstream behaviour, as named scripts.
// If a case needs a second attempt, the same text follows, so that both a restart and a continuation end with CASE_TEXT.
import type { Reply } from './reply';

const WORDS = ['A', ' flock', ' turns', ' as', ' one', '.'];
/** The text of every good reply of the cases. */
export const CASE_TEXT = WORDS.join('');

/** A successful reply. */
export const good: Reply = { tokens: WORDS };

function refusal(code: number, message: string, metadata: Record<string, string | string[]>): Reply {
  return { status: code, body: { error: { code, message, metadata } } };
}

const rateLimited = refusal(429, 'Rate limit exceeded', { error_type: 'rate_limit_exceeded' });
const serverError = refusal(500, 'Internal Server Error', { error_type: 'server' });
const unavailable = refusal(503, 'No provider is available', { error_type: 'provider_overloaded' });
const disconnected = {
  code: 502,
  message: 'Provider disconnected unexpectedly',
  metadata: { error_type: 'provider_unavailable' },
};

export const cases = {
  /** 1: two comment lines, usage in a chunk without choices, `[DONE]`. */
  normalStream: [{ ...good, comments: 2 }],
  /** 2: usage beside one empty delta. */
  usageInEmptyDelta: [{ ...good, usage: 'empty-delta' }],
  /** 3: for a request that does not stream. */
  normalBody: [good],
  /** 4 */
  invalidKey: [refusal(401, 'User not found.', { error_type: 'authentication' })],
  /** 5 */
  creditsExhausted: [
    refusal(402, 'Insufficient credits', { error_type: 'payment_required', limit_source: 'openrouter_credits' }),
  ],
  /** 6 */
  moderated: [
    refusal(403, 'The input was flagged', {
      reasons: ['violence'],
      flagged_input: 'the flagged part of the prompt',
      provider_name: 'OpenAI',
      model_slug: 'openai/gpt-5.5',
    }),
  ],
  /** 7: for the first model of a chain; this error format has no `code`. */
  modelDeprecated: [
    {
      status: 404,
      body: {
        error: {
          message: 'The model is deprecated',
          error_type: 'not_found',
          http_status: 404,
          availability: {
            code: 'model_deprecated',
            retryable: false,
            requested_models: ['first'],
            fallback_models: [],
          },
        },
      },
    },
  ],
  /** 8 */
  retryAfterTwoSeconds: [{ ...rateLimited, wait: { ms: 2000, as: 'retry-after' } }, good],
  /** 9: `X-RateLimit-Reset` in epoch ms, no `Retry-After`. */
  resetInOneAndAHalfSeconds: [{ ...rateLimited, wait: { ms: 1500, as: 'x-ratelimit-reset' } }, good],
  /** 10 */
  serverErrorOnce: [serverError, good],
  /** 11: the fallback model needs `normalStream`. */
  unavailableThreeTimes: [unavailable, unavailable, unavailable],
  /** 12 */
  htmlBadGateway: [{ status: 502, body: '<html><body><h1>502 Bad Gateway</h1></body></html>' }, good],
  /** 14 (13, a refused connection, is a simulator that starts late on a fixed port). */
  hangBeforeHeaders: [{ fault: { kind: 'hang', at: 'headers' } }],
  /** 15 */
  errorChunkAfterThreeTokens: [{ ...good, fault: { kind: 'error', at: 3, error: disconnected } }, good],
  /** 16 */
  cutAfterThreeTokens: [{ ...good, fault: { kind: 'cut', at: 3 } }, good],
  /** 17, and 19 to read while it runs: ten seconds of numbered tokens. */
  slowStream: [{ tokens: { count: 200 }, firstTokenMs: 20, intervalMs: 50 }],
  /** 18 */
  lengthLimit: [{ ...good, finish: 'length' }],
  /** 20: target A behind a local Portkey; target B is `normalStream`. */
  serverErrorForever: Array.from({ length: 20 }, () => serverError),
} satisfies Record<string, Reply[]>;
