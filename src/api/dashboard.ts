/** Serves the dashboard's static files at `/dashboard`. The page needs no key; its API requests do. */
import path from 'node:path';
import { send } from '@koa/send';
import type { Context, Middleware } from 'koa';

const PREFIX = '/dashboard';
const ROOT = path.join(__dirname, '../dashboard');
/** The asset names that the build generates: no folders, no encoded characters. */
const ASSET = /^\/assets\/[\w.-]+$/;
/** One year, the longest time that HTTP caches honour; asset names contain a hash of the content. */
const ASSET_CACHING = `max-age=${365 * 24 * 3600},immutable`;
const SERVER_ERROR = 500;

/** Restricts scripts, resources, framing and requests of the page to this server. */
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
 * `GET /dashboard/assets/*` returns files. Every other path below `/dashboard` returns the page, which does its own routing. `GET /`
 * redirects to the dashboard.
 */
export function serveDashboard(): Middleware {
  return async function dashboard(ctx, next) {
    if (ctx.method !== 'GET' && ctx.method !== 'HEAD') return next();
    if (ctx.path === '/') return ctx.redirect(PREFIX);
    if (ctx.path !== PREFIX && !ctx.path.startsWith(`${PREFIX}/`)) return next();
    const file = ctx.path.slice(PREFIX.length);
    if (file.startsWith('/assets/')) {
      if (!ASSET.test(file) || !(await isSent(ctx, file, ASSET_CACHING))) await next();
      return;
    }
    ctx.set('Content-Security-Policy', POLICY);
    // the page refers to the hashed files of this build, so it must be revalidated every time
    if (!(await isSent(ctx, 'index.html', 'no-cache'))) await next();
  };
}

/** Whether the file exists and was sent. */
async function isSent(ctx: Context, file: string, caching: string): Promise<boolean> {
  const before = ctx.response.get('Cache-Control');
  ctx.set('Cache-Control', caching);
  try {
    await send(ctx, file, { root: ROOT });
    if (ctx.body) return true;
  } catch (error) {
    if (!(error instanceof Error && 'status' in error && Number(error.status) < SERVER_ERROR)) throw error;
  }
  ctx.set('Cache-Control', before);
  return false;
}
