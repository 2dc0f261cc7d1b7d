/** Schemas of the API's replies about runs. Routes declare them, `GET /openapi.json` is generated from them, and tests check replies. */
import { z } from 'zod';
import { checksSummary, verification } from './checks';
import { turnPrompt } from './fork';
import { runGraph } from './graph';
import { STANCES } from './names';
import { runState, runStatus, stageResult, verdict } from './runs';
import { failure, lineage, runScope, usage } from './shapes';
import { checkSnapshot, gateSnapshot, guidanceSnapshot, turnSnapshot } from './snapshots';
import { gateDecision, guidanceAnswer, pauseAnswer } from './steering';
import { judge, structures } from './structures';
import { turnFailure, turnResult } from './turns';

/** Every error reply; it may also contain the failed run and its partial result. */
export const errorReply = z.looseObject({ error: failure, detail: z.string() });

/** The answer or the failure of one swarm of `POST /swarms/multi`. */
const teamAnswer = z.union([
  z.object({ content: z.string(), model: z.string(), team: z.string() }),
  z.object({ error: failure }),
]);

const answers = z.object({
  responses: z.array(z.string()),
  answers: z.array(z.string()).describe('The turns whose texts the responses are.'),
  failures: z.array(turnFailure),
  usage,
  cost_usd: z.number().nullable(),
  verification: verification.nullable(),
  ...structures.shape,
  stages: z.array(stageResult).exactOptional(),
  results: z.record(z.string(), teamAnswer).exactOptional(),
});

/** The reply for a run that completed while its caller waited. */
export const runReply = z.object({
  ...runScope.shape,
  status: z.literal('complete'),
  turns: z.array(turnResult),
  ...answers.shape,
});
export type RunReply = z.infer<typeof runReply>;

/** The reply for a run that is still running. */
export const acceptedReply = z.object({
  ...runScope.shape,
  status: z.literal('running'),
  events: z.string().describe('The address of its events.'),
});

/** What a run is doing, or how it ended, as shown to people. */
const shownState = z.object({
  state: runState,
  state_label: z
    .string()
    .describe('The state in words, with its numbers: `Queued behind 2 runs`, `Completed, 1 of 10 checks failed`.'),
  waiting_until: z
    .number()
    .nullable()
    .describe('In the state `waiting`: when it continues (Unix epoch, milliseconds).'),
  needs_approval: z.boolean().describe('Whether the run waits for a decision of a person.'),
  queued_behind: z
    .array(z.string())
    .exactOptional()
    .describe('In the state `queued`: the runs of its session that it waits for, the active one first.'),
});
export type ShownState = z.infer<typeof shownState>;

/** A run as listed for callers. */
const runDescription = z.object({
  ...runScope.shape,
  ...shownState.shape,
  swarm_id: z.string(),
  status: runStatus,
  message: z.string().describe('The beginning of the message.'),
  started_at: z.iso.datetime(),
  ended_at: z.iso.datetime().nullable(),
  forked_from: lineage.nullable().describe('The run that this one was forked from, and the turn or stage at which.'),
  budget: z
    .object({ usd: z.number().nullable(), tokens: z.number().nullable(), calls: z.number().nullable() })
    .describe('What the run may use: US dollars, tokens and model calls; null where nothing limits it.'),
  spent: z
    .object({ usd: z.number().nullable(), tokens: z.number() })
    .nullable()
    .describe(
      'What an ended run has used: US dollars, null if the price of a call is unknown, and tokens; null before the end.',
    ),
  tags: z.array(z.string()),
  checks_summary: checksSummary
    .nullable()
    .describe('The checks of the code of the answer; null before the end, and where the answer is no code.'),
});
export type RunDescription = z.infer<typeof runDescription>;

export const runListReply = z.object({
  runs: z.array(runDescription),
  next_page: z.string().nullable().describe('Pass as `page` for what follows; null at the end.'),
});
export type RunPage = z.infer<typeof runListReply>;

/** A turn of a run whose stream has expired: only its result is known. */
const finishedTurn = turnResult.extend({ status: z.literal('completed') });

/** The conclusion of a debate or of a review in short; the records are in `debate`, `judge`, `critic` and `stages`. */
const conclusion = z.object({
  decision: judge.shape.decision.nullable().describe('What the judge decided.'),
  confidence: z.number().nullable().describe("The judge's confidence, 0 to 1."),
  stance: z.enum(STANCES).nullable().describe('The stance of most voices.'),
  agreement: z.number().nullable().describe('The agreement after the last round, 0 to 1.'),
  agreed: z.boolean().nullable().describe('Whether the voices agreed in the end.'),
  dissent: z.array(z.string()).describe('The labels of the voices that dissent.'),
  review: verdict.nullable().describe('The verdict of the last review, in a run with reviews.'),
});
export type Conclusion = z.infer<typeof conclusion>;

/** A run with everything known so far; `responses` and related fields only after it has completed. */
export const runView = z.object({
  ...runDescription.shape,
  ...answers.partial().shape,
  failure: failure.exactOptional(),
  turns: z.array(z.union([turnSnapshot, finishedTurn])),
  paused: z.boolean(),
  gates: z.array(gateSnapshot),
  checks: z.array(checkSnapshot),
  guidance: z.array(guidanceSnapshot),
  graph: runGraph.exactOptional().describe('The steps that the run goes through, as in its first event.'),
  verdict: conclusion.nullable().describe('Null before a debate or a review has concluded.'),
  waited_for_people_ms: z
    .number()
    .describe('How long the run has been held by open gates and by pauses, part of its duration.'),
  temporal_ui: z.string().exactOptional(),
});
export type RunView = z.infer<typeof runView>;

/** The prompts of a run's turns. */
export const promptsReply = z.object({ run_id: z.string(), turns: z.array(turnPrompt) });
export type PromptsReply = z.infer<typeof promptsReply>;

export const forkReply = acceptedReply.extend({ forked_from: lineage });
export const cancelReply = z.object({
  run_id: z.string(),
  accepted: z.boolean(),
  status: z.enum(['cancelling', ...runStatus.options]),
});

const aboutRun = z.object({ run_id: z.string() });
export const gateReply = aboutRun.extend(gateDecision.shape);
export const guidanceReply = aboutRun.extend(guidanceAnswer.shape);
export const pauseReply = aboutRun.extend(pauseAnswer.shape);
