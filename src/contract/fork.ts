/** A fork: a new run that goes the way of an old one up to a change, and takes over every result whose input is the same. */
import { z } from 'zod';
import { ALIASES, type Alias } from './names';
import type { GateDecision } from './steering';
import type { TurnResult } from './turns';

/** What may be changed about a turn. */
export const turnEdit = z
  .object({
    /** Another prompt for the role. */
    system: z.string().trim().min(1).max(100_000).optional(),
    /** Said at the end of the turn's task. */
    instruction: z.string().trim().min(1).max(100_000).optional(),
    alias: z.enum(ALIASES).optional(),
    temperature: z.number().min(0).max(2).optional(),
    max_tokens: z.number().int().min(1).max(200_000).optional(),
  })
  .refine((edit) => Object.values(edit).some((value) => value !== undefined), {
    error: 'changes nothing: give system, instruction, alias, temperature or max_tokens',
  });
export type TurnEdit = z.infer<typeof turnEdit>;

/** Body of `POST /runs/:id/fork`. `from` is a turn, or a stage: then all of its turns are changed. */
export const forkRequest = z.object({ from: z.string().min(1).max(200), edit: turnEdit });
export type ForkRequest = z.infer<typeof forkRequest>;

/** With what a turn was asked: what a fork may edit. */
export interface TurnPrompt {
  turn: string;
  role: string;
  label: string;
  system: string;
  /** Absent for a role that names its models itself. */
  alias?: Alias | undefined;
  /** What earlier forks have added to the turn's task, oldest first. */
  instructions: string[];
}

/** Where a run comes from. */
export interface Lineage {
  run_id: string;
  from: string;
}

/** What a forked run knows of the one that it comes from. */
export interface Fork extends Lineage {
  /** All changes of the line, oldest first. */
  edits: ForkRequest[];
  /** Finished turns by their name without the number of a try. */
  recorded: Record<string, TurnResult>;
  /** Absent in forks from before it was kept. */
  said?: Said;
  /** The run whose view of the session the turns have: the first of the line. */
  context_of: string;
}

/** What people said to a run. */
export interface Said {
  /** By gate. */
  decisions: Record<string, GateDecision>;
  /** By turn, without the number of a try: the guidance that it was asked with, as it stood in its prompt. */
  guidance: Record<string, string>;
  /** What a further turn would have been told. */
  latest: string;
}
