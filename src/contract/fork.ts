/** A fork: a new run that repeats an earlier one with a change, and reuses every result whose input is the same. */
import { z } from 'zod';
import { ALIASES } from './names';
import { placedTurn, type lineage } from './shapes';
import type { GateDecision } from './steering';
import type { TurnResult } from './turns';

/** The changes that a fork may make to a turn. */
export const turnEdit = z
  .object({
    /** Replaces the role's prompt. */
    system: z.string().trim().min(1).max(100_000).optional(),
    /** Appended to the turn's task. */
    instruction: z.string().trim().min(1).max(100_000).optional(),
    alias: z.enum(ALIASES).optional(),
    temperature: z.number().min(0).max(2).optional(),
    max_tokens: z.number().int().min(1).max(200_000).optional(),
  })
  .refine((edit) => Object.values(edit).some((value) => value !== undefined), {
    error: 'changes nothing: give system, instruction, alias, temperature or max_tokens',
  });
export type TurnEdit = z.infer<typeof turnEdit>;

/** A change of a turn, or of all turns of a stage. */
const forkEdit = z.object({ from: z.string().min(1).max(200), edit: turnEdit });
export type ForkEdit = z.infer<typeof forkEdit>;

/**
 * Body of `POST /runs/:id/fork`. `from` is a turn, or a stage, in which case all its turns are changed. Without an edit the fork is a
 * retry: it calls models only for what the source run has not finished.
 */
export const forkRequest = forkEdit.partial({ edit: true });
export type ForkRequest = z.infer<typeof forkRequest>;

/** The parts of a turn's prompt that a fork may edit. */
export const turnPrompt = z.object({
  ...placedTurn.shape,
  system: z.string(),
  alias: z.enum(ALIASES).optional().describe('Absent for a role that names its models itself.'),
  instructions: z.array(z.string()).describe("What earlier forks have added to the turn's task, oldest first."),
});
export type TurnPrompt = z.infer<typeof turnPrompt>;

/** The run and the turn or stage that a run was forked from. */
export type Lineage = z.infer<typeof lineage>;

/** What a forked run takes from its source run. */
export interface Fork extends Lineage {
  /** All changes since the first run of the lineage, oldest first. The last one is this fork's, unless it is a retry. */
  edits: ForkEdit[];
  retry?: true;
  /** What this fork's edit has replaced; absent for a stage, whose turns differ, and in forks from versions before the field existed. */
  replaced?: Pick<TurnPrompt, 'system' | 'alias'>;
  /** Finished turns, by name without the number of the try. */
  recorded: Record<string, TurnResult>;
  /** Absent in forks from versions before the field existed. */
  steering?: GivenSteering;
  /** The run whose session context the turns use: the first of the lineage. */
  context_of: string;
}

/** Steering that a run has received. */
export interface GivenSteering {
  /** Decisions by gate. */
  decisions: Record<string, GateDecision>;
  /** By turn, without the number of the try: the guidance as it was in the turn's prompt. */
  guidance: Record<string, string>;
  /** The guidance that a further turn would have received. */
  latest: string;
}
