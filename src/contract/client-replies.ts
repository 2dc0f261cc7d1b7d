/** What the API answers clients that were written for other services: OpenAI's, and earlier ones of this kind. */
import { z } from 'zod';
import { conclusions, runReply } from './replies';
import { healthReply } from './service-replies';

/** OpenAI's shape of an error; `code` is one of theirs where they have one, or else one of ours. */
export const openAiError = z.object({
  error: z.object({ message: z.string(), type: z.string(), param: z.string().nullable(), code: z.string() }),
});

export const openAiModel = z.object({
  id: z.string(),
  object: z.literal('model'),
  created: z.number().int(),
  owned_by: z.string(),
  name: z.string(),
  description: z.string(),
});
export const openAiModels = z.object({ object: z.literal('list'), data: z.array(openAiModel) });

const identity = { id: z.string(), created: z.number().int().describe('Unix seconds.'), model: z.string() };
const spent = z.object({
  prompt_tokens: z.number(),
  completion_tokens: z.number(),
  total_tokens: z.number(),
  cost: z.number().nullable().describe('US dollars for all turns; null when the price of one is unknown.'),
});
const finish = z.enum(['stop', 'length']);

export const chatCompletion = z.object({
  ...identity,
  object: z.literal('chat.completion'),
  choices: z.array(
    z.object({
      index: z.number().int(),
      message: z.object({ role: z.literal('assistant'), content: z.string(), refusal: z.null() }),
      logprobs: z.null(),
      finish_reason: finish,
    }),
  ),
  usage: spent,
});

/** One line of a stream that did not fail. */
export const chatChunk = z.object({
  ...identity,
  object: z.literal('chat.completion.chunk'),
  choices: z.array(
    z.object({
      index: z.number().int(),
      delta: z.object({ role: z.literal('assistant').optional(), content: z.string().optional() }),
      logprobs: z.null(),
      finish_reason: finish.nullable(),
    }),
  ),
  usage: spent.optional().describe('On the last chunk of those who asked for it.'),
});

export const team = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string(),
  members: z.array(z.string()),
  model_pool: z.string(),
  models: z.array(z.string()),
  status: z.enum(['active', 'unavailable']),
});
export const teamList = z.array(team);
export const workflowList = z.array(
  z.object({
    id: z.string(),
    name: z.string(),
    description: z.string(),
    inputs: z.looseObject({}),
    steps: z.array(z.string()),
  }),
);
export const notFoundReply = z.object({ detail: z.string() });

export const teamReply = runReply.extend({ success: z.literal(true), message: z.string() });

/** How a streamed run ended; what it did not do is null. */
const final = z.object({
  success: z.literal(true),
  ...{ team_id: z.string(), session_id: z.string(), run_id: z.string() },
  message: z.string(),
  critic: conclusions.critic.unwrap().nullable(),
  judge: conclusions.judge.unwrap().nullable(),
  gates: z
    .object({
      allowed: z.boolean(),
      status: z.enum(['passed', 'failed', 'not executed']),
      scores: z.object({ checks: z.number().int(), passed: z.number().int() }),
    })
    .nullable(),
  tool_calls: z.array(z.object({ name: z.string(), args: z.looseObject({}), result: z.looseObject({}) })),
  citations: z.array(z.never()).describe('Swarms cite no files.'),
  usage: runReply.shape.usage,
  cost_usd: z.number().nullable(),
  real_execution: z.boolean(),
});

/** A frame of a run as earlier clients read it: `token` is `content`, the new text. */
export const teamFrame = z.looseObject({
  phase: z.enum(['planning', 'memory', 'setup', 'generation', 'critic', 'judge', 'gates', 'complete', 'error']),
  token: z.string(),
  content: z.string(),
  done: z.boolean(),
  ...{ run_id: z.string(), session_id: z.string(), team_id: z.string() },
  final: final.optional().describe('On the last frame of a run that completed.'),
  error: z.string().optional(),
});

export const modelsReply = z.object({
  favorites: z.array(z.string()).describe('The models that have spoken most often.'),
  available: z.array(z.string()),
  routing: z.record(z.string(), z.string()).describe('The first model of each alias.'),
});

/** Counted over all workers since their start. */
export const statsReply = z.object({
  turns: z.number(),
  failed_turns: z.number(),
  prompt_tokens: z.number(),
  completion_tokens: z.number(),
  cost_usd: z.number(),
  unpriced_turns: z.number(),
  waits: z.number(),
  fallbacks: z.number(),
  resumes: z.number(),
  restarts: z.number(),
  workers: z.number().int(),
  open_streams: z.object({ sse: z.number().int(), websocket: z.number().int() }),
  uptime_seconds: z.number(),
});

export const swarmStatusReply = z.object({
  status: z.enum(['ok', 'degraded']),
  agents: z.array(
    z.object({
      id: z.string(),
      status: z.enum(['active', 'idle', 'unavailable']),
      last_active: z.iso.datetime().nullable(),
    }),
  ),
  total_agents: z.number().int(),
  active_agents: z.number().int(),
});

export const earlierHealthReply = healthReply.extend({ status: z.enum(['healthy', 'unhealthy']) });
