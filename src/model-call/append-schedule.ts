/**
 * Schedules a process's appends to Redis. Appends of all turns are sent together, so that one wake-up of Redis and readers serves many.
 *
 * At low load an append is sent at the end of the event-loop turn in which its text arrived. At a higher rate appends wait for each other,
 * up to {@link LONGEST_APPEND_DELAY_MS}; text that arrives meanwhile is merged without extra cost.
 */

export const LONGEST_APPEND_DELAY_MS = 10;
/** Up to this rate no append waits. Appends per millisecond. */
const RESTING_RATE = 0.25;
/** Additional wait for each append per millisecond above that rate. */
const WAIT_MS_PER_RATE = 8;
/** Decay time of the rate. */
const RATE_WINDOW_MS = 100;
/** Resolution of timers. */
const SHORTEST_WAIT_MS = 1;

export class AppendSchedule {
  private waiting: (() => void)[] = [];
  private timer: NodeJS.Timeout | undefined;
  private immediate: NodeJS.Immediate | undefined;
  private lastSentAt = -Infinity;
  /** Recent appends, weighted by exponential decay over {@link RATE_WINDOW_MS}. */
  private recent = 0;

  /** Resolves when the next append may be sent; if `isUrgent`, at the end of this event-loop turn. */
  join(isUrgent: boolean): Promise<void> {
    const turn = new Promise<void>((resolve) => this.waiting.push(resolve));
    const waitMs = isUrgent ? 0 : this.computeWaitMs();
    if (waitMs < SHORTEST_WAIT_MS) this.hurry();
    else this.timer ??= setTimeout(() => this.release(), waitMs);
    return turn;
  }

  /** Releases all waiting appends at the end of this event-loop turn. */
  hurry(): void {
    this.immediate ??= setImmediate(() => this.release());
  }

  private computeWaitMs(): number {
    const now = performance.now();
    const rate = (this.recent * this.fade(now)) / RATE_WINDOW_MS;
    const interval = Math.min(LONGEST_APPEND_DELAY_MS, (rate - RESTING_RATE) * WAIT_MS_PER_RATE);
    return this.lastSentAt + interval - now;
  }

  private fade(now: number): number {
    return Math.exp((this.lastSentAt - now) / RATE_WINDOW_MS);
  }

  private release(): void {
    clearTimeout(this.timer);
    clearImmediate(this.immediate);
    this.timer = undefined;
    this.immediate = undefined;
    const now = performance.now();
    this.recent = this.recent * this.fade(now) + this.waiting.length;
    this.lastSentAt = now;
    for (const resolve of this.waiting.splice(0)) resolve();
  }
}
