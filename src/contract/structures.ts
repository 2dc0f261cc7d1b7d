/** What a run concluded, as data: asked of a model as JSON and checked against these shapes, or measured from the run. */
import { z } from 'zod';
import type { Position, Stance } from './agreement';
import type { Failure } from './failures';
import type { Plan } from './plan';

/** Models write a single point as a string as often as they write a list. */
const points = z.preprocess(
  (value) => (typeof value === 'string' ? [value] : (value ?? [])),
  z.array(z.string()).transform((all) => all.map((one) => one.trim()).filter(Boolean)),
);
/** 0 to 1; percentages are understood. */
const score = z.coerce
  .number()
  .min(0)
  .max(100)
  .transform((value) => (value > 1 ? value / 100 : value));
const word = <T extends string>(...words: [T, ...T[]]) =>
  z.preprocess((value) => (typeof value === 'string' ? value.trim().toLowerCase() : value), z.enum(words));

/** What a reviewer found. */
export const critic = z.object({
  verdict: word('pass', 'revise'),
  findings: z.preprocess(
    (value) => value ?? {},
    z.object({
      security: points,
      data_integrity: points,
      logic_correctness: points,
      performance: points,
      usability: points,
      maintainability: points,
    }),
  ),
  must_fix: points,
  nice_to_have: points,
  confidence_score: score,
});
export type Critic = z.infer<typeof critic>;

/** What a judge decided: take the proposal, merge it with what was said against it, or leave it. */
export const judge = z.object({
  decision: word('accept', 'merge', 'reject'),
  rationale: points,
  runner_instructions: points,
  confidence_score: score,
  quality_score: score,
});
export type Judge = z.infer<typeof judge>;

/** The structures that are asked of models, by name. */
export const ASKED = { critic, judge };
export type AskedName = keyof typeof ASKED;
export type AskedValue<Name extends AskedName> = z.infer<(typeof ASKED)[Name]>;

/** A text read as a structure, or what is wrong with it. */
export type Reading<Name extends AskedName> = { value: AskedValue<Name> } | { problem: string };

/**
 * One voice of a debate: what it declared in each round that it spoke in, by which turn and model, and, after the openings, how much
 * of what it said had been said before, by itself or by others; see `repeated.ts`.
 */
export interface DebateVoice {
  role: string;
  label: string;
  positions: (Position & { round: number; turn: string; model: string; repeated?: number })[];
  /** Whether the last stance is another than the first. */
  changed: boolean;
}

/** What a debate came to, measured. */
export interface DebateRecord {
  /** Rounds that were held: 1 is the openings alone. */
  rounds: number;
  /** Agreement after each round, 0 to 1; see `agreement.ts` for its meaning. */
  agreement: number[];
  /** Whether the agreement was enough to end the debate. */
  agreed: boolean;
  /** The stance of the majority; null on a tie, or where no stance could be read. */
  majority: Stance | null;
  voices: DebateVoice[];
  /**
   * Voices whose last stance is not the majority's. Where there is no majority, and the voices do not agree, all that declared a
   * stance; one whose stance could not be read is never among them.
   */
  dissent: string[];
  /** Who was not heard in which round, and why. */
  missing: ({ role: string; label: string; round: number } & Failure)[];
  quorum: { needed: number; heard: number; met: boolean };
  /** The role of the only voice that was heard: then this was no debate. */
  only_voice: string | null;
}

/** What a run concluded; what it did not do is absent. */
export interface Structures {
  plan?: Plan;
  debate?: DebateRecord;
  critic?: Critic;
  judge?: Judge;
  /** Structures that were asked for and could not be read, also after the model was told what was wrong. */
  unread?: { name: AskedName; turn: string; problem: string }[];
}
