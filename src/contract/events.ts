/**
 * The events of a run: one discriminated union, appended to the run's Redis Stream in the order in which they happened.
 * Version 1. A reader that folds `turn.delta` by turn, and drops a turn's text at `turn.restarted`, holds the turn's exact text.
 */
import { z } from 'zod';
import { CONTINUATIONS } from './continuation';
import { checked, code, lineage, turnMeasures, usage } from './shapes';

const envelope = {
  v: z.literal(1),
  run_id: z.string(),
  session_id: z.string(),
  team_id: z.string(),
  /** Unix epoch, milliseconds. */
  at: z.number(),
};

/**
 * Events of a turn. `model` is the one that was asked last, absent where none was, and in events of versions before it;
 * `epoch` numbers the attempts; `index` numbers the turn's events over all attempts, from 0 and without a
 * gap, so that a reader can prove that none is lost or repeated.
 */
const ofTurn = {
  ...envelope,
  turn: z.string(),
  role: z.string(),
  label: z.string(),
  model: z.string().optional(),
  epoch: z.number().int(),
  index: z.number().int(),
};

const totals = { turns: z.number().int(), usage, cost_usd: z.number().nullable() };

export const runEvent = z.discriminatedUnion('type', [
  z.object({
    ...envelope,
    type: z.literal('run.started'),
    swarm_id: z.string(),
    message: z.string(),
    forked_from: lineage.optional(),
  }),
  /** The run waits until the runs of its session that came before have ended. */
  z.object({ ...envelope, type: z.literal('run.queued'), behind: z.array(z.string()) }),
  z.object({ ...ofTurn, type: z.literal('turn.started'), model: z.string(), gateway: z.string() }),
  /** `offset` counts UTF-16 units of the turn's text before this piece. */
  z.object({ ...ofTurn, type: z.literal('turn.delta'), text: z.string(), offset: z.number().int() }),
  /** The turn waits without holding a worker slot; `until` is when it goes on (Unix epoch, milliseconds). */
  z.object({ ...ofTurn, type: z.literal('turn.waiting'), reason: code, message: z.string(), until: z.number() }),
  z.object({
    ...ofTurn,
    type: z.literal('turn.rerouted'),
    from: z.string(),
    to: z.string(),
    reason: code,
    message: z.string(),
  }),
  /** A new attempt goes on after `offset` UTF-16 units of text that an earlier one left; nothing is repeated. */
  z.object({
    ...ofTurn,
    type: z.literal('turn.resumed'),
    offset: z.number().int(),
    model: z.string(),
    how: z.enum(CONTINUATIONS),
  }),
  /** A new attempt starts from nothing: drop the turn's text, `dropped` UTF-16 units of it. */
  z.object({ ...ofTurn, type: z.literal('turn.restarted'), dropped: z.number().int(), model: z.string() }),
  z.object({
    ...ofTurn,
    type: z.literal('turn.completed'),
    ...turnMeasures,
    length: z.number().int(),
  }),
  /** The turn ended without an answer; text that was shown stays, with what it is known to have used. */
  z.object({
    ...ofTurn,
    type: z.literal('turn.failed'),
    code,
    message: z.string(),
    usage: usage.optional(),
    cost_usd: z.number().nullable().optional(),
  }),
  /** A person is asked; the run goes on when the gate is approved or rejected. `about` names the turn that is to be judged. */
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
    gate: z.string(),
    decision: z.enum(['approved', 'rejected']),
    reason: z.string(),
  }),
  /** A person's guidance, which every turn that begins from now on is told. `interrupted` names the turns that were stopped for it. */
  z.object({
    ...envelope,
    type: z.literal('message.injected'),
    number: z.number().int(),
    guidance: z.string(),
    interrupted: z.array(z.string()),
  }),
  /** No new turn begins until `run.resumed`; turns that speak finish. */
  z.object({ ...envelope, type: z.literal('run.paused'), number: z.number().int() }),
  z.object({ ...envelope, type: z.literal('run.resumed'), number: z.number().int() }),
  /** The code of a turn, which `about` names, is executed: its program, the examples of the request, and its own tests. */
  z.object({ ...envelope, type: z.literal('check.started'), about: z.string(), language: z.string() }),
  z.object({ ...envelope, type: z.literal('check.passed'), ...checked }),
  /** Also where nothing could be executed; `reason` then says why. */
  z.object({ ...envelope, type: z.literal('check.failed'), ...checked }),
  z.object({ ...envelope, type: z.literal('run.completed'), ...totals, answers: z.array(z.string()) }),
  z.object({ ...envelope, type: z.literal('run.failed'), ...totals, code, message: z.string() }),
  z.object({ ...envelope, type: z.literal('run.cancelled'), ...totals, code, message: z.string() }),
]);

export type RunEvent = z.infer<typeof runEvent>;
export type RunEventType = RunEvent['type'];

/** An event with its place in the stream. */
export interface PlacedEvent {
  cursor: string;
  event: RunEvent;
}

/** Whether nothing comes after this event. */
export function isTerminal(event: RunEvent): boolean {
  return event.type === 'run.completed' || event.type === 'run.failed' || event.type === 'run.cancelled';
}

export type OfTurn = Extract<RunEvent, { turn: string }>;
type Envelope = 'v' | 'run_id' | 'session_id' | 'team_id' | 'at';
type Distribute<E, Keys extends PropertyKey> = E extends unknown ? Omit<E, Keys> : never;

/** What a turn says; its publisher adds the envelope and the numbering. */
export type TurnNews = Distribute<OfTurn, Envelope | 'turn' | 'role' | 'label' | 'epoch' | 'index'>;

/** What a run says about itself. */
export type RunNews = Distribute<Exclude<RunEvent, OfTurn>, Envelope>;
