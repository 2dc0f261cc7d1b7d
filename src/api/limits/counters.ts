/** In-memory counters of what each caller has open in this process: connections, followed runs, and bytes in flight. */
import { toMegabytes, limitError, type LimitRefusal } from './limit-error';

/** Undoes the count; further calls have no effect. */
export type Release = () => void;

/** Counts per caller; a caller whose count is zero takes no memory. */
class Tally {
  private readonly counts = new Map<string, number>();

  of(caller: string): number {
    return this.counts.get(caller) ?? 0;
  }

  add(caller: string, amount: number): void {
    const count = this.of(caller) + amount;
    if (count > 0) this.counts.set(caller, count);
    else this.counts.delete(caller);
  }
}

/** Limits the number of things that each caller may have open at the same time. */
export class OpenCounter {
  private readonly tally = new Tally();

  constructor(private readonly refusal: LimitRefusal) {}

  /** Increments the count, or throws {@link ApiError}. */
  enter(caller: string): Release {
    if (this.tally.of(caller) >= this.refusal.limit) throw limitError(this.refusal);
    this.tally.add(caller, 1);
    return once(() => this.tally.add(caller, -1));
  }
}

export interface ByteLimits {
  perCaller: number;
  total: number;
}

/** Bytes that are held for one request or socket. */
export interface HeldBytes {
  /** Adds bytes to the count, or throws {@link ApiError} and adds nothing. */
  grow(bytes: number): void;
  release: Release;
}

const BYTES_RETRY_SECONDS = 1;

/** Limits the bytes of bodies and frames in flight, per caller and in total. */
export class ByteCounter {
  private readonly tally = new Tally();
  private total = 0;

  constructor(private readonly limits: ByteLimits) {}

  hold(caller: string): HeldBytes {
    let held = 0;
    let released = false;
    return {
      grow: (bytes) => {
        this.refuseAbove(caller, bytes);
        held += bytes;
        this.add(caller, bytes);
      },
      release: () => {
        if (released) return;
        released = true;
        this.add(caller, -held);
      },
    };
  }

  private add(caller: string, bytes: number): void {
    this.tally.add(caller, bytes);
    this.total += bytes;
  }

  private refuseAbove(caller: string, bytes: number): void {
    const { perCaller, total } = this.limits;
    const retryAfterSeconds = BYTES_RETRY_SECONDS;
    if (this.tally.of(caller) + bytes > perCaller)
      throw limitError({
        ...{ setting: 'MAX_BODIES_MB_PER_KEY', limit: toMegabytes(perCaller), retryAfterSeconds },
        message: 'The bodies of your requests under way are too large together, in megabytes',
      });
    if (this.total + bytes > total)
      throw limitError({
        ...{ setting: 'MAX_BODIES_MB', limit: toMegabytes(total), retryAfterSeconds },
        message: 'The bodies of all requests under way are too large together, in megabytes',
      });
  }
}

/** Limits concurrent work per caller; further calls wait in first-in, first-out order. */
export class CallerSlots {
  private readonly tally = new Tally();
  private readonly waiting = new Map<string, (() => void)[]>();

  constructor(private readonly limit: number) {}

  async run<T>(caller: string, work: () => Promise<T>): Promise<T> {
    if (this.tally.of(caller) >= this.limit) await this.turn(caller);
    else this.tally.add(caller, 1);
    try {
      return await work();
    } finally {
      this.leave(caller);
    }
  }

  /** Resolves when another call hands over its slot. */
  private turn(caller: string): Promise<void> {
    const queue = this.waiting.get(caller) ?? [];
    this.waiting.set(caller, queue);
    return new Promise((resolve) => queue.push(resolve));
  }

  private leave(caller: string): void {
    const queue = this.waiting.get(caller);
    const next = queue?.shift();
    if (queue?.length === 0) this.waiting.delete(caller);
    if (next) next();
    else this.tally.add(caller, -1);
  }
}

function once(act: () => void): Release {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    act();
  };
}
