/** A turn as the page shows it: the contract's snapshot, and beside it what happened on the way. */
import { signal, type Signal } from '@preact/signals';
import type { OfTurn, RunEvent, TurnSnapshot } from '../../contract';

/** What a person is told of a turn's way: waits, other models, new attempts. */
export type Note = Extract<
  RunEvent,
  { type: 'turn.waiting' | 'turn.rerouted' | 'turn.resumed' | 'turn.restarted' | 'turn.failed' }
>;

/** Takes a turn's text as it comes. */
export interface TextListener {
  append(text: string): void;
  /** An earlier attempt's text is void. */
  reset(): void;
  /** Text from here on is a later attempt's. */
  resumed(): void;
  finish(): void;
}

export interface TurnView {
  snapshot: TurnSnapshot;
  notes: Note[];
  /** Texts that restarts have made void. */
  dropped: string[];
  /** Offsets at which later attempts went on, in UTF-16 units. */
  resumedAt: number[];
  startedAt: number;
  firstTextAt?: number;
  completed?: Extract<RunEvent, { type: 'turn.completed' }>;
  /** UTF-16 units of text by half second (Unix epoch, milliseconds). */
  pace: Map<number, number>;
  listeners: Set<TextListener>;
  /** Counts changes; at most one a frame. */
  version: Signal<number>;
}

export const PACE_MS = 500;
/** Of an answer in English; only until the gateway reports the true count. */
const UNITS_PER_TOKEN = 4;

export function newTurnView(snapshot: TurnSnapshot, at: number): TurnView {
  return {
    snapshot,
    notes: [],
    dropped: [],
    resumedAt: [],
    startedAt: at,
    pace: new Map(),
    listeners: new Set(),
    version: signal(0),
  };
}

/** Takes note of an event that the snapshot has folded; `before` is the text that the turn had until then. */
export function takeNote(view: TurnView, event: OfTurn, before: string): void {
  switch (event.type) {
    case 'turn.delta':
      return noteText(view, event);
    case 'turn.resumed':
      view.notes.push(event);
      view.resumedAt.push(event.offset);
      return view.listeners.forEach((listener) => listener.resumed());
    case 'turn.restarted':
      view.notes.push(event);
      if (before) view.dropped.push(before);
      view.resumedAt = [];
      return view.listeners.forEach((listener) => listener.reset());
    case 'turn.waiting':
    case 'turn.rerouted':
      view.notes.push(event);
      return;
    case 'turn.failed':
      view.notes.push(event);
      return view.listeners.forEach((listener) => listener.finish());
    case 'turn.completed':
      view.completed = event;
      return view.listeners.forEach((listener) => listener.finish());
    case 'turn.started':
  }
}

function noteText(view: TurnView, { at, text }: Extract<RunEvent, { type: 'turn.delta' }>): void {
  view.firstTextAt ??= at;
  const bucket = Math.floor(at / PACE_MS) * PACE_MS;
  view.pace.set(bucket, (view.pace.get(bucket) ?? 0) + text.length);
  view.listeners.forEach((listener) => listener.append(text));
}

/** The wait that a turn is in. */
export function currentWait({ snapshot, notes }: TurnView): Extract<Note, { type: 'turn.waiting' }> | undefined {
  if (snapshot.status !== 'waiting') return undefined;
  const last = notes[notes.length - 1];
  return last?.type === 'turn.waiting' ? last : undefined;
}

/** Tokens of the answer; `exact` once the gateway has counted them. */
export function tokensOf({ snapshot }: TurnView): { tokens: number; exact: boolean } {
  if (snapshot.usage) return { tokens: snapshot.usage.completion_tokens, exact: !snapshot.usage.estimated };
  return { tokens: Math.ceil(snapshot.text.length / UNITS_PER_TOKEN), exact: false };
}

/** UTF-16 units that one token of this turn has. */
export function unitsPerToken({ snapshot }: TurnView): number {
  const tokens = snapshot.usage?.completion_tokens ?? 0;
  return tokens > 0 && snapshot.text.length > 0 ? snapshot.text.length / tokens : UNITS_PER_TOKEN;
}
