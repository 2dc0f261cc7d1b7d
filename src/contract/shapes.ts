/** The shapes that a run's events and the API's replies share: what both say of turns, of their code, and of failures. */
import { z } from 'zod';
import { FAILURE_CODES } from './failures';

export const code = z.enum(FAILURE_CODES);

/** Where a run, or a turn of it, comes from. */
export const lineage = z.object({ run_id: z.string(), from: z.string() });

/** Tokens as the gateway has counted them. */
export const usage = z.object({
  prompt_tokens: z.number(),
  completion_tokens: z.number(),
  cached_tokens: z.number().optional(),
  /** Set where it counted none. */
  estimated: z.boolean().optional(),
});

/** What a finished turn was and took; see `TurnResult`. */
export const turnMeasures = {
  model: z.string().describe('The model that the gateway says has answered.'),
  gateway: z.string(),
  finish_reason: z.string(),
  truncated: z.boolean(),
  usage,
  cost_usd: z.number().nullable().describe('All calls of the turn; null when the price of one is unknown.'),
  cost_estimated: z.boolean().optional(),
  cached: z.boolean().optional(),
  gateway_option: z.string().optional(),
  duration_ms: z.number(),
  first_token_ms: z.number().nullable(),
  attempts: z.number().int(),
  /** In a forked run: where the result was taken over from, without a call. */
  reused_from: z.string().optional(),
};

/** What came of an execution: how many checks passed and failed, why (bounded), and what the program wrote. */
export const checked = {
  about: z.string().describe('The turn whose code it is.'),
  language: z.string(),
  executed: z.boolean(),
  reason: z.string().optional(),
  killed: z.enum(['time', 'memory', 'output']).optional(),
  passed: z.number().int(),
  failed: z.number().int(),
  errors: z.array(z.string()),
  output: z.string(),
  ms: z.number(),
};
