/** Reads one run for one listener: history by range until it is exhausted, then the events of the live tail. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { PlacedEvent } from '../contract';
import type { Loop } from '../loop-health';
import { isBefore, isNext, type EventReader } from './events';

/** Receives events in order. The next call happens only after the previous one has returned. */
export type Listener = (events: PlacedEvent[]) => void;

/** The live tails of all followed runs, as seen by their readers. */
export interface LiveTails {
  readonly isClosed: boolean;
  /** Receives the errors of failed reads. */
  readonly loop: Pick<Loop, 'failed'>;
  /** Adds a reader to a run's live tail. Returns false if the tail is already past the reader, which must then read more history. */
  join(runId: string, reader: Reader): boolean;
  leave(runId: string, reader: Reader): void;
}

/** Number of entries per read. */
export const PAGE = 500;
/** Delay after a failed read. */
export const RETRY_MS = 200;

/** One reader's position in one run. */
export class Reader {
  private stopped = false;
  private catchingUp = false;

  constructor(
    private readonly runId: string,
    public position: string,
    private readonly listener: Listener,
    private readonly history: EventReader,
    private readonly tails: LiveTails,
  ) {}

  private get isReading(): boolean {
    return !this.stopped && !this.tails.isClosed;
  }

  stop(): void {
    this.stopped = true;
    this.tails.leave(this.runId, this);
  }

  /** Reads history until the reader can join the live tail. */
  async catchUp(): Promise<void> {
    if (this.catchingUp) return;
    this.catchingUp = true;
    let emptyReads = 0;
    while (this.isReading) {
      try {
        const page = await this.history.read(this.runId, this.position, PAGE);
        if (!this.isReading) return;
        this.take(page);
        if (page.length < PAGE && this.isReading && this.tails.join(this.runId, this)) break;
        // a tail can be ahead briefly, when its read overtook this one; a tail that stays ahead has lost its stream
        emptyReads = page.length > 0 ? 0 : emptyReads + 1;
        if (emptyReads > 1) await sleep(RETRY_MS);
      } catch (error) {
        this.tails.loop.failed(error);
        await sleep(RETRY_MS);
      }
    }
    this.catchingUp = false;
  }

  /** Receives events of the live tail. Drops those already delivered; reads history again if some are missing. */
  live(events: PlacedEvent[]): void {
    if (this.stopped || this.catchingUp) return;
    const fresh = events.filter(({ cursor }) => isBefore(this.position, cursor));
    const first = fresh[0];
    if (!first) return;
    if (isNext(this.position, first.cursor)) this.take(fresh);
    else void this.catchUp();
  }

  private take(events: PlacedEvent[]): void {
    const last = events[events.length - 1];
    if (!last) return;
    this.position = last.cursor;
    this.listener(events);
  }
}
