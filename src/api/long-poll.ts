/** A run's events for clients that can hold neither a stream nor a socket: ask, get what there is or comes soon, ask again. */
import { setImmediate as endOfTick, setTimeout as sleep } from 'node:timers/promises';
import type { FrameSink, Relay } from './relay';

/** What one question is answered with. Ask again with `cursor`, until `done`. */
export interface EventPage {
  frames: unknown[];
  cursor: string;
  done: boolean;
}

const PAGE_LIMIT = 1000;
/** What is there already takes a moment to be read. */
const SHORTEST_WAIT_MS = 100;

/**
 * Waits up to so many milliseconds for events after the cursor, and answers with those that are there by then, at most a
 * thousand. Throws what `relay.resume` throws.
 */
export async function nextEvents(relay: Relay, runId: string, after: string, waitMs: number): Promise<EventPage> {
  const sink = new PageSink(after);
  const following = await relay.resume(runId, after, sink);
  const waiting = new AbortController();
  await Promise.race([
    sink.something,
    sleep(Math.max(waitMs, SHORTEST_WAIT_MS), undefined, { signal: waiting.signal }).catch(() => undefined),
  ]);
  waiting.abort();
  // events come in batches: the rest of this one belongs to the same answer
  await endOfTick();
  following.stop();
  return sink.page();
}

class PageSink implements FrameSink {
  readonly something: Promise<void>;
  private readonly frames: string[] = [];
  private isDone = false;
  private wake: () => void = () => undefined;

  constructor(private cursor: string) {
    this.something = new Promise((resolve) => (this.wake = resolve));
  }

  frame(json: string, cursor: string): void {
    if (this.frames.length === PAGE_LIMIT) return;
    this.frames.push(json);
    this.cursor = cursor;
    this.wake();
  }

  end(): void {
    this.isDone = this.frames.length < PAGE_LIMIT;
    this.wake();
  }

  page(): EventPage {
    return {
      frames: this.frames.map((json) => JSON.parse(json) as unknown),
      cursor: this.cursor,
      done: this.isDone,
    };
  }
}
