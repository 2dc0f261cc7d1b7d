/** The state of a run in the page, folded from its events; all views of a run share it. */
import { signal, type Signal } from '@preact/signals';
import { emptySnapshot, foldEvent } from '../../events/fold';
import type { Failure, PlacedEvent, RunEvent, RunSnapshot } from '../../contract';
import type { RunView as RunReply } from '../../contract/replies';
import { inNextFrame } from './frame-loop';
import { newTurnView, takeNote, type TurnView } from './turn-view';

/** `live`: events are arriving or have arrived. */
type Phase = 'loading' | 'live' | 'unknown' | 'failed';

export interface DashboardRun {
  readonly id: string;
  snapshot: RunSnapshot;
  cursor: string;
  /** In order of appearance. */
  turns: Signal<TurnView[]>;
  phase: Signal<Phase>;
  /** Why the phase is `failed`. */
  failure?: Failure;
  description: Signal<RunReply | undefined>;
  /** The run's session, from its first event. */
  sessionId?: string;
  /** Incremented when anything in the run changes, at most once per frame. */
  version: Signal<number>;
}

export const EMPTY_RUN_VIEW = '0';

export function newRunView(id: string): DashboardRun {
  return {
    id,
    snapshot: emptySnapshot(),
    cursor: EMPTY_RUN_VIEW,
    turns: signal([]),
    phase: signal('loading'),
    description: signal(undefined),
    version: signal(0),
  };
}

/** Discards the folded state after the stream was replaced; the known events follow after the cursor. */
export function resetRunView(view: DashboardRun, cursor: string): void {
  view.snapshot = emptySnapshot();
  view.cursor = cursor;
  view.turns.value = [];
  touch(view);
}

/** Folds an event. Returns false if events before it are missing: the caller then follows again from the cursor. */
export function addEvent(view: DashboardRun, { cursor, event }: PlacedEvent): boolean {
  const place = placeAfter(view.cursor, cursor);
  if (place === 'known') return true;
  if (place === 'gap') return false;
  const known = 'turn' in event ? view.turns.peek().find(({ snapshot }) => snapshot.turn === event.turn) : undefined;
  const before = known && event.type === 'turn.restarted' ? known.snapshot.text : '';
  foldEvent(view.snapshot, event);
  view.cursor = cursor;
  view.sessionId ??= event.session_id;
  if (view.phase.peek() !== 'live') view.phase.value = 'live';
  if ('turn' in event) noteTurn(view, event, known, before);
  else if (view.snapshot.ended_at) noteEnd(view);
  touch(view);
  return true;
}

/** The end of a run also ends its open turns. */
function noteEnd(view: DashboardRun): void {
  for (const turn of view.turns.peek()) {
    if (view.snapshot.ended_at !== undefined) turn.endedAt ??= view.snapshot.ended_at;
    inNextFrame(findBump(turn.version));
  }
}

function noteTurn(
  view: DashboardRun,
  event: Extract<RunEvent, { turn: string }>,
  known: TurnView | undefined,
  before: string,
): void {
  let turn = known;
  if (!turn) {
    const snapshot = view.snapshot.turns.find(({ turn: id }) => id === event.turn);
    if (!snapshot) return;
    turn = newTurnView(snapshot, event.at);
    view.turns.value = [...view.turns.peek(), turn];
  }
  takeNote(turn, event, before);
  const { version } = turn;
  inNextFrame(findBump(version));
}

/** Cursors are `<generation>-<seq>`, and seq increases without gaps. */
function placeAfter(last: string, next: string): 'next' | 'known' | 'gap' {
  const [generation, seq] = next.split('-');
  if (last === EMPTY_RUN_VIEW) return seq === '1' ? 'next' : 'gap';
  const [lastGeneration, lastSeq] = last.split('-');
  if (generation !== lastGeneration) return 'gap';
  const step = Number(seq) - Number(lastSeq);
  if (step <= 0) return 'known';
  return step === 1 ? 'next' : 'gap';
}

const bumps = new WeakMap<Signal<number>, () => void>();

/** Returns the same function for the same counter, so that it runs once per frame. */
function findBump(version: Signal<number>): () => void {
  let bump = bumps.get(version);
  if (!bump) {
    bump = () => void (version.value += 1);
    bumps.set(version, bump);
  }
  return bump;
}

export function touch(view: DashboardRun): void {
  inNextFrame(findBump(view.version));
}
