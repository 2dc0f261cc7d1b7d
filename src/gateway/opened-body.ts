/** Reads a body: its first character, all of it, or packet by packet. */
import { AsyncResource } from 'node:async_hooks';
import type { Readable } from 'node:stream';

const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];
const WHITE_SPACE = [0x20, 0x09, 0x0a, 0x0d];
const MEANINGLESS = [...BYTE_ORDER_MARK, ...WHITE_SPACE];

/** A body whose start has been read. */
export interface OpenedBody {
  /** Its first non-whitespace character; empty if there is none. */
  first: string;
  start: readonly Buffer[];
  source: Readable;
}

export async function openBody(source: Readable): Promise<OpenedBody> {
  const start: Buffer[] = [];
  let first: number | undefined;
  await readStream(source, (packet) => {
    start.push(packet);
    first = packet.find((byte) => !MEANINGLESS.includes(byte));
    return first === undefined;
  });
  return { first: first === undefined ? '' : String.fromCharCode(first), start, source };
}

export async function readText(body: OpenedBody): Promise<string> {
  const packets: Buffer[] = [];
  await readPackets(body, (packet) => packets.push(packet) > 0);
  return new TextDecoder().decode(Buffer.concat(packets));
}

/**
 * Calls `take` with each packet as it arrives, until the body ends or `take` returns false; then closes the connection. Throws the error of
 * the body or of `take`.
 */
export async function readPackets({ start, source }: OpenedBody, take: (packet: Buffer) => boolean): Promise<void> {
  try {
    if (start.every(take)) await readStream(source, take);
  } finally {
    source.destroy();
  }
}

/** Like {@link readPackets}, but the rest can be read afterwards. */
function readStream(source: Readable, take: (packet: Buffer) => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    // a stream that is already over emits no more events
    if (source.readableEnded) return resolve();
    if (source.errored) return reject(source.errored);
    const leave = () => {
      source.pause();
      source.off('data', takePacket).off('error', fail).off('end', end);
    };
    const end = () => {
      leave();
      resolve();
    };
    const fail = (error: unknown) => {
      leave();
      reject(error as Error);
    };
    // do not run in the async context of the connection, which earlier calls have used
    const takePacket = AsyncResource.bind((packet: Buffer) => {
      try {
        if (!take(packet)) end();
      } catch (error) {
        fail(error);
      }
    });
    source.on('error', fail).on('end', end).on('data', takePacket).resume();
  });
}
