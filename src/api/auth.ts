/** Keys of callers. Without `API_KEYS` everything is open, which configuration allows on a loopback address only. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Middleware } from 'koa';
import { addressOf } from './address';
import { ApiError } from './errors';

export interface Keyring {
  /**
   * Who a request comes from, by the key that it carries: as a bearer token, in `X-API-Key`, or, for browsers' WebSockets, in
   * `?api_key=`. Undefined for a request that is not admitted; without a name where no keys are asked for.
   */
  identify(request: IncomingMessage): Caller | undefined;
}

/** Who calls: the name of an API key. */
export interface Caller {
  tenant: string | undefined;
}

const digest = (key: string) => createHash('sha256').update(key).digest();

/** `pairs` are `name:key`. */
export function createKeyring(pairs: string[]): Keyring {
  const known = pairs.map((pair) => {
    const colon = pair.indexOf(':');
    return { tenant: pair.slice(0, colon), digest: digest(pair.slice(colon + 1)) };
  });
  return {
    identify(request) {
      if (known.length === 0) return { tenant: undefined };
      const given = keyOf(request);
      return given === undefined ? undefined : known.find((one) => timingSafeEqual(one.digest, digest(given)));
    },
  };
}

function keyOf(request: IncomingMessage): string | undefined {
  const bearer = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
  const header = request.headers['x-api-key'];
  const inAddress = addressOf(request)?.searchParams.get('api_key') ?? undefined;
  return bearer ?? (typeof header === 'string' ? header : inAddress);
}

/** Refuses requests without a key, and notes in `ctx.state.tenant` who calls; except for the paths that load balancers ask. */
export function requireKey(keyring: Keyring, open: string[]): Middleware {
  return async function auth(ctx, next) {
    const caller = keyring.identify(ctx.req);
    if (!caller && ctx.method !== 'OPTIONS' && !open.includes(ctx.path)) {
      throw new ApiError('UNAUTHORIZED', 'This address needs a key: send it as "Authorization: Bearer <key>".');
    }
    ctx.state.tenant = caller?.tenant;
    await next();
  };
}
