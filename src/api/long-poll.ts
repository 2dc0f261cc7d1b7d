/** Long polling of a run's events, for clients that can hold neither a stream nor a socket open. */
import { setImmediate as endOfTick, setTimeout as sleep } from 'node:timers/promises';
import type { EventPage } from '../contract/frame-replies';
import type { FrameSink, Relay } from './relay';

const PAGE_LIMIT = 1000;
/** The minimum wait: reading events that already exist takes a moment. */
const SHORTEST_WAIT_MS = 100;

/**
 * Waits up to the given milliseconds for events after the cursor, and returns those that exist by then, at most a thousand. Throws what
 * `relay.resume` throws.
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
  // events arrive in batches: include the rest of this batch
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
      frames: this.frames.map((json) => JSON.parse(json) as EventPage['frames'][number]),
      cursor: this.cursor,
      done: this.isDone,
    };
  }
}
