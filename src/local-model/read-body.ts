// Reads a request body as text, up to a limit.
import type { IncomingMessage } from 'node:http';
import { LocalModelFailure } from './failures';

const BODY_LIMIT_BYTES = 16 * 1024 * 1024;

/** Returns the body as text; throws `body_too_large` as soon as the limit is announced or exceeded. */
export async function readBody(incoming: IncomingMessage): Promise<string> {
  const announced = Number(incoming.headers['content-length'] ?? 0);
  if (announced > BODY_LIMIT_BYTES) throw tooLarge();
  const parts: Buffer[] = [];
  let bytes = 0;
  // Not destroyed on an early exit: the rejection is sent on the same socket.
  for await (const part of incoming.iterator({ destroyOnReturn: false })) {
    const buffer = part as Buffer;
    bytes += buffer.length;
    if (bytes > BODY_LIMIT_BYTES) throw tooLarge();
    parts.push(buffer);
  }
  return Buffer.concat(parts).toString('utf8');
}

function tooLarge(): LocalModelFailure {
  return new LocalModelFailure('body_too_large', `The request body is larger than ${BODY_LIMIT_BYTES} bytes.`);
}
