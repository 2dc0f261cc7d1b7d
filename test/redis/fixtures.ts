/** Runs with random names, voices that write to them, and what a reader makes of the result. */
import { randomUUID } from 'node:crypto';
import type { OfTurn, PlacedEvent, RunNews, RunScope, RunSnapshot, TurnNews, TurnResult } from '../../src/contract';
import { emptySnapshot, foldEvent } from '../../src/contract/fold';
import { readAll, type EventReader } from '../../src/redis/events';
import { AppendRefused, type Attempt, type Effect, type Entry, type TurnStore } from '../../src/redis/turns';

export function newScope(): RunScope {
  return { run_id: `run-${randomUUID()}`, session_id: `session-${randomUUID()}`, team_id: 'debate-swarm' };
}

export function entryOf(scope: RunScope, turn: string, epoch: number, index: number, news: TurnNews, effect?: Effect) {
  const event = { v: 1, ...scope, at: Date.now(), turn, role: 'critic', label: turn, epoch, index, ...news } as OfTurn;
  return { event, effect } satisfies Entry;
}

/** One attempt at a turn that counts its own indexes and offsets. */
export interface Voice {
  readonly attempt: Attempt;
  readonly text: string;
  /** The next entries, numbered on from the last ones, not yet appended. */
  deltas(...pieces: string[]): Entry[];
  tell(news: TurnNews, effect?: Effect): Entry;
  append(entries: Entry[]): Promise<void>;
  /** Appends each piece as an event, all in one call. */
  say(...pieces: string[]): Promise<void>;
}

export async function beginTurn(store: TurnStore, scope: RunScope, turn: string): Promise<Voice> {
  const attempt = await store.begin(scope.run_id, turn);
  let { text, nextIndex } = attempt;
  const tell = (news: TurnNews, effect?: Effect) => entryOf(scope, turn, attempt.epoch, nextIndex++, news, effect);
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
    tell(news, effect) {
      if (effect && 'drop' in effect) text = '';
      return tell(news, effect);
    },
    async append(entries) {
      const [first] = entries as { event: OfTurn }[];
      await store.append(scope.run_id, turn, attempt, first?.event.index ?? nextIndex, entries);
    },
    say: (...pieces) => voice.append(voice.deltas(...pieces)),
  };
  return voice;
}

export async function eventsOf(reader: EventReader, runId: string): Promise<PlacedEvent[]> {
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

/** Why the store refused; `taken` when it did not. */
export async function verdictOf(append: Promise<unknown>): Promise<AppendRefused['reason'] | 'taken'> {
  try {
    await append;
    return 'taken';
  } catch (error) {
    if (error instanceof AppendRefused) return error.reason;
    throw error;
  }
}

export function resultOf(turn: string, text: string, more: Partial<TurnResult> = {}): TurnResult {
  return {
    turn,
    role: 'critic',
    label: turn,
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

/** What a run says when it is over. */
export const ENDINGS: Record<'completed' | 'cancelled', RunNews> = {
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

export const OPENING: RunNews = { type: 'run.started', swarm_id: 'debate-swarm', message: 'Why flock?' };
