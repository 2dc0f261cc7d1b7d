/** Keys of callers. Without `API_KEYS` everything is open, which configuration allows on a loopback address only. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Middleware } from 'koa';
import { ApiError } from './errors';

export interface Keyring {
  /** Whether a request carries one of the keys: as a bearer token, in `X-API-Key`, or, for browsers' WebSockets, in `?api_key=`. */
  admits(request: IncomingMessage): boolean;
}

const digest = (key: string) => createHash('sha256').update(key).digest();

/** `pairs` are `name:key`. */
export function createKeyring(pairs: string[]): Keyring {
  const digests = pairs.map((pair) => digest(pair.slice(pair.indexOf(':') + 1)));
  return {
    admits(request) {
      if (digests.length === 0) return true;
      const given = keyOf(request);
      return given !== undefined && digests.some((known) => timingSafeEqual(known, digest(given)));
    },
  };
}

function keyOf({ headers, url }: IncomingMessage): string | undefined {
  const bearer = /^Bearer (\S+)$/i.exec(headers.authorization ?? '')?.[1];
  const header = headers['x-api-key'];
  return (
    bearer ??
    (typeof header === 'string' ? header : undefined) ??
    new URL(url ?? '/', 'http://host').searchParams.get('api_key') ??
    undefined
  );
}

/** Refuses requests without a key, except for the paths that load balancers ask. */
export function requireKey(keyring: Keyring, open: string[]): Middleware {
  return async function auth(ctx, next) {
    if (ctx.method !== 'OPTIONS' && !open.includes(ctx.path) && !keyring.admits(ctx.req)) {
      throw new ApiError('UNAUTHORIZED', 'This address needs a key: send it as "Authorization: Bearer <key>".');
    }
    await next();
  };
}
