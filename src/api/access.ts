/** Refuses cross-origin browser requests before any part of them is read or executed. */
import type { IncomingHttpHeaders } from 'node:http';
import cors from '@koa/cors';
import type { Middleware } from 'koa';
import { createAccessPolicy, type AccessPolicy } from '../access/policy';
import type { Config } from '../config/config';
import type { Logger } from '../log';
import { ApiError } from './errors';
import { RATE_HEADERS } from './limits/request-rate';

const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json$/;

/** Paths that pages of other sites may link to: the dashboard and the API documentation. */
function isPage(path: string): boolean {
  return path === '/' || path === '/docs' || path === '/dashboard' || path.startsWith('/dashboard/');
}

const OPEN_CORS =
  'CORS_ORIGINS=* lets every web page that a browser on this machine shows use this API; without API_KEYS such a page can start, read and delete. Name the origins that need it.';

/** The access policy of the configuration. Logs a warning if it is open to all origins. */
export function createAccess({ API_KEYS, ALLOWED_HOSTS, CORS_ORIGINS }: Config, log: Logger): AccessPolicy {
  if (CORS_ORIGINS?.includes('*')) log.warn(OPEN_CORS);
  const needsKey = API_KEYS.length > 0;
  return createAccessPolicy({ needsKey, allowedHosts: ALLOWED_HOSTS, corsOrigins: CORS_ORIGINS, isPage });
}

/** Throws {@link ApiError} for a request that the policy refuses. */
export function checkAccess(policy: AccessPolicy): Middleware {
  return async function access(ctx, next) {
    const refusal = policy.refuse(ctx.req);
    if (refusal) throw new ApiError(refusal.code, refusal.message);
    // browsers send a body of a simple content type to any server without a preflight
    if (policy.isForeign(ctx.req) && hasBody(ctx.req.headers) && !JSON_TYPE.test(mediaType(ctx.get('Content-Type')))) {
      const message = 'Content-Type: must be application/json in a request of another origin (see CORS_ORIGINS).';
      throw new ApiError('UNSUPPORTED_MEDIA_TYPE', message);
    }
    await next();
  };
}

function hasBody(headers: IncomingHttpHeaders): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function mediaType(contentType: string): string {
  return (contentType.split(';', 1)[0] ?? '').trim().toLowerCase();
}

/** Cross-origin resource sharing for the origins of the policy. */
export function allowOrigins(policy: AccessPolicy): Middleware {
  const standard = cors({
    origin: ({ req }) => policy.corsOrigin(req),
    exposeHeaders: ['Location', 'Idempotency-Replayed', 'Retry-After', 'X-Run-Id', 'Mcp-Session-Id', ...RATE_HEADERS],
  });
  return async function allow(ctx, next) {
    // an OPTIONS request that is not a preflight: the library ignores it, but earlier clients expect the header
    if (ctx.method === 'OPTIONS' && !ctx.get('Access-Control-Request-Method')) {
      const origin = policy.corsOrigin(ctx.req);
      if (origin) ctx.set('Access-Control-Allow-Origin', origin);
    }
    return standard(ctx, next);
  };
}

/** Headers of every reply; pages and their assets override some of them. */
const HEADERS = {
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

export const setSecurityHeaders: Middleware = async (ctx, next) => {
  ctx.set(HEADERS);
  await next();
};
