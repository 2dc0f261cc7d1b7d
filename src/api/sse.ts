/** Server-Sent Events (WHATWG HTML, 9.2): frames with their cursor as the event id, comments as heartbeats, a bounded buffer. */
import { PassThrough } from 'node:stream';
import type { Context } from 'koa';
import { onClosing } from './closing';
import type { FrameSink } from './relay';

/** Clients with a short read timeout need an early sign of life; later ones may be less frequent. */
const FIRST_HEARTBEAT_MS = 1500;
const HEARTBEAT_MS = 15_000;

export interface EventStream extends FrameSink {
  /** Writes a frame without a cursor, for clients that cannot resume. */
  say(body: object): void;
  /** Writes a last frame that is not an event: an error, or a reference to a run that continues. */
  finish(body: object): void;
  /** Registers a callback for when the reader has disconnected or was cut off. */
  onLeave(left: () => void): void;
}

/** The streams of one server. */
export interface EventStreams {
  /** Replies to the request with a stream of frames. */
  open(ctx: Context): EventStream;
  readonly size: number;
  /** Ends all streams without `[DONE]` after pending data: their readers resume elsewhere by cursor. */
  interrupt(): void;
}

/** A reader with more than `mostUnsent` unsent bytes is cut off; it can resume after the last id that it received. */
export function createEventStreams(mostUnsent: number): EventStreams {
  const ends = new Set<() => void>();
  return {
    get size() {
      return ends.size;
    },
    open(ctx) {
      const { interrupt, ...stream } = openEventStream(ctx, mostUnsent);
      ends.add(interrupt);
      stream.onLeave(() => ends.delete(interrupt));
      return stream;
    },
    interrupt: () => ends.forEach((end) => end()),
  };
}

function openEventStream(ctx: Context, mostUnsent: number): EventStream & { interrupt(): void } {
  const stream = new PassThrough({ highWaterMark: 64 * 1024 });
  ctx.status = 200;
  ctx.type = 'text/event-stream; charset=utf-8';
  ctx.set({ 'Cache-Control': 'no-cache, no-transform', Connection: 'keep-alive', 'X-Accel-Buffering': 'no' });
  ctx.body = stream;
  ctx.req.socket.setNoDelay(true);

  let beats = 0;
  let heartbeat = setTimeout(beat, FIRST_HEARTBEAT_MS);
  function beat() {
    write(': still here\n\n');
    heartbeat = setTimeout(beat, ++beats < 8 ? FIRST_HEARTBEAT_MS : HEARTBEAT_MS);
  }
  stream.on('close', () => clearTimeout(heartbeat));
  stream.on('error', () => undefined);

  const write = (text: string) => {
    if (stream.writableEnded) return;
    stream.write(text);
    if (stream.writableLength > mostUnsent) stream.destroy();
  };
  const interrupt = () => {
    clearTimeout(heartbeat);
    stream.end();
  };
  const end = () => {
    write('data: [DONE]\n\n');
    interrupt();
  };
  const say = (body: object) => write(`data: ${JSON.stringify(body)}\n\n`);
  return {
    frame: (json, cursor) => write(`id: ${cursor}\ndata: ${json}\n\n`),
    say,
    finish(body) {
      say(body);
      end();
    },
    end,
    interrupt,
    onLeave: (left) => void onClosing(ctx.res, left),
  };
}
