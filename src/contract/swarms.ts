/** Definitions of swarms: their roles, the model alias of each role, and the pattern. */
import { z } from 'zod';
import { ALIASES } from './names';
import * as prompts from './prompts';

/** A role of a swarm. `max_tokens` and `temperature` apply unless the caller sets others for the run. */
export const role = z.object({
  label: z.string().min(1),
  alias: z.enum(ALIASES).optional(),
  /** Instead of an alias: the model ids to try, in this order. */
  models: z.array(z.string().trim().min(1)).min(1).optional(),
  system: z.string().min(1),
  /** Replaces the plain task: a template, see `templates.ts`. Only for the patterns `single` and `panel`. */
  prompt: z.string().min(1).optional(),
  /** Repeated after the task, for models that follow the end of a prompt more than its beginning. */
  reminder: z.string().min(1).optional(),
  temperature: z.number().min(0).max(2),
  max_tokens: z.number().int().positive(),
});
export type Role = z.infer<typeof role>;

/** A stage of a composition: its name in the run, and the id of its swarm. */
export const stageDefinition = z.object({
  name: z.string().regex(/^[a-zA-Z0-9][\w-]{0,39}$/, 'may hold letters, digits and _ - only'),
  swarm: z.string(),
  /** Only in a pipeline: the stage's prompt, a template; see `templates.ts`. */
  prompt: z.string().min(1).optional(),
});

/** A required check of the code that a swarm writes, in addition to those of the request; see `checks.ts`. */
export const codeCheck = z.object({
  name: z.string().min(1),
  code: z.string().min(1),
  expected: z.string({ error: 'must be a text: put it in quotes' }).optional(),
});

/** A swarm. The options of its pattern are in the field with the pattern's name, as the pattern declares them. */
export const swarmDefinition = z.looseObject({
  id: z.string().regex(/^[a-zA-Z0-9][\w.-]{0,63}$/, 'may hold letters, digits and . _ - only'),
  name: z.string(),
  description: z.string(),
  pattern: z.string().describe('How its roles work together, or the stages of other swarms.'),
  roles: z.record(z.string(), role),
  /** Only for a composition: the stages, in order. */
  stages: z.array(stageDefinition).optional(),
  /** Checks that all code must pass, if the pattern supports them. */
  checks: z.array(codeCheck).optional(),
});
export type SwarmDefinition = z.infer<typeof swarmDefinition>;

const TEMPERATURE = 0.7;
const MAX_TOKENS = 2000;

export const SWARMS: readonly SwarmDefinition[] = [
  {
    id: 'strategic-swarm',
    name: 'Strategic swarm',
    description: 'Plans: a draft, its critique, and the plan that follows from both.',
    pattern: 'strategic',
    roles: {
      strategist: {
        label: 'Strategist',
        alias: 'strategic',
        system: prompts.STRATEGIST,
        temperature: TEMPERATURE,
        max_tokens: MAX_TOKENS,
      },
      critic: {
        label: 'Plan critic',
        alias: 'strategic',
        system: prompts.PLAN_CRITIC,
        temperature: 0.3,
        max_tokens: 400,
      },
    },
  },
  {
    id: 'coding-swarm',
    name: 'Coding swarm',
    description:
      'Writes code: an implementation with tests that is executed, repaired while checks fail, and reviewed.',
    pattern: 'build',
    roles: {
      coder: { label: 'Coder', alias: 'coding', system: prompts.CODER, temperature: 0, max_tokens: MAX_TOKENS },
      second_coder: {
        label: 'Second coder',
        alias: 'coding',
        system: prompts.SECOND_CODER,
        temperature: 0,
        max_tokens: MAX_TOKENS,
      },
      reviewer: {
        label: 'Code reviewer',
        alias: 'coding',
        system: prompts.CODE_REVIEWER,
        temperature: 0.2,
        max_tokens: 300,
      },
    },
  },
  {
    id: 'debate-swarm',
    name: 'Debate swarm',
    description:
      'Weighs a question: three voices on three models at once, who then answer each other unless they agree, and a judge.',
    pattern: 'debate',
    roles: {
      optimistic: {
        label: 'Optimistic voice',
        alias: 'debate_1',
        system: prompts.OPTIMIST,
        reminder: prompts.OPTIMIST_REMINDER,
        temperature: TEMPERATURE,
        max_tokens: MAX_TOKENS,
      },
      cautious: {
        label: 'Cautious voice',
        alias: 'debate_2',
        system: prompts.SCEPTIC,
        reminder: prompts.SCEPTIC_REMINDER,
        temperature: TEMPERATURE,
        max_tokens: MAX_TOKENS,
      },
      balanced: {
        label: 'Balanced voice',
        alias: 'fast',
        system: prompts.MEDIATOR,
        reminder: prompts.MEDIATOR_REMINDER,
        temperature: TEMPERATURE,
        max_tokens: MAX_TOKENS,
      },
      moderator: {
        label: 'Moderator',
        alias: 'strategic',
        system: prompts.MODERATOR,
        temperature: 0.3,
        max_tokens: MAX_TOKENS,
      },
    },
  },
];

/** Finds a built-in swarm by id. */
export function findSwarm(id: string): SwarmDefinition | undefined {
  return SWARMS.find((swarm) => swarm.id === id);
}
