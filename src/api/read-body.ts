/** Reads the body of a request as JSON, whatever content type is declared: browsers that avoid a preflight send it as text/plain. */
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { TextDecoder } from 'node:util';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import type { Middleware } from 'koa';
import { ApiError } from './errors';
import { parseJson } from './json';

declare module 'koa' {
  interface Request {
    body?: unknown;
  }
}

const LIMIT_BYTES = 20 * 1024 * 1024;
const METHODS = ['POST', 'PUT', 'PATCH'];
const STARTS_LIKE_JSON = /^[ \t\r\n]*[[{]/;

/** `curl -d` declares a form but sends JSON, so the content is checked before the declared type. */
const FORM_TYPES = ['application/x-www-form-urlencoded', 'multipart/form-data'];

const DECODERS = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/** Sets `ctx.request.body`, an empty object for an empty body. Throws {@link ApiError}. */
export function parseBody(): Middleware {
  return async function body(ctx, next) {
    if (METHODS.includes(ctx.method)) {
      const bytes = await readBytes(ctx.req, ctx.state.countBody as CountBytes | undefined);
      ctx.request.body = parseText(decodeText(bytes, ctx.request.charset), ctx.request.type.toLowerCase());
    }
    await next();
  };
}

function parseText(text: string, type: string): unknown {
  if (text === '') return {};
  if (STARTS_LIKE_JSON.test(text)) return parseJson(text, 'body');
  if (FORM_TYPES.includes(type))
    throw new ApiError(
      'UNSUPPORTED_MEDIA_TYPE',
      `The body is a form (${type}); send a JSON object as application/json.`,
    );
  throw new ApiError('INVALID_JSON', 'The body is not a JSON object.');
}

/** Decodes without the byte order mark that some clients send. Invalid bytes are an error instead of being replaced. */
function decodeText(bytes: Buffer, charset: string): string {
  const encoding = charset || 'utf-8';
  let decoder: TextDecoder;
  try {
    decoder = new TextDecoder(encoding, { fatal: true });
  } catch {
    throw new ApiError('UNSUPPORTED_MEDIA_TYPE', 'Content-Type: names a charset that is not known; use utf-8.');
  }
  try {
    return decoder.decode(bytes);
  } catch {
    throw new ApiError('INVALID_JSON', `The body is not ${decoder.encoding} text; send JSON in UTF-8.`);
  }
}

/** Counts bytes that are held in memory for a caller. Throws if the limit is exceeded. */
export type CountBytes = (bytes: number) => void;

/** The size limits apply to the transferred bytes and to the decompressed ones. */
async function readBytes(request: IncomingMessage, count: CountBytes = () => undefined): Promise<Buffer> {
  const declared = Number(request.headers['content-length'] ?? 0);
  if (declared > LIMIT_BYTES) throw tooLarge();
  // checked before any byte is read
  count(declared);
  const parts: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const part of decode(request)) {
      bytes += (part as Buffer).length;
      if (bytes > LIMIT_BYTES) throw tooLarge();
      if (bytes > declared) count(Math.min((part as Buffer).length, bytes - declared));
      parts.push(part as Buffer);
    }
  } catch (error) {
    throw error instanceof ApiError ? error : new ApiError('INVALID_JSON', 'The body could not be read to its end.');
  }
  return Buffer.concat(parts);
}

function decode(request: IncomingMessage): AsyncIterable<unknown> {
  // the connection must stay open for the reply if reading stops early
  const source = (stream: Readable) => stream.iterator({ destroyOnReturn: false });
  const encoding = request.headers['content-encoding']?.trim().toLowerCase() || 'identity';
  if (encoding === 'identity') return source(request);
  const createDecoder = Object.entries(DECODERS).find(([name]) => name === encoding)?.[1];
  if (!createDecoder) {
    const known = Object.keys(DECODERS).join(', ');
    throw new ApiError('UNSUPPORTED_MEDIA_TYPE', `Content-Encoding: must be one of identity, ${known}.`);
  }
  const decoder = createDecoder();
  request.on('error', (error) => decoder.destroy(error));
  return request.pipe(decoder);
}

function tooLarge(): ApiError {
  return new ApiError('BODY_TOO_LARGE', `The body is larger than ${LIMIT_BYTES / 1024 / 1024}mb.`);
}
