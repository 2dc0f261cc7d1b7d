/** Reply of `GET /gateways`: the current state of each gateway and its models, over all workers. */
import { z } from 'zod';
import { ALIASES } from './names';
import { failure } from './shapes';

/** The part of a limit that is in use; null if there is no limit. */
const share = z.object({ used: z.number(), limit: z.number() }).nullable();

const modelState = z.object({
  model: z.string(),
  /** The aliases that include this model. */
  aliases: z.array(z.enum(ALIASES)),
  /** State of the circuit breaker: `open` allows no call, `half-open` allows one probe. */
  breaker: z.enum(['closed', 'open', 'half-open']),
  /** No call is made before this time, because the gateway asked for a pause or the breaker is open. Unix time, milliseconds. */
  resting_until: z.number().nullable(),
  /** Why calls are paused, or why the breaker is not closed. */
  reason: failure.nullable(),
  /** Calls and tokens in the current window, and calls in progress. */
  requests: share,
  tokens: share,
  concurrency: share,
  /** Number of turns in the queue. */
  waiting: z.number().int(),
  /** Moving averages over recent calls, milliseconds; null for models without recent calls. */
  first_token_ms: z.number().nullable(),
  duration_ms: z.number().nullable(),
});
export type ModelState = z.infer<typeof modelState>;

export const gatewaysReply = z.object({
  /** When the state was read. Unix time, milliseconds. */
  at: z.number(),
  /** Length of the window in which requests and tokens are counted, milliseconds; null while no worker reports. */
  window_ms: z.number().nullable(),
  gateways: z.array(
    z.object({
      gateway: z.string(),
      /** The result of the workers' last probe. */
      ok: z.boolean(),
      /** Whether the gateway is known to accept the key; some have no endpoint that proves it without a paid call. */
      key: z.enum(['proven', 'unproven']).optional(),
      problem: z.string().optional(),
      models: z.array(modelState),
    }),
  ),
});
export type GatewaysReply = z.infer<typeof gatewaysReply>;
