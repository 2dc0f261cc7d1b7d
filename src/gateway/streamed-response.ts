/** A response whose body is read packet by packet, as a Node stream. */
import { Readable } from 'node:stream';
import { constants, createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';

/** Statuses whose response has no body. */
const BODILESS = [101, 103, 204, 205, 304];

/** The body of a success is in `source`; the body of an error is also in `body`, where clients look for it. */
export class StreamedResponse extends Response {
  readonly source: Readable;

  constructor(source: Readable, init: ResponseInit & { status: number }) {
    const hasWebBody = (init.status < 200 || init.status > 299) && !BODILESS.includes(init.status);
    super(hasWebBody ? (Readable.toWeb(source) as ReadableStream<Uint8Array>) : null, init);
    this.source = source;
    // an aborted or partly read body emits an error; readers receive it themselves
    source.on('error', () => undefined);
  }
}

/** Data is passed on immediately, and a body may end without the end of its encoding, as in `fetch`. */
const ZLIB = { flush: constants.Z_SYNC_FLUSH, finishFlush: constants.Z_SYNC_FLUSH };
const BROTLI = { flush: constants.BROTLI_OPERATION_FLUSH, finishFlush: constants.BROTLI_OPERATION_FLUSH };

const DECODERS = new Map([
  ['gzip', () => createGunzip(ZLIB)],
  ['x-gzip', () => createGunzip(ZLIB)],
  ['deflate', () => createInflate(ZLIB)],
  ['br', () => createBrotliDecompress(BROTLI)],
]);

/** Returns the decoded body. We request no encoding: compressing small packets costs more than it saves. */
export function decode(body: Readable, headers: Headers): Readable {
  const decoder = DECODERS.get(headers.get('content-encoding')?.trim().toLowerCase() ?? '')?.();
  if (!decoder) return body;
  body.on('error', (error) => decoder.destroy(error));
  decoder.on('close', () => body.destroy());
  return body.pipe(decoder);
}
