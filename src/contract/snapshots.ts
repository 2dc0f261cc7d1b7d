/** The state of a run as known from its events: the result of the fold, returned by `GET /runs/{id}`. */
import { z } from 'zod';
import { checksSummary } from './checks';
import { runGraph } from './graph';
import { runStatus } from './runs';
import { checked, code, failure, lineage, placedTurn, usage } from './shapes';

/** The state of a turn as known from its events. */
export const turnSnapshot = z.object({
  ...placedTurn.shape,
  team_id: z.string(),
  status: z.enum(['running', 'waiting', 'completed', 'failed']),
  model: z.string(),
  gateway: z.string(),
  text: z.string(),
  thinking: z.string().exactOptional().describe('What the last call has thought, which is no part of the text.'),
  attempts: z.number().int(),
  usage: usage.exactOptional(),
  cost_usd: z.number().nullable().exactOptional(),
  duration_ms: z.number().exactOptional(),
  finish_reason: z.string().exactOptional().describe('Why the answer ended.'),
  truncated: z.boolean().exactOptional().describe('Whether the answer was cut off.'),
  shortened_by: z.string().exactOptional().describe('The budget that cut it off, where one did.'),
  waiting: z
    .object({ reason: code, until: z.number() })
    .exactOptional()
    .describe('While it waits: for what, and until when (Unix epoch, milliseconds).'),
  reused_from: z.string().exactOptional().describe('The run from which the result was taken over, without a call.'),
  failure: failure.exactOptional(),
  next_index: z.number().int().describe("The index that the turn's next event must have."),
});
export type TurnSnapshot = z.infer<typeof turnSnapshot>;

/** Guidance that a person gave during the run. */
export const guidanceSnapshot = z.object({
  number: z.number().int(),
  content: z.string(),
  at: z.number(),
  interrupted: z
    .array(z.string())
    .exactOptional()
    .describe('The turns that were stopped for it, where there were some.'),
});

/** A question to a person, and the decision. */
export const gateSnapshot = z.object({
  gate: z.string(),
  question: z.string(),
  about: z.string().nullable().describe('The turn that is to be judged, where there is one.'),
  opened_at: z.number(),
  status: z.enum(['open', 'approved', 'rejected']),
  reason: z.string().exactOptional(),
  resolved_at: z.number().exactOptional(),
});
export type GateSnapshot = z.infer<typeof gateSnapshot>;

const { about, language, ...measured } = checked;
/** The execution of a turn's code; `passed` and `failed` count its checks. Measurements are present only after it has ended. */
export const checkSnapshot = z.object({
  about,
  language,
  status: z.enum(['running', 'passed', 'failed']),
  started_at: z.number().describe('Unix epoch, milliseconds, as all times of a snapshot.'),
  ended_at: z.number().exactOptional(),
  executed: measured.executed.exactOptional(),
  reason: measured.reason,
  killed: measured.killed,
  passed: measured.passed.exactOptional(),
  failed: measured.failed.exactOptional(),
  errors: measured.errors.exactOptional(),
  output: measured.output.exactOptional(),
  ms: measured.ms.exactOptional(),
});
export type CheckSnapshot = z.infer<typeof checkSnapshot>;

/** The state of a run as known from its events. */
export const runSnapshot = z.object({
  status: runStatus.nullable().describe('Null before `run.started`.'),
  swarm_id: z.string().exactOptional(),
  message: z.string().exactOptional(),
  graph: runGraph.exactOptional(),
  forked_from: lineage.exactOptional(),
  queued_behind: z
    .array(z.string())
    .exactOptional()
    .describe('The runs of its session that it waits for, until its first turn begins.'),
  started_at: z.number().exactOptional(),
  ended_at: z.number().exactOptional(),
  turns: z.array(turnSnapshot),
  answers: z.array(z.string()),
  failure: failure.exactOptional(),
  usage: usage.exactOptional().describe('What the whole run has used, from its last event.'),
  cost_usd: z.number().nullable().exactOptional(),
  checks_summary: checksSummary.exactOptional().describe('The checks of the code of the answer, if it is code.'),
  paused: z.boolean().describe('Whether a person holds back new turns.'),
  holds: z
    .array(z.object({ from: z.number(), to: z.number().exactOptional() }))
    .describe('When people paused the run, and resumed it (Unix epoch, milliseconds).'),
  pauses: z.number().int().describe('The number of the last pause; 0 when there was none.'),
  gates: z.array(gateSnapshot),
  guidance: z.array(guidanceSnapshot),
  checks: z.array(checkSnapshot),
});
export type RunSnapshot = z.infer<typeof runSnapshot>;
