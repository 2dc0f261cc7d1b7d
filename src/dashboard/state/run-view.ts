/** A run as the page shows it, folded from its events; every view of one run shares one. */
import { signal, type Signal } from '@preact/signals';
import { emptySnapshot, foldEvent } from '../../contract/fold';
import type {
  Failure,
  Lineage,
  PlacedEvent,
  RunEvent,
  RunSnapshot,
  RunStatus,
  StageResult,
  TurnResult,
  Verification,
} from '../../contract';
import { inNextFrame } from './frame-loop';
import { newTurnView, takeNote, type TurnView } from './turn-view';

/** `GET /runs/:id`, as far as the page uses it. */
export interface RunDescription {
  run_id: string;
  swarm_id: string;
  session_id: string;
  status: RunStatus;
  message: string;
  started_at: string;
  ended_at: string | null;
  /** The run that this one was forked from, and the turn or stage at which. */
  forked_from: Lineage | null;
  /** What the run may use, US dollars and tokens; null where nothing limits it. */
  budget: { usd: number | null; tokens: number | null };
  /** What executing the answer's code has shown. */
  verification?: Verification | null;
  temporal_ui?: string;
  failure?: Failure;
  answers?: string[];
  stages?: StageResult[];
  turns: (TurnResult & { status: 'completed' })[];
}

/** `live`: events come or came. */
export type Phase = 'loading' | 'live' | 'unknown' | 'failed';

export interface RunView {
  readonly id: string;
  snapshot: RunSnapshot;
  cursor: string;
  /** In order of appearance. */
  turns: Signal<TurnView[]>;
  phase: Signal<Phase>;
  /** Why the phase is `failed`. */
  failure?: Failure;
  description: Signal<RunDescription | undefined>;
  /** The run's session, from its first event. */
  sessionId?: string;
  /** Counts changes of anything in the run; at most one a frame. */
  version: Signal<number>;
}

export const BEGINNING = '0';

export function newRunView(id: string): RunView {
  return {
    id,
    snapshot: emptySnapshot(),
    cursor: BEGINNING,
    turns: signal([]),
    phase: signal('loading'),
    description: signal(undefined),
    version: signal(0),
  };
}

/** Forgets what was folded, for a stream that was replaced; what is known of the run follows after the cursor. */
export function resetRunView(view: RunView, cursor: string): void {
  view.snapshot = emptySnapshot();
  view.cursor = cursor;
  view.turns.value = [];
  touch(view);
}

/** Folds an event. False when events before it are missing: the caller follows again from the cursor. */
export function addEvent(view: RunView, { cursor, event }: PlacedEvent): boolean {
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

/** The end of a run ends the turns that are open. */
function noteEnd(view: RunView): void {
  for (const { version } of view.turns.peek()) inNextFrame(bumpOf(version));
}

function noteTurn(
  view: RunView,
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
  inNextFrame(bumpOf(version));
}

/** Stream ids are `<generation>-<seq>`, and seq counts without a gap. */
function placeAfter(last: string, next: string): 'next' | 'known' | 'gap' {
  const [generation, seq] = next.split('-');
  if (last === BEGINNING) return seq === '1' ? 'next' : 'gap';
  const [lastGeneration, lastSeq] = last.split('-');
  if (generation !== lastGeneration) return 'gap';
  const step = Number(seq) - Number(lastSeq);
  if (step <= 0) return 'known';
  return step === 1 ? 'next' : 'gap';
}

const bumps = new WeakMap<Signal<number>, () => void>();

/** One function for each counter, so that a frame runs it once. */
function bumpOf(version: Signal<number>): () => void {
  let bump = bumps.get(version);
  if (!bump) {
    bump = () => void (version.value += 1);
    bumps.set(version, bump);
  }
  return bump;
}

export function touch(view: RunView): void {
  inNextFrame(bumpOf(view.version));
}
