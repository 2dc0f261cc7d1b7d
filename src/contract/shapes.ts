/** Schemas shared by run events and API replies: turns, code checks and failures. */
import { z } from 'zod';
import { FAILURE_CODES } from './failures';

export const code = z.enum(FAILURE_CODES);

/** A failure as shown to callers; `message` is one sentence that says what to do, if that is known. */
export const failure = z.object({ code, message: z.string() });

/** The run, session and team of an event. */
export const runScope = z.object({
  run_id: z
    .string()
    .describe('The run whose stream the events go to: for a child workflow the run that a caller started.'),
  session_id: z.string(),
  team_id: z
    .string()
    .describe('The swarm that is at work: in the events of a run of several swarms the swarm of the stage.'),
});

/** A turn's id, its role and its display name. */
export const speaker = z.object({ turn: z.string(), role: z.string(), label: z.string() });

/** A stage of a composition's run, as referred to by its turns. */
const turnStage = z.object({
  id: z.string().describe('Its name in results, at gates and in forks, such as `implement-2`.'),
  plan: z.string().describe("Its name in the run's graph, such as `implement`: a stage that comes again has one plan."),
  round: z.number().int().describe('1 at first; counts how often the stage came.'),
  within: z
    .array(z.string())
    .exactOptional()
    .describe('The stages around it, outermost first, where stages are nested.'),
});
export type TurnStage = z.infer<typeof turnStage>;

/** What a turn produces instead of prose: a program that is executed and may be replaced by a better one, or data for the run. */
const turnYield = z.enum(['draft', 'data']);
export type TurnYield = z.infer<typeof turnYield>;

/**
 * The position of a turn in its run. Readers must use these fields and not parse the turn's id.
 */
export const turnPlace = z.object({
  stage: turnStage.nullable().describe('Null in a run of one swarm.'),
  step: z.string().describe("The step of the swarm's pattern, as in the run's graph."),
  round: z.number().int().exactOptional().describe('Where the step comes in rounds: which one, 1 at first.'),
  try: z.number().int().describe('2 and more where the turn was stopped for guidance and begins again.'),
  retry_of: z.string().exactOptional().describe("The id of the turn's first try, where this is a later one."),
  yields: turnYield.exactOptional().describe('Absent where it is prose.'),
});
export type TurnPlace = z.infer<typeof turnPlace>;

/** A turn with its place. */
export const placedTurn = speaker.extend({ place: turnPlace });

/** The source of a forked run, or of a turn in it. */
export const lineage = z.object({
  run_id: z.string(),
  from: z.string().describe('The turn or stage that was changed.'),
});

/** Token counts reported by the gateway. */
export const usage = z.object({
  prompt_tokens: z.number(),
  completion_tokens: z.number(),
  cached_tokens: z.number().optional(),
  /** Set if the gateway reported no counts. */
  estimated: z.boolean().optional(),
});

/** Properties and measurements of a finished turn. */
export const turnMeasures = {
  model: z.string().describe('The model that the gateway says has answered.'),
  gateway: z.string(),
  finish_reason: z.string().describe('As the gateway gives it.'),
  truncated: z.boolean().describe('Whether the answer ended at the token limit.'),
  shortened_by: z
    .string()
    .exactOptional()
    .describe('The setting, or the field of the request, whose budget paid for no longer answer.'),
  bounded: z
    .boolean()
    .exactOptional()
    .describe('Set where the answer was longer than four megabytes, of which the rest was not taken.'),
  usage,
  booked_tokens: z.number().exactOptional().describe('Tokens of all calls of the turn, as budgets count them.'),
  cost_usd: z
    .number()
    .nullable()
    .describe('All calls of the turn, as reported or by price; null when the price of one is unknown.'),
  cost_estimated: z
    .boolean()
    .exactOptional()
    .describe('Set when a call broke off, and what it cost is not known for certain.'),
  cached: z.boolean().exactOptional().describe('Set when the answer came out of the cache: no model was called.'),
  gateway_option: z.string().exactOptional().describe('Which of its own targets the gateway used, where it says so.'),
  duration_ms: z.number().describe('From when the turn was scheduled to its end.'),
  first_token_ms: z.number().nullable().describe("From the last attempt's request to its first token."),
  attempts: z.number().int().describe('1 when nothing went wrong.'),
  reused_from: z
    .string()
    .exactOptional()
    .describe('In a forked run: where the result was taken over from, without a call.'),
};

/** The limit at which a program was killed. */
export const overrun = z.enum(['time', 'memory', 'output']);

/** Result of an execution: numbers of passed and failed checks, errors (bounded), and the program's output. */
export const checked = {
  about: z.string().describe('The turn whose code it is.'),
  language: z.string(),
  executed: z.boolean(),
  reason: z.string().exactOptional(),
  killed: overrun.exactOptional(),
  passed: z.number().int(),
  failed: z.number().int(),
  errors: z.array(z.string()),
  output: z.string(),
  ms: z.number(),
};
