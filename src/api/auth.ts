/** API keys. Without `API_KEYS` no key is required; the configuration allows that only on a loopback address. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Middleware } from 'koa';
import type { Config } from '../config/config';
import { parseAddress } from './address';
import { readClientAddress } from './client-address';
import { ApiError } from './errors';
import type { RejectedKeys } from './rejected-keys';

/** The caller, identified by the name of its API key. */
interface Caller {
  tenant: string | undefined;
}

export interface Keyring {
  /**
   * Identifies the caller of a request by its key: a bearer token, `X-API-Key`, or, for WebSockets of browsers, `?api_key=`. The caller has
   * no name if no keys are configured. Throws {@link ApiError} for a request that is not authorised.
   */
  identify(request: IncomingMessage): Promise<Caller>;
}

type KeySettings = Pick<Config, 'API_KEYS' | 'TRUST_PROXY'>;

const digest = (key: string) => createHash('sha256').update(key).digest();

/** `API_KEYS` is a list of `name:key` pairs. */
export function createKeyring({ API_KEYS, TRUST_PROXY }: KeySettings, rejectedKeys: RejectedKeys): Keyring {
  const known = API_KEYS.map((pair) => {
    const colon = pair.indexOf(':');
    return { tenant: pair.slice(0, colon), digest: digest(pair.slice(colon + 1)) };
  });
  return {
    async identify(request) {
      if (known.length === 0) return { tenant: undefined };
      const key = readKey(request);
      if (key === undefined) throw unauthorized();
      const [address, given] = [readClientAddress(request, TRUST_PROXY), digest(key)];
      const mark = given.toString('base64');
      const seconds = await rejectedKeys.waitSeconds(address, mark);
      if (seconds > 0) throw tooManyWrongKeys(seconds);
      const found = known.find((one) => timingSafeEqual(one.digest, given));
      await rejectedKeys.note(address, mark, found !== undefined);
      if (found) return { tenant: found.tenant };
      throw unauthorized();
    },
  };
}

function readKey(request: IncomingMessage): string | undefined {
  const bearer = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
  const header = request.headers['x-api-key'];
  const inAddress = parseAddress(request)?.searchParams.get('api_key') ?? undefined;
  return bearer ?? (typeof header === 'string' ? header : inAddress);
}

function unauthorized(): ApiError {
  return new ApiError('UNAUTHORIZED', 'This address needs a key: send it as "Authorization: Bearer <key>".');
}

function tooManyWrongKeys(seconds: number): ApiError {
  const message = `Too many wrong keys came from this address; send the right one in ${seconds} s.`;
  return new ApiError('TOO_MANY_WRONG_KEYS', message, {}, seconds);
}

/**
 * Refuses requests without a key and stores the caller's name in `ctx.state.tenant`. `open` lists the paths that load balancers request
 * without a key; those routes read `ctx.state.isAuthenticated` to decide whether to include details.
 */
export function requireKey(keyring: Keyring, open: string[]): Middleware {
  return async function auth(ctx, next) {
    try {
      const { tenant } = await keyring.identify(ctx.req);
      ctx.state.tenant = tenant;
      ctx.state.isAuthenticated = true;
    } catch (error) {
      if (ctx.method !== 'OPTIONS' && !open.includes(ctx.path)) throw error;
    }
    await next();
  };
}
