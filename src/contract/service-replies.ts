/** What the API answers about swarms, sessions and itself; the rest is in `replies.ts`. */
import { z } from 'zod';

const role = z.object({
  role: z.string(),
  label: z.string(),
  alias: z.string().optional(),
  models: z.array(z.string()).optional(),
  reminder: z.string().optional(),
  temperature: z.number(),
  max_tokens: z.number(),
});
export const swarmList = z.array(
  z.object({
    id: z.string(),
    name: z.string(),
    description: z.string(),
    pattern: z.string(),
    roles: z.array(role),
    stages: z.array(z.object({ name: z.string(), swarm: z.string() })).optional(),
    debate: z.looseObject({}).optional(),
    panel: z.looseObject({}).optional(),
    build: z.looseObject({}).optional(),
    checks: z.array(z.looseObject({ name: z.string() })).optional(),
  }),
);

const sessionMessage = z.object({
  role: z.enum(['user', 'assistant']),
  content: z.string(),
  run_id: z.string(),
  team_id: z.string(),
  at: z.number(),
});
export const sessionReply = z.object({
  session_id: z.string(),
  messages: z.array(sessionMessage),
  dropped: z.number().int(),
  summary: z.object({ text: z.string(), covers: z.number().int(), at: z.number() }).nullable(),
  context: z.array(sessionMessage),
  context_summary: z.string(),
  expires_in_seconds: z.number(),
});

export const healthReply = z.object({
  status: z.enum(['ok', 'degraded']),
  timestamp: z.iso.datetime(),
  systems: z.object({ redis: z.boolean(), temporal: z.boolean(), worker: z.boolean(), gateway: z.boolean() }),
  workers: z.number().int(),
  problems: z.array(z.string()).optional(),
});
export const readyReply = z.object({
  ready: z.boolean(),
  systems: z.object({ redis: z.boolean(), temporal: z.boolean() }),
  warnings: z.array(z.string()).optional(),
});
