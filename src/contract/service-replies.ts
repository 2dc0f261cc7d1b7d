/** Replies of the API about swarms, sessions and its own health; the others are in `replies.ts`. */
import { z } from 'zod';
import { runGraph } from './graph';
import { sessionMessage, sessionSummary } from './session';
import { role, stageDefinition, swarmDefinition } from './swarms';

/** A role without its prompts, as shown to callers. */
const publicRole = role.omit({ system: true, prompt: true }).extend({ role: z.string() });
export const swarmList = z.array(
  swarmDefinition.extend({
    roles: z
      .array(publicRole)
      .describe('Of a swarm that is made of others the roles of those, each behind the name of its stage.'),
    stages: z.array(stageDefinition.omit({ prompt: true })).optional(),
    graph: runGraph.describe('What a run of it goes through.'),
  }),
);
export type SwarmSummary = z.infer<typeof swarmList>[number];

export const sessionReply = z.object({
  session_id: z.string(),
  messages: z.array(sessionMessage),
  dropped: z.number().int(),
  summary: sessionSummary.nullable(),
  context: z.array(sessionMessage),
  context_summary: z.string(),
  expires_in_seconds: z.number(),
});
export type SessionReply = z.infer<typeof sessionReply>;

export const healthReply = z.object({
  status: z.enum(['ok', 'degraded']),
  timestamp: z.iso.datetime(),
  systems: z.object({
    redis: z.boolean(),
    temporal: z.boolean(),
    worker: z.boolean(),
    gateway: z.boolean(),
    sandbox: z.boolean(),
    background: z.boolean().describe('Whether the background loops of API and workers succeed.'),
  }),
  workers: z.number().int().optional().describe('Only for a caller with a key, where keys are asked for.'),
  isolation: z
    .object({ layers: z.array(z.string()), unprotected: z.array(z.string()) })
    .optional()
    .describe('As `workers`.'),
  problems: z.array(z.string()).optional().describe('As `workers`.'),
});
export type HealthReply = z.infer<typeof healthReply>;
export const readyReply = z.object({
  ready: z.boolean(),
  systems: z.object({ redis: z.boolean(), temporal: z.boolean() }),
  warnings: z.array(z.string()).optional().describe('Only for a caller with a key, where keys are asked for.'),
});
