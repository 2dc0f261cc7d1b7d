/** Reply of `GET /gateways`: how each gateway and each of its models is at this moment, over all workers. */
import { z } from 'zod';
import { FAILURE_CODES } from './failures';
import { ALIASES } from './names';

/** How much of a limit is in use; null where nothing is limited. */
const share = z.object({ used: z.number(), limit: z.number() }).nullable();

export const modelState = z.object({
  model: z.string(),
  /** The aliases that lead to it. */
  aliases: z.array(z.enum(ALIASES)),
  /** Of the circuit breaker: `open` lets no call through, `half-open` one that tries whether the model is well again. */
  breaker: z.enum(['closed', 'open', 'half-open']),
  /** No call goes out before, because the gateway asked for it or the breaker is open. Unix epoch, milliseconds. */
  resting_until: z.number().nullable(),
  /** Why it rests, or why the breaker is not closed. */
  reason: z.object({ code: z.enum(FAILURE_CODES), message: z.string() }).nullable(),
  /** Calls and tokens within the present window, and calls under way. */
  requests: share,
  tokens: share,
  concurrency: share,
  /** Turns that wait for their place. */
  waiting: z.number().int(),
  /** Moving averages over the last calls, milliseconds; null for models that nobody has called lately. */
  first_token_ms: z.number().nullable(),
  duration_ms: z.number().nullable(),
});
export type ModelState = z.infer<typeof modelState>;

export const gatewaysReply = z.object({
  /** When this was read. Unix epoch, milliseconds. */
  at: z.number(),
  /** How long the window is in which requests and tokens are counted, milliseconds; null while no worker reports. */
  window_ms: z.number().nullable(),
  gateways: z.array(
    z.object({
      gateway: z.string(),
      /** As the workers probed it last. */
      ok: z.boolean(),
      problem: z.string().optional(),
      models: z.array(modelState),
    }),
  ),
});
export type GatewaysReply = z.infer<typeof gatewaysReply>;
