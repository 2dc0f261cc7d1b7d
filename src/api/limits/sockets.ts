/** The WebSocket limits of one caller: sockets, followed runs, and frames that are processed concurrently. */
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { LimitedCaller } from './caller';
import { CallerSlots, OpenCounter, type HeldBytes, type Release } from './counters';
import { limitError } from './limit-error';
import type { ApiLimits } from './middleware';

const RETRY_SECONDS = 5;
/** RFC 6455, 7.4: "try again later". */
export const TRY_AGAIN_LATER = 1013;
const CLOSING_MS = 1000;
/** RFC 6455, 5.5: the maximum length of the reason in a close frame, in bytes. */
const LONGEST_REASON = 123;

export class SocketLimits {
  private readonly sockets: OpenCounter;
  private readonly follows: OpenCounter;
  private readonly frames: CallerSlots;

  constructor(private readonly api: ApiLimits) {
    const { MAX_SOCKETS_PER_KEY, MAX_FOLLOWS_PER_KEY, MAX_FRAMES_PER_KEY } = api.settings;
    this.sockets = new OpenCounter({
      ...{ setting: 'MAX_SOCKETS_PER_KEY', limit: MAX_SOCKETS_PER_KEY, retryAfterSeconds: RETRY_SECONDS },
      message: 'You have too many WebSockets open in this process',
    });
    this.follows = new OpenCounter({
      ...{ setting: 'MAX_FOLLOWS_PER_KEY', limit: MAX_FOLLOWS_PER_KEY },
      message: 'Your sockets follow too many runs in this process',
    });
    this.frames = new CallerSlots(MAX_FRAMES_PER_KEY);
  }

  get settings() {
    return this.api.settings;
  }

  /** Counts a socket and its upgrade request. Rejects with {@link ApiError}. */
  async admit(caller: LimitedCaller): Promise<Release> {
    await this.api.rate.count(caller);
    return this.sockets.enter(caller.name);
  }

  /** Counts a run that a socket follows in addition to `alreadyFollowed` others. Throws {@link ApiError}. */
  follow({ name }: LimitedCaller, alreadyFollowed: number): Release {
    const { MAX_FOLLOWS_PER_SOCKET: limit } = this.settings;
    if (alreadyFollowed >= limit)
      throw limitError({ setting: 'MAX_FOLLOWS_PER_SOCKET', limit, message: 'This socket follows too many runs' });
    return this.follows.enter(name);
  }

  /** Processes a frame when the caller has a free slot; `counted` rejects if the frame exceeds the caller's rate. */
  frame(caller: LimitedCaller, work: (counted: Promise<unknown>) => Promise<void>): Promise<void> {
    return this.frames.run(caller.name, () => {
      const counted = this.api.rate.count(caller);
      counted.catch(() => undefined);
      return work(counted);
    });
  }

  /** Counts the bytes that arrive on a socket; `take` assigns the count so far to the frame that they belong to. */
  countBytes({ name }: LimitedCaller, client: WebSocket, socket: Duplex): { take(): HeldBytes } {
    const { bytes } = this.api;
    let arriving = bytes.hold(name);
    // registered before the listener of the WebSocket, which may emit the frame immediately
    socket.prependListener('data', (chunk: Buffer) => {
      try {
        arriving.grow(chunk.length);
      } catch (error) {
        refuseMore(client, (error as Error).message);
      }
    });
    client.once('close', () => arriving.release());
    return {
      take() {
        const taken = arriving;
        arriving = bytes.hold(name);
        return taken;
      },
    };
  }
}

/** Stops reading: otherwise an incomplete frame would stay in memory. */
function refuseMore(client: WebSocket, reason: string): void {
  client.close(TRY_AGAIN_LATER, reason.slice(0, LONGEST_REASON));
  client.pause();
  setTimeout(() => client.terminate(), CLOSING_MS).unref();
}
