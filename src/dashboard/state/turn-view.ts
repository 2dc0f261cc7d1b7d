/** The state of a turn in the page: the contract's snapshot and the turn's history. */
import { signal, type Signal } from '@preact/signals';
import type { OfTurn, RunEvent, TurnSnapshot } from '../../contract';

/** The parts of a turn's history that are shown: waits, other models, new attempts. */
export type Note = Exclude<OfTurn, { type: 'turn.started' | 'turn.delta' | 'turn.thinking' | 'turn.completed' }>;

/** Receives the text of a turn as it streams. */
export interface TextListener {
  append(text: string): void;
  /** The text of an earlier attempt is invalid. */
  reset(): void;
  /** The following text is from a later attempt. */
  resumed(): void;
  finish(): void;
}

export interface TurnView {
  snapshot: TurnSnapshot;
  notes: Note[];
  /** Texts that restarts have invalidated. */
  dropped: string[];
  /** Offsets at which later attempts continued, in UTF-16 units. */
  resumedAt: number[];
  startedAt: number;
  firstTextAt?: number;
  /** When the turn ended, by itself or with its run. */
  endedAt?: number;
  completed?: Extract<RunEvent, { type: 'turn.completed' }>;
  /** The number of UTF-16 units received in each half second (Unix epoch, milliseconds). */
  pace: Map<number, number>;
  listeners: Set<TextListener>;
  /** Incremented on changes, at most once per frame. */
  version: Signal<number>;
}

export const PACE_MS = 500;
/** The average of English text; used only until the gateway reports the actual count. */
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

/** Records an event that has been folded into the snapshot; `before` is the turn's text before the event. */
export function takeNote(view: TurnView, event: OfTurn, before: string): void {
  switch (event.type) {
    case 'turn.delta':
      return noteText(view, event);
    case 'turn.resumed':
      view.notes.push(event);
      view.resumedAt.push(event.offset);
      return view.listeners.forEach((listener) => listener.resumed());
    case 'turn.restarted':
      return noteRestart(view, event, before);
    case 'turn.failed':
      view.notes.push(event);
      view.endedAt = event.at;
      return view.listeners.forEach((listener) => listener.finish());
    case 'turn.completed':
      view.completed = event;
      view.endedAt = event.at;
      return view.listeners.forEach((listener) => listener.finish());
    case 'turn.waiting':
    case 'turn.rerouted':
      view.notes.push(event);
      return;
    // a later version may publish events that this page does not know
    default:
  }
}

/** Text that turned out to be reasoning is shown as reasoning: this is not a new attempt. */
function noteRestart(view: TurnView, event: Extract<Note, { type: 'turn.restarted' }>, before: string): void {
  if (event.why !== 'thinking') {
    view.notes.push(event);
    if (before) view.dropped.push(before);
  }
  view.resumedAt = [];
  view.listeners.forEach((listener) => listener.reset());
}

function noteText(view: TurnView, { at, text }: Extract<RunEvent, { type: 'turn.delta' }>): void {
  view.firstTextAt ??= at;
  const bucket = Math.floor(at / PACE_MS) * PACE_MS;
  view.pace.set(bucket, (view.pace.get(bucket) ?? 0) + text.length);
  view.listeners.forEach((listener) => listener.append(text));
}

/** The current wait of a turn. */
export function currentWait({ snapshot, notes }: TurnView): Extract<Note, { type: 'turn.waiting' }> | undefined {
  if (snapshot.status !== 'waiting') return undefined;
  const last = notes[notes.length - 1];
  return last?.type === 'turn.waiting' ? last : undefined;
}

/** Tokens of the answer; `exact` once the gateway has reported them. */
export function countTokens({ snapshot }: TurnView): { tokens: number; exact: boolean } {
  if (snapshot.usage) return { tokens: snapshot.usage.completion_tokens, exact: !snapshot.usage.estimated };
  return { tokens: Math.ceil(snapshot.text.length / UNITS_PER_TOKEN), exact: false };
}

/** The number of UTF-16 units per token of this turn. */
export function unitsPerToken({ snapshot }: TurnView): number {
  const tokens = snapshot.usage?.completion_tokens ?? 0;
  return tokens > 0 && snapshot.text.length > 0 ? snapshot.text.length / tokens : UNITS_PER_TOKEN;
}
