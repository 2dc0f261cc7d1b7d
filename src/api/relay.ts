/** Relays a run's events to one reader as frames, from a cursor to the run's end. */
import type { PlacedEvent, RunEvent } from '../contract';
import { isTerminal } from '../contract/events';
import { toFrame } from '../contract/frames';
import { BEGINNING, parseCursor, type EventReader } from '../redis/events';
import type { EventFollower } from '../redis/follow';
import { ApiError } from './errors';
import type { Runs } from './runs';

/** Takes frames as JSON texts. */
export interface FrameSink {
  frame(json: string, placed: PlacedEvent): void;
  /** The run is over; nothing follows. */
  end(): void;
}

export interface Relay {
  /** Relays a run that has just been started, or is about to be. */
  fresh(runId: string, sink: FrameSink): { stop(): void };
  /** Relays a run from a cursor. Throws {@link ApiError} for an unknown run and for a cursor that is not of its stream. */
  resume(runId: string, after: string, sink: FrameSink): Promise<{ stop(): void }>;
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

export function createRelay(follower: EventFollower, history: EventReader, runs: Runs): Relay {
  function follow(runId: string, after: string, sink: FrameSink): { stop(): void } {
    const following = follower.follow(runId, after, (events) => {
      for (const placed of events) {
        sink.frame(frameText(placed), placed);
        if (!isTerminal(placed.event)) continue;
        following.stop();
        return sink.end();
      }
    });
    return following;
  }

  return {
    fresh: (runId, sink) => follow(runId, BEGINNING, sink),

    async resume(runId, after, sink) {
      const head = await history.head(runId);
      if (!head) return resumeWithoutStream(runId, after, sink);
      if (after !== BEGINNING) {
        const { generation, seq } = parseCursor(after);
        if (generation !== head.generation)
          throw new ApiError('INVALID_CURSOR', `after: ${after} is not a cursor of the run "${runId}".`);
        if (seq > head.seq)
          throw new ApiError(
            'INVALID_CURSOR',
            `after: ${after} lies ahead of the run, which is at ${generation}-${head.seq}.`,
          );
      }
      const [next] = await history.read(runId, after, 1);
      if (next === undefined && after !== BEGINNING && (await hasEnded(after, runId))) {
        sink.end();
        return { stop: () => undefined };
      }
      return follow(runId, after, sink);
    },
  };

  /** Whether the event at the cursor is the run's last. */
  async function hasEnded(cursor: string, runId: string): Promise<boolean> {
    const { generation, seq } = parseCursor(cursor);
    const before = seq > 1 ? `${generation}-${seq - 1}` : BEGINNING;
    const [placed] = await history.read(runId, before, 1);
    return placed !== undefined && isTerminal(placed.event);
  }

  /** Either the run's first event has not been written yet, or the stream of a run that ended long ago has expired. */
  async function resumeWithoutStream(runId: string, after: string, sink: FrameSink): Promise<{ stop(): void }> {
    const { status } = await runs.describe(runId);
    if (status === 'running') return follow(runId, after, sink);
    throw new ApiError(
      'INVALID_CURSOR',
      `after: the events of "${runId}" have expired; GET /runs/${runId} has its result.`,
    );
  }
}
