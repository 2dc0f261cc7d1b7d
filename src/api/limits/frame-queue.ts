/**
 * Processes the frames of one WebSocket with bounded concurrency. While frames are waiting, the socket is paused, so that TCP flow control
 * slows the client down.
 */

/** The part of a WebSocket that the queue controls. */
export interface PausableSocket {
  pause(): void;
  resume(): void;
}

export class FrameQueue<Frame> {
  private readonly waiting: Frame[] = [];
  private active = 0;

  constructor(
    private readonly socket: PausableSocket,
    private readonly atOnce: number,
    /** Must not reject. */
    private readonly process: (frame: Frame) => Promise<void>,
  ) {}

  push(frame: Frame): void {
    if (this.active < this.atOnce) return this.begin(frame);
    this.waiting.push(frame);
    // data that was already read still arrives: at most one read of the socket
    this.socket.pause();
  }

  private begin(frame: Frame): void {
    this.active++;
    void this.process(frame).finally(() => this.end());
  }

  private end(): void {
    // without this, frames that are refused synchronously would block the event loop until the queue is empty
    if (this.waiting.length > 0) setImmediate(() => this.next());
    else this.active--;
  }

  /** Starts the next frame in the slot of a finished one. */
  private next(): void {
    this.active--;
    const frame = this.waiting.shift();
    if (frame !== undefined) this.begin(frame);
    if (this.waiting.length === 0) this.socket.resume();
  }
}
