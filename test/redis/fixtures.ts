/** Runs with random names, writers of their turns, and helpers to read the result. */
import { randomUUID } from 'node:crypto';
import type {
  OfTurn,
  PlacedEvent,
  RunPayload,
  RunScope,
  RunSnapshot,
  TurnPayload,
  TurnResult,
} from '../../src/contract';
import { emptySnapshot, foldEvent } from '../../src/events/fold';
import { readAll, type EventReader } from '../../src/redis/events';
import { PLACE } from '../support/events';
import { AppendRefused, type AttemptRecord, type Effect, type Entry, type TurnStore } from '../../src/redis/turns';

export function newScope(): RunScope {
  return { run_id: `run-${randomUUID()}`, session_id: `session-${randomUUID()}`, team_id: 'debate-swarm' };
}

function readEntry(scope: RunScope, turn: string, epoch: number, index: number, payload: TurnPayload, effect?: Effect) {
  const envelope = { v: 1, ...scope, at: Date.now(), turn, role: 'critic', label: turn, epoch, index } as const;
  const event = { ...envelope, ...(index === 0 ? { place: PLACE } : {}), ...payload } as OfTurn;
  return { event, effect } satisfies Entry;
}

/** One attempt at a turn that counts its own indexes and offsets. */
export interface Voice {
  readonly attempt: AttemptRecord;
  readonly text: string;
  /** Returns the next entries, with consecutive indexes, without appending them. */
  deltas(...pieces: string[]): Entry[];
  tell(payload: TurnPayload, effect?: Effect): Entry;
  append(entries: Entry[]): Promise<void>;
  /** Appends each piece as an event, all in one call. */
  say(...pieces: string[]): Promise<void>;
}

export async function beginTurn(store: TurnStore, scope: RunScope, turn: string): Promise<Voice> {
  const attempt = await store.begin(scope.run_id, turn);
  let { text, nextIndex } = attempt;
  const tell = (payload: TurnPayload, effect?: Effect) =>
    readEntry(scope, turn, attempt.epoch, nextIndex++, payload, effect);
  const voice: Voice = {
    attempt,
    get text() {
      return text;
    },
    deltas: (...pieces) =>
      pieces.map((piece) => {
        const entry = tell({ type: 'turn.delta', text: piece, offset: text.length }, { add: piece });
        text += piece;
        return entry;
      }),
    tell(payload, effect) {
      if (effect && 'drop' in effect) text = '';
      return tell(payload, effect);
    },
    async append(entries) {
      const [first] = entries as { event: OfTurn }[];
      await store.append(scope.run_id, turn, attempt, first?.event.index ?? nextIndex, entries);
    },
    say: (...pieces) => voice.append(voice.deltas(...pieces)),
  };
  return voice;
}

export async function listEvents(reader: EventReader, runId: string): Promise<PlacedEvent[]> {
  const events: PlacedEvent[] = [];
  for await (const placed of readAll(reader, runId)) events.push(placed);
  return events;
}

export function fold(events: readonly PlacedEvent[]): RunSnapshot {
  const run = emptySnapshot();
  for (const { event } of events) foldEvent(run, event);
  return run;
}

export function foldedText(events: readonly PlacedEvent[], turn: string): string | undefined {
  return fold(events).turns.find((snapshot) => snapshot.turn === turn)?.text;
}

/** Cursors `<generation>-<from>` to `<generation>-<to>`. */
export function cursors(generation: string, from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, i) => `${generation}-${from + i}`);
}

/** Returns why the store rejected the append; `taken` if it did not. */
export async function readVerdict(append: Promise<unknown>): Promise<AppendRefused['reason'] | 'taken'> {
  try {
    await append;
    return 'taken';
  } catch (error) {
    if (error instanceof AppendRefused) return error.reason;
    throw error;
  }
}

export function readResult(turn: string, text: string, more: Partial<TurnResult> = {}): TurnResult {
  return {
    turn,
    role: 'critic',
    label: turn,
    place: PLACE,
    model: 'some-model',
    gateway: 'gateway',
    text,
    finish_reason: 'stop',
    truncated: false,
    usage: { prompt_tokens: 10, completion_tokens: 5 },
    cost_usd: 0.001,
    duration_ms: 12,
    first_token_ms: 3,
    attempts: 1,
    ...more,
  };
}

/** Events that end a run. */
export const ENDINGS: Record<'completed' | 'cancelled', RunPayload> = {
  completed: {
    type: 'run.completed',
    turns: 0,
    usage: { prompt_tokens: 0, completion_tokens: 0 },
    cost_usd: 0,
    answers: [],
  },
  cancelled: {
    type: 'run.cancelled',
    turns: 0,
    usage: { prompt_tokens: 0, completion_tokens: 0 },
    cost_usd: 0,
    code: 'CANCELLED',
    message: 'The run was cancelled.',
  },
};

export const OPENING: RunPayload = { type: 'run.started', swarm_id: 'debate-swarm', message: 'Why flock?' };
