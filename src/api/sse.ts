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
  /** Writes a last frame that stands for no event: an error, or the reference to a run that goes on. */
  finish(body: object): void;
  /** Called when the reader has left, or was cut off. */
  onLeave(left: () => void): void;
}

/** Answers the request with a stream of frames. */
export function openEventStream(ctx: Context): EventStream {
  const stream = new PassThrough({ highWaterMark: 64 * 1024 });
  ctx.status = 200;
  ctx.type = 'text/event-stream; charset=utf-8';
  ctx.set({ 'Cache-Control': 'no-cache, no-transform', Connection: 'keep-alive', 'X-Accel-Buffering': 'no' });
  ctx.body = stream;
  ctx.req.socket.setNoDelay(true);

  let beats = 0;
  let heartbeat = setTimeout(beat, FIRST_HEARTBEAT_MS);
  function beat() {
    stream.write(': still here\n\n');
    heartbeat = setTimeout(beat, ++beats < 8 ? FIRST_HEARTBEAT_MS : HEARTBEAT_MS);
  }
  stream.on('close', () => clearTimeout(heartbeat));
  stream.on('error', () => undefined);

  const end = () => {
    clearTimeout(heartbeat);
    stream.write('data: [DONE]\n\n');
    stream.end();
  };
  return {
    frame(json, cursor) {
      stream.write(`id: ${cursor}\ndata: ${json}\n\n`);
      if (stream.writableLength > BUFFER_LIMIT) stream.destroy();
    },
    finish(body) {
      stream.write(`data: ${JSON.stringify(body)}\n\n`);
      end();
    },
    end,
    onLeave: (left) => void ctx.res.on('close', left),
  };
}
