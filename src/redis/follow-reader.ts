/** Reads one run for one listener: history by range until nothing is left, then what the live tail brings. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { PlacedEvent } from '../contract';
import { isBefore, isNext, type EventReader } from './events';

/** Takes events in order; called again only after it has returned. */
export type Listener = (events: PlacedEvent[]) => void;

/** The live ends of runs, as their readers know them. */
export interface LiveTails {
  readonly isClosed: boolean;
  /** Adds a reader to a run's live tail; false when the tail is already past it, so that it must read on first. */
  join(runId: string, reader: Reader): boolean;
  leave(runId: string, reader: Reader): void;
}

/** Entries that are read at once. */
export const PAGE = 500;
/** How long to wait after a read that failed. */
export const RETRY_MS = 200;

/** One reader's place in one run. */
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

  /** Reads history until the live tail can be joined. */
  async catchUp(): Promise<void> {
    if (this.catchingUp) return;
    this.catchingUp = true;
    let inVain = 0;
    while (this.isReading) {
      try {
        const page = await this.history.read(this.runId, this.position, PAGE);
        if (!this.isReading) return;
        this.take(page);
        if (page.length < PAGE && this.isReading && this.tails.join(this.runId, this)) break;
        // a tail is ahead for a moment when its read overtook this one; a tail that stays ahead has lost its stream
        inVain = page.length > 0 ? 0 : inVain + 1;
        if (inVain > 1) await sleep(RETRY_MS);
      } catch {
        await sleep(RETRY_MS);
      }
    }
    this.catchingUp = false;
  }

  /** Takes events of the live tail: drops those that it has, and reads history again when some are missing. */
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
