/** The frame format of the pipes between a parent and its child: a length of four bytes (big endian), followed by the body. */
import { HEADER_BYTES } from '../guest/protocol';
import { InvalidMessage } from './messages';

export function encodeFrame(body: string): Buffer {
  const length = Buffer.byteLength(body);
  const frame = Buffer.allocUnsafe(HEADER_BYTES + length);
  frame.writeUInt32BE(length);
  frame.write(body, HEADER_BYTES);
  return frame;
}

/** Splits a stream into frames. It buffers at most one frame and the chunk that completes it. */
export class FrameReader {
  private chunks: Buffer[] = [];
  private size = 0;
  private length: number | undefined;

  constructor(private readonly limit: number) {}

  /** Whether a frame is incomplete. */
  get isInFrame(): boolean {
    return this.size > 0 || this.length !== undefined;
  }

  add(chunk: Buffer): void {
    this.chunks.push(chunk);
    this.size += chunk.length;
  }

  /** The body of the next complete frame. Throws `InvalidMessage` if its length is out of bounds. */
  next(): Buffer | undefined {
    this.length ??= this.readLength();
    if (this.length === undefined || this.size < this.length) return undefined;
    const body = this.take(this.length);
    this.length = undefined;
    return body;
  }

  private readLength(): number | undefined {
    if (this.size < HEADER_BYTES) return undefined;
    const length = this.take(HEADER_BYTES).readUInt32BE();
    if (length === 0 || length > this.limit) throw new InvalidMessage('a frame has an invalid length');
    return length;
  }

  private take(count: number): Buffer {
    const whole = this.chunks.length === 1 ? this.chunks[0]! : Buffer.concat(this.chunks);
    const rest = whole.subarray(count);
    this.chunks = rest.length > 0 ? [rest] : [];
    this.size = rest.length;
    return whole.subarray(0, count);
  }
}
