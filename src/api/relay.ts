/** Relays a run's events to one reader as frames, from a cursor to the run's end. */
import type { PlacedEvent, RunEvent, RunScope } from '../contract';
import { isTerminal } from '../contract/events';
import { resetFrame, toFrame } from '../contract/frames';
import { BEGINNING, hasEnd, isPlaceOf, parseCursor, type EventReader, type Head, type Position } from '../redis/events';
import type { EventFollower } from '../redis/follow';
import { ApiError } from './errors';
import type { Retellings } from './retellings';

/** Takes frames as JSON texts, each with the place after which a reader that has it goes on. */
export interface FrameSink {
  frame(json: string, cursor: string): void;
  /** The run is over; nothing follows. */
  end(): void;
}

export interface Following {
  stop(): void;
}

export interface Relay {
  /** Relays a run that has just been started, or is about to be. */
  fresh(runId: string, sink: FrameSink): Following;
  /**
   * Relays a run from a cursor. A cursor of a stream that has since been lost, compacted or expired gets `run.reset` and then
   * all that is known. Throws {@link ApiError} for an unknown run, and for a cursor that was never a place in this run.
   */
  resume(runId: string, after: string, sink: FrameSink): Promise<Following>;
  /** Tells the readers of a run that has ended without a stream what is known of it. */
  conclude(runId: string): Promise<void>;
}

/** Readers of one run share the event objects, so that each frame is put together once, however many watch. */
const texts = new WeakMap<RunEvent, string>();

export function frameText(placed: PlacedEvent): string {
  let text = texts.get(placed.event);
  if (text === undefined) {
    text = JSON.stringify(toFrame(placed));
    texts.set(placed.event, text);
  }
  return text;
}

const NOTHING_FOLLOWS: Following = { stop: () => undefined };

export function createRelay(follower: EventFollower, history: EventReader, retellings: Retellings): Relay {
  /** What is to be done for each reader of a run when its stream will never end by itself. */
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

  /** Either nothing has been written yet, or Redis has lost the stream, or the stream of a run that has ended has expired. */
  async function withoutStream(runId: string, after: string, sink: FrameSink): Promise<Following> {
    const told = await retellings.of(runId);
    if (!told) return follow(runId, after, sink);
    if (after === told[told.length - 1]?.cursor) {
      sink.end();
      return NOTHING_FOLLOWS;
    }
    const [first] = told;
    if (first && after !== BEGINNING) sendReset(first.event, parseCursor(first.cursor).generation, sink);
    for (const placed of told) sink.frame(frameText(placed), placed.cursor);
    sink.end();
    return NOTHING_FOLLOWS;
  }
}

function sendReset(scope: RunScope, generation: string, sink: FrameSink): void {
  const frame = resetFrame(scope, generation);
  sink.frame(JSON.stringify(frame), frame.cursor);
}

function refuseForeign(runId: string, after: string, head: Position | undefined): void {
  const place = parseCursor(after);
  const refuse = (why: string) => {
    throw new ApiError('INVALID_CURSOR', `after: ${after} ${why}`);
  };
  if (!isPlaceOf(runId, place)) refuse(`is not a cursor of the run "${runId}".`);
  if (!head) return;
  const isAhead =
    place.generation === head.generation ? place.seq > head.seq : Number(place.generation) > Number(head.generation);
  if (isAhead) refuse(`lies ahead of the run, which is at ${head.generation}-${head.seq}.`);
}

/** Whether the cursor is at the run's last event, in the stream as it is or as it was before it was compacted. */
async function hasEverything(history: EventReader, runId: string, after: string, head: Head): Promise<boolean> {
  if (after === head.compacted) return true;
  return after === `${head.generation}-${head.seq}` && hasEnd(history, runId, head);
}
