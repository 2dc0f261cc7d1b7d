/** Relays a run's events to one reader as frames, from a cursor to the run's end. */
import type { PlacedEvent, RunEvent, RunScope } from '../contract';
import { isTerminal } from '../contract/events';
import { writeResetFrame, toFrame } from '../events/frames';
import {
  BEGINNING,
  hasEnd,
  isPlaceInRun,
  parseCursor,
  type EventReader,
  type Head,
  type Position,
} from '../redis/events';
import type { EventFollower } from '../redis/follow';
import { ApiError } from './errors';
import { isRunId, unknownRun } from './run-ids';
import type { Reconstruction } from './reconstruction';

/** Receives frames as JSON texts, each with the cursor from which a reader that has it resumes. */
export interface FrameSink {
  frame(json: string, cursor: string): void;
  /** The run has ended; no more frames follow. */
  end(): void;
}

interface Following {
  stop(): void;
}

export interface Relay {
  /** Relays a run that was just started, or is about to be. */
  fresh(runId: string, sink: FrameSink): Following;
  /**
   * Relays a run from a cursor. If the stream of that cursor has been lost, compacted or expired, the reader gets `run.reset` and then all
   * known events. Throws {@link ApiError} for an unknown run, and for a cursor that does not belong to this run.
   */
  resume(runId: string, after: string, sink: FrameSink): Promise<Following>;
  /** Sends the known events to the readers of a run that has ended without a stream. */
  conclude(runId: string): Promise<void>;
}

/** Readers of one run share the event objects, so that each frame is serialised once, however many readers there are. */
const texts = new WeakMap<RunEvent, string>();

function frameText(placed: PlacedEvent): string {
  let text = texts.get(placed.event);
  if (text === undefined) {
    text = JSON.stringify(toFrame(placed));
    texts.set(placed.event, text);
  }
  return text;
}

const NOTHING_FOLLOWS: Following = { stop: () => undefined };

export function createRelay(follower: EventFollower, history: EventReader, reconstructions: Reconstruction): Relay {
  /** Per run, the actions that end each reader if the stream will never end by itself. */
  const conclusions = new Map<string, Set<() => Promise<unknown>>>();

  function follow(runId: string, after: string, sink: FrameSink): Following {
    let cursor = after;
    const following = follower.follow(runId, after, (events) => {
      for (const placed of events) {
        const [{ generation: before }, { generation }] = [parseCursor(cursor), parseCursor(placed.cursor)];
        if (before !== BEGINNING && before !== generation) sendReset(placed.event, generation, sink);
        ({ cursor } = placed);
        sink.frame(frameText(placed), cursor);
        if (!isTerminal(placed.event)) continue;
        stop();
        return sink.end();
      }
    });
    const conclude = () => (stop(), withoutStream(runId, cursor, sink));
    const ofRun = conclusions.get(runId) ?? new Set();
    conclusions.set(runId, ofRun.add(conclude));
    function stop() {
      following.stop();
      ofRun.delete(conclude);
      if (ofRun.size === 0 && conclusions.get(runId) === ofRun) conclusions.delete(runId);
    }
    return { stop };
  }

  return {
    async conclude(runId) {
      await Promise.all([...(conclusions.get(runId) ?? [])].map((conclude) => conclude()));
    },

    fresh: (runId, sink) => follow(runId, BEGINNING, sink),

    async resume(runId, after, sink) {
      if (!isRunId(runId)) throw unknownRun(runId);
      const head = await history.head(runId);
      if (after !== BEGINNING) refuseForeign(runId, after, head);
      if (!head) return withoutStream(runId, after, sink);
      if (await hasEverything(history, runId, after, head)) {
        sink.end();
        return NOTHING_FOLLOWS;
      }
      return follow(runId, after, sink);
    },
  };

  /** The stream does not exist: nothing has been written yet, Redis has lost it, or the run has ended and it has expired. */
  async function withoutStream(runId: string, after: string, sink: FrameSink): Promise<Following> {
    const known = await reconstructions.of(runId);
    if (!known) return follow(runId, after, sink);
    if (after === known[known.length - 1]?.cursor) {
      sink.end();
      return NOTHING_FOLLOWS;
    }
    const [first] = known;
    if (first && after !== BEGINNING) sendReset(first.event, parseCursor(first.cursor).generation, sink);
    for (const placed of known) sink.frame(frameText(placed), placed.cursor);
    sink.end();
    return NOTHING_FOLLOWS;
  }
}

function sendReset(scope: RunScope, generation: string, sink: FrameSink): void {
  const frame = writeResetFrame(scope, generation);
  sink.frame(JSON.stringify(frame), frame.cursor);
}

function refuseForeign(runId: string, after: string, head: Position | undefined): void {
  const place = parseCursor(after);
  const refuse = (why: string) => {
    throw new ApiError('INVALID_CURSOR', `after: ${after} ${why}`);
  };
  if (!isPlaceInRun(runId, place)) refuse(`is not a cursor of the run "${runId}".`);
  if (!head) return;
  const isAhead =
    place.generation === head.generation ? place.seq > head.seq : Number(place.generation) > Number(head.generation);
  if (isAhead) refuse(`lies ahead of the run, which is at ${head.generation}-${head.seq}.`);
}

/** Whether the cursor is at the run's last event, in the current stream or in the one before compaction. */
async function hasEverything(history: EventReader, runId: string, after: string, head: Head): Promise<boolean> {
  if (after === head.compacted) return true;
  return after === `${head.generation}-${head.seq}` && hasEnd(history, runId, head);
}
