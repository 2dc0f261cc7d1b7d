/** Replies to clients written for other services: OpenAI's API and earlier services of this kind. */
import { z } from 'zod';
import { runReply } from './replies';
import { healthReply } from './service-replies';
import { runScope } from './shapes';
import { critic, judge } from './structures';

/** OpenAI's error format; `code` is an OpenAI code if one fits, otherwise one of ours. */
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

/** One chunk of a stream, except errors. */
export const chatChunk = z.object({
  ...identity,
  object: z.literal('chat.completion.chunk'),
  choices: z.array(
    z.object({
      index: z.number().int(),
      delta: z.object({
        role: z.literal('assistant').optional(),
        content: z.string().optional(),
        reasoning_content: z.string().optional().describe('Drafts of programs, of which one may become the answer.'),
      }),
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

/** The final result of a streamed run; null for parts that the run did not produce. */
export const finalReply = z.object({
  success: z.literal(true),
  ...runScope.shape,
  message: z.string(),
  critic: critic.nullable(),
  judge: judge.nullable(),
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

/** A frame of a run for earlier clients: `token` and `content` both hold the new text. */
export const teamFrame = z.looseObject({
  phase: z.enum(['planning', 'memory', 'setup', 'generation', 'critic', 'judge', 'gates', 'complete', 'error']),
  token: z.string(),
  content: z.string(),
  done: z.boolean(),
  ...runScope.shape,
  final: finalReply.optional().describe('On the last frame of a run that completed.'),
  error: z.string().optional(),
  draft: z.string().optional().describe('New text of a program that may still be dropped; `content` is empty then.'),
});

export const modelsReply = z.object({
  favorites: z.array(z.string()).describe('The models that have spoken most often.'),
  available: z.array(z.string()),
  routing: z.record(z.string(), z.string()).describe('The first model of each alias.'),
});

/** Totals of all workers since their start. */
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
