/** Parses the URL of a request that does not pass through Koa. */
import type { IncomingMessage } from 'node:http';

const HERE = 'http://here';

/** Undefined for an invalid URL, such as `//`. */
export function parseAddress({ url = '/' }: IncomingMessage): URL | undefined {
  return URL.canParse(url, HERE) ? new URL(url, HERE) : undefined;
}

/** Removes the trailing slash, which has no meaning in this API. */
export function withoutSlash(path: string): string {
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}
