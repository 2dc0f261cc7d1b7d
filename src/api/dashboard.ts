/** Serves the dashboard's static files at `/dashboard`. The page needs no key; what it asks the API for does. */
import path from 'node:path';
import { send } from '@koa/send';
import type { Middleware } from 'koa';

const PREFIX = '/dashboard';
const ROOT = path.join(__dirname, '../dashboard');
/** A year, the longest that HTTP caches honour; asset names carry a hash of their content. */
const ASSET_LIFE_MS = 365 * 24 * 3_600_000;

/** Nothing but what this server sends may run, load, frame the page or be sent to. */
const POLICY = [
  "default-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "object-src 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types dompurify',
].join('; ');

/**
 * `GET /dashboard/assets/*` are files; every other address below `/dashboard` is the page, which reads it. `GET /` leads there:
 * it is where people look first.
 */
export function serveDashboard(): Middleware {
  return async function dashboard(ctx, next) {
    if (ctx.method !== 'GET' && ctx.method !== 'HEAD') return next();
    if (ctx.path === '/') return ctx.redirect(PREFIX);
    if (ctx.path !== PREFIX && !ctx.path.startsWith(`${PREFIX}/`)) return next();
    ctx.set('X-Content-Type-Options', 'nosniff');
    const file = ctx.path.slice(PREFIX.length);
    if (file.startsWith('/assets/')) {
      if (!(await sent(() => send(ctx, file, { root: ROOT, maxage: ASSET_LIFE_MS, immutable: true })))) return next();
      return;
    }
    ctx.set('Content-Security-Policy', POLICY);
    ctx.set('Referrer-Policy', 'no-referrer');
    // the page names the hashed files of this build: always ask whether it is still the same
    ctx.set('Cache-Control', 'no-cache');
    if (!(await sent(() => send(ctx, 'index.html', { root: ROOT })))) await next();
  };
}

/** Whether there was such a file. */
async function sent(sending: () => Promise<unknown>): Promise<boolean> {
  try {
    await sending();
    return true;
  } catch (error) {
    if (error instanceof Error && 'status' in error && error.status === 404) return false;
    throw error;
  }
}
