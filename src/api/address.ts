/** What a request asks for, read outside of Koa. */
import type { IncomingMessage } from 'node:http';

const HERE = 'http://here';

/** Undefined for an address that makes no sense, such as `//`. */
export function addressOf({ url = '/' }: IncomingMessage): URL | undefined {
  return URL.canParse(url, HERE) ? new URL(url, HERE) : undefined;
}
