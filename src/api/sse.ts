/** Server-Sent Events (WHATWG HTML, 9.2): frames with their cursor as the event id, comments as heartbeats, a bounded buffer. */
import { PassThrough } from 'node:stream';
import type { Context } from 'koa';
import type { FrameSink } from './relay';

/** Clients that read with a short timeout must hear something soon; later a sign of life now and then is enough. */
const FIRST_HEARTBEAT_MS = 1500;
const HEARTBEAT_MS = 15_000;
/** A reader that is further behind than this is cut off; it can resume after the last id that it got. */
const BUFFER_LIMIT = 8 * 1024 * 1024;

export interface EventStream extends FrameSink {
  /** Writes a frame without a cursor, for clients that cannot resume. */
  say(body: object): void;
  /** Writes a last frame that stands for no event: an error, or the reference to a run that goes on. */
  finish(body: object): void;
  /** Called when the reader has left, or was cut off. */
  onLeave(left: () => void): void;
}

/** The streams of one server. */
export interface EventStreams {
  /** Answers the request with a stream of frames. */
  open(ctx: Context): EventStream;
  readonly size: number;
  /** Ends all streams without `[DONE]`, after what was written to them: their readers resume elsewhere by cursor. */
  interrupt(): void;
}

export function createEventStreams(): EventStreams {
  const ends = new Set<() => void>();
  return {
    get size() {
      return ends.size;
    },
    open(ctx) {
      const { interrupt, ...stream } = openEventStream(ctx);
      ends.add(interrupt);
      stream.onLeave(() => ends.delete(interrupt));
      return stream;
    },
    interrupt: () => ends.forEach((end) => end()),
  };
}

function openEventStream(ctx: Context): EventStream & { interrupt(): void } {
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
    if (stream.writableLength > BUFFER_LIMIT) stream.destroy();
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
    onLeave: (left) => void ctx.res.on('close', left),
  };
}
