/** The swarms as data: who is on a team, which model alias each role speaks through, and which pattern leads them. */
import { z } from 'zod';
import { ALIASES } from './names';
import * as prompts from './prompts';

/** A role of a swarm. `max_tokens` and `temperature` hold unless the caller sets others for the run. */
export const role = z.object({
  label: z.string().min(1),
  alias: z.enum(ALIASES).optional(),
  /** In place of an alias: the ids of the models that the role asks, in this order. */
  models: z.array(z.string().trim().min(1)).min(1).optional(),
  system: z.string().min(1),
  /** In place of the bare task: a template, see `templates.ts`. Of the patterns `single` and `panel`. */
  prompt: z.string().min(1).optional(),
  /** Said again after the task, for models that listen to the end of a prompt more than to its beginning. */
  reminder: z.string().min(1).optional(),
  temperature: z.number().min(0).max(2),
  max_tokens: z.number().int().positive(),
});
export type Role = z.infer<typeof role>;

/** The patterns that coordinate a swarm's turns, one file each in `src/workflows/patterns`, and the roles that they call. */
export const PATTERN_ROLES = {
  strategic: ['strategist', 'critic'],
  coding: ['coder', 'reviewer'],
  /** All others are further coders. */
  build: ['coder', 'reviewer'],
  /** All others are its voices. */
  debate: ['moderator'],
  /** All of them; one that is called `chair` concludes. */
  panel: [],
  /** Its first role, whatever its name. */
  single: [],
} as const satisfies Record<string, readonly string[]>;
export type PatternName = keyof typeof PATTERN_ROLES;

/** Patterns whose turns are those of other swarms, one function each in `src/workflows/compositions`. */
export const COMPOSITIONS = ['coordinate', 'parallel', 'sequential', 'consensus', 'pipeline'] as const;
export type CompositionName = (typeof COMPOSITIONS)[number];

export const PATTERNS = [...(Object.keys(PATTERN_ROLES) as PatternName[]), ...COMPOSITIONS];

/** A stage of a composition: what it is called in the run, and the id of the swarm that works in it. */
export const stageDefinition = z.object({
  name: z.string().regex(/^[a-zA-Z0-9][\w-]{0,39}$/, 'may hold letters, digits and _ - only'),
  swarm: z.string(),
  /** Of a pipeline: what the stage is told, a template; see `templates.ts`. */
  prompt: z.string().min(1).optional(),
});

/** Whom roles that speak at once wait for; defaults: a majority as quorum, and 180 s of patience. */
export const panelOptions = z.object({
  /** Roles that must be heard before the others are given no more than `patience_seconds`. */
  quorum: z.number().int().min(1).optional(),
  patience_seconds: z.number().int().min(1).optional(),
});
export type PanelOptions = z.infer<typeof panelOptions>;

/** How a debate is held; defaults: those of a panel, two rounds, and all of one stance. */
export const debateOptions = panelOptions.extend({
  /** Rounds at most: the openings, and so many less one in which the voices answer each other. */
  rounds: z.number().int().min(1).max(10).optional(),
  /** The agreement, 0 to 1, at which no further round is held. */
  agree_at: z.number().min(0).max(1).optional(),
});
export type DebateOptions = z.infer<typeof debateOptions>;

/** Drafts at most. */
const MOST_DRAFTS = 8;

/** How code comes about; defaults: one draft, and three rounds of repair. */
export const buildOptions = z.object({
  /** How many drafts are written at most, where fewer don't decide; of those that pass, the one with which most others agree goes on. */
  drafts: z.number().int().min(1).max(MOST_DRAFTS).optional(),
  /** How often code that fails is repaired or written anew, at most. */
  rounds: z.number().int().min(0).max(3).optional(),
});
export type BuildOptions = z.infer<typeof buildOptions>;

/** A demand on the code that a swarm writes, beside those of the request; see `checks.ts`. */
export const codeCheck = z.object({
  name: z.string().min(1),
  code: z.string().min(1),
  expected: z.string({ error: 'must be a text: put it in quotes' }).optional(),
});

export const swarmDefinition = z.object({
  id: z.string().regex(/^[a-zA-Z0-9][\w.-]{0,63}$/, 'may hold letters, digits and . _ - only'),
  name: z.string(),
  description: z.string(),
  pattern: z.enum(PATTERNS),
  roles: z.record(z.string(), role),
  /** Of a composition: the stages, in order. */
  stages: z.array(stageDefinition).optional(),
  debate: debateOptions.optional(),
  panel: panelOptions.optional(),
  build: buildOptions.optional(),
  /** Of the pattern `build`: what its code must fulfil, whatever was asked. */
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

/** The swarm of that id, if there is one. */
export function findSwarm(id: string): SwarmDefinition | undefined {
  return SWARMS.find((swarm) => swarm.id === id);
}
