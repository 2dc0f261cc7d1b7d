/** Conclusions of a run as structured data: requested from a model as JSON and validated here, or computed from the run. */
import { z } from 'zod';
import { PLAN_PARTS, STANCES } from './names';
import { verdict } from './runs';
import { failure } from './shapes';

const lines = z.array(z.string());

/** A reviewer's findings. */
export const critic = z.object({
  verdict,
  findings: z.object({
    security: lines,
    data_integrity: lines,
    logic_correctness: lines,
    performance: lines,
    usability: lines,
    maintainability: lines,
  }),
  must_fix: lines,
  nice_to_have: lines,
  confidence_score: z.number(),
});

/** A judge's decision: accept the proposal, merge it with the objections, or reject it. */
export const judge = z.object({
  decision: z.enum(['accept', 'merge', 'reject']),
  rationale: lines,
  runner_instructions: lines,
  confidence_score: z.number(),
  quality_score: z.number(),
});

const ASKED_NAMES = ['critic', 'judge'] as const;
export type AskedName = (typeof ASKED_NAMES)[number];
/** The structures that are requested from models, by name. Scores are 0 to 1. */
export const ASKED = { critic, judge } satisfies Record<AskedName, z.ZodObject>;
export type AskedValue<Name extends AskedName> = z.infer<(typeof ASKED)[Name]>;

/** A structure parsed from a text, or what is wrong with the text. */
export type StructureReading<Name extends AskedName> = { value: AskedValue<Name> } | { problem: string };

/** A voice's declared position. */
const position = z.object({
  stance: z.enum(STANCES).nullable().describe('Null where it could not be read.'),
  confidence: z.number().nullable().describe('0 to 1; null where it could not be read.'),
});
export type VoicePosition = z.infer<typeof position>;

/** One voice of a debate: its position in each round in which it answered, with turn and model. */
const debateVoice = z.object({
  role: z.string(),
  label: z.string(),
  positions: z.array(
    position.extend({
      round: z.number().int(),
      turn: z.string(),
      model: z.string(),
      repeated: z
        .number()
        .exactOptional()
        .describe('After the openings: how much of what it said had been said before, by itself or by others.'),
    }),
  ),
  changed: z.boolean().describe('Whether the last stance is another than the first.'),
});
export type DebateVoice = z.infer<typeof debateVoice>;

/** The computed outcome of a debate. */
const debateRecord = z.object({
  rounds: z.number().int().describe('Rounds that were held: 1 is the openings alone.'),
  agreement: z.array(z.number()).describe('Agreement after each round, 0 to 1.'),
  agreed: z.boolean().describe('Whether the agreement was enough to end the debate.'),
  majority: z
    .enum(STANCES)
    .nullable()
    .describe('The stance of the majority; null on a tie, or where no stance could be read.'),
  voices: z.array(debateVoice),
  dissent: z
    .array(z.string())
    .describe(
      "Voices whose last stance is not the majority's. Where there is no majority, and the voices do not agree, all that declared a stance; one whose stance could not be read is never among them.",
    ),
  missing: z
    .array(z.object({ role: z.string(), label: z.string(), round: z.number().int(), ...failure.shape }))
    .describe('Who was not heard in which round, and why.'),
  quorum: z.object({ needed: z.number().int(), heard: z.number().int(), met: z.boolean() }),
  only_voice: z.string().nullable().describe('The role of the only voice that was heard: then this was no debate.'),
});
export type DebateRecord = z.infer<typeof debateRecord>;

const planPart = z.enum(PLAN_PARTS);
/** A plan's parts as data. The texts are the plan's own Markdown. */
const plan = z.object({
  architecture: z.string(),
  steps: z.string(),
  challenges: z.string(),
  resources: z.string(),
  missing: z.array(planPart).describe('Parts that the plan does not have.'),
  weak: z.array(planPart).describe('Parts that say less than a part must.'),
});
export type Plan = z.infer<typeof plan>;

/** Conclusions of a run; parts that it did not produce are absent. */
export const structures = z.object({
  plan: plan.exactOptional(),
  plan_from: z
    .string()
    .exactOptional()
    .describe('In a record that would exceed a payload, instead of `plan`: the turn whose text holds it.'),
  debate: debateRecord.exactOptional(),
  critic: critic.exactOptional(),
  judge: judge.exactOptional(),
  unread: z
    .array(z.object({ name: z.enum(ASKED_NAMES), turn: z.string(), problem: z.string() }))
    .exactOptional()
    .describe('Structures that were asked for and could not be read, also after the model was told what was wrong.'),
});
export type Structures = z.infer<typeof structures>;
