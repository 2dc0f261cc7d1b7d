/**
 * The events of a run: one discriminated union, appended in order to the run's Redis Stream. Version 1.
 * A reader that concatenates `turn.delta` by turn, and drops a turn's text at `turn.restarted`, has the turn's exact text.
 */
import { z } from 'zod';
import { checksSummary } from './checks';
import { CONTINUATIONS } from './continuation';
import { runGraph } from './graph';
import { checked, code, failure, lineage, runScope, speaker, turnMeasures, turnPlace, usage } from './shapes';
import { gateDecision } from './steering';

const envelope = {
  v: z.literal(1),
  ...runScope.shape,
  at: z.number().describe('Unix epoch, milliseconds.'),
};

/**
 * Events of a turn. `model` is the model asked last; absent if none was asked, and in events of versions before the field existed.
 * `epoch` numbers the attempts. `index` numbers the turn's events over all attempts, from 0 without gaps, so that a reader can detect
 * loss and repetition. `place` is only on the turn's first event, whatever its type: a snapshot keeps it, and it is not repeated with each
 * piece of text.
 */
const ofTurn = {
  ...envelope,
  ...speaker.shape,
  model: z.string().optional(),
  epoch: z.number().int(),
  index: z.number().int(),
  place: turnPlace.exactOptional().describe("On the turn's first event: where it stands in the run."),
};

const totals = { turns: z.number().int(), usage, cost_usd: z.number().nullable() };

export const runEvent = z.discriminatedUnion('type', [
  z.object({
    ...envelope,
    type: z.literal('run.started'),
    swarm_id: z.string(),
    message: z.string(),
    graph: runGraph
      .exactOptional()
      .describe('The steps that the run goes through; absent where only its result is known.'),
    forked_from: lineage.exactOptional(),
  }),
  /** The run waits until earlier runs of its session have ended. */
  z.object({ ...envelope, type: z.literal('run.queued'), behind: z.array(z.string()) }),
  z.object({ ...ofTurn, type: z.literal('turn.started'), model: z.string(), gateway: z.string() }),
  /** `offset` counts UTF-16 units of the turn's text before this piece. */
  z.object({ ...ofTurn, type: z.literal('turn.delta'), text: z.string(), offset: z.number().int() }),
  /**
   * Thinking of the model, which is not part of the turn's text. `offset` counts UTF-16 units of the thinking before this piece; 0 replaces
   * the thinking of an earlier call. The first 200,000 units of each call are published.
   */
  z.object({ ...ofTurn, type: z.literal('turn.thinking'), thinking: z.string(), offset: z.number().int() }),
  /** The turn waits without occupying a worker slot; `until` is when it continues (Unix time, milliseconds). */
  z.object({ ...ofTurn, type: z.literal('turn.waiting'), reason: code, message: z.string(), until: z.number() }),
  z.object({
    ...ofTurn,
    type: z.literal('turn.rerouted'),
    from: z.string(),
    to: z.string(),
    reason: code,
    message: z.string(),
  }),
  /** A new attempt continues after `offset` UTF-16 units of an earlier attempt's text; nothing is repeated. */
  z.object({
    ...ofTurn,
    type: z.literal('turn.resumed'),
    offset: z.number().int(),
    model: z.string(),
    how: z.enum(CONTINUATIONS),
  }),
  /**
   * A new attempt starts over: drop the turn's text, `dropped` UTF-16 units. With `why: thinking` there is no new attempt: a marker after
   * the text has shown that all of it was thinking, and it follows as `turn.thinking`.
   */
  z.object({
    ...ofTurn,
    type: z.literal('turn.restarted'),
    dropped: z.number().int(),
    model: z.string(),
    why: z.literal('thinking').optional(),
  }),
  z.object({
    ...ofTurn,
    type: z.literal('turn.completed'),
    ...turnMeasures,
    length: z.number().int(),
  }),
  /** The turn ended without an answer. Published text stays; usage and cost are given if known. */
  z.object({
    ...ofTurn,
    type: z.literal('turn.failed'),
    code,
    message: z.string(),
    usage: usage.optional(),
    cost_usd: z.number().nullable().optional(),
  }),
  /** A person is asked; the run continues once the gate is approved or rejected. `about` names the turn to be judged. */
  z.object({
    ...envelope,
    type: z.literal('gate.opened'),
    gate: z.string(),
    question: z.string(),
    about: z.string().nullable(),
  }),
  z.object({
    ...envelope,
    type: z.literal('gate.resolved'),
    ...gateDecision.shape,
  }),
  /** A person's guidance, added to the prompt of every later turn. `interrupted` names the turns that it cancelled. */
  z.object({
    ...envelope,
    type: z.literal('message.injected'),
    number: z.number().int(),
    guidance: z.string(),
    interrupted: z.array(z.string()),
  }),
  /** No new turn begins until `run.resumed`; running turns finish. */
  z.object({ ...envelope, type: z.literal('run.paused'), number: z.number().int() }),
  z.object({ ...envelope, type: z.literal('run.resumed'), number: z.number().int() }),
  /** The code of the turn named in `about` is executed: its program, the examples of the request, and its own tests. */
  z.object({ ...envelope, type: z.literal('check.started'), about: z.string(), language: z.string() }),
  z.object({ ...envelope, type: z.literal('check.passed'), ...checked }),
  /** Also published if nothing could be executed; `reason` then says why. */
  z.object({ ...envelope, type: z.literal('check.failed'), ...checked }),
  z.object({
    ...envelope,
    type: z.literal('run.completed'),
    ...totals,
    answers: z.array(z.string()),
    checks_summary: checksSummary.exactOptional().describe('The checks of the code of the answer, if it is code.'),
  }),
  z.object({ ...envelope, type: z.literal('run.failed'), ...totals, ...failure.shape }),
  z.object({ ...envelope, type: z.literal('run.cancelled'), ...totals, ...failure.shape }),
]);

export type RunEvent = z.infer<typeof runEvent>;
export type RunEventType = RunEvent['type'];

/** An event with its position in the stream. */
export interface PlacedEvent {
  cursor: string;
  event: RunEvent;
}

/** Whether this event ends the run. */
export function isTerminal(event: RunEvent): boolean {
  return event.type === 'run.completed' || event.type === 'run.failed' || event.type === 'run.cancelled';
}

export type OfTurn = Extract<RunEvent, { turn: string }>;
type Envelope = 'v' | 'run_id' | 'session_id' | 'team_id' | 'at';
type Distribute<E, Keys extends PropertyKey> = E extends unknown ? Omit<E, Keys> : never;

/** The payload of a turn's event; the publisher adds the envelope and numbering. */
export type TurnPayload = Distribute<OfTurn, Envelope | 'turn' | 'role' | 'label' | 'epoch' | 'index' | 'place'>;

/** The payload of an event of the run itself. */
export type RunPayload = Distribute<Exclude<RunEvent, OfTurn>, Envelope>;
