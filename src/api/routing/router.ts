/** Mounts declared routes on a Koa router. */
import Router from '@koa/router';
import type { Services } from '../services';
import type { Route } from './define-route';

/** OpenAPI writes `{id}`; the router writes `:id`. */
const PLACEHOLDER = /\{(\w+)\}/g;

export function createRouter(routes: readonly Route[], services: Services): Router {
  const router = new Router();
  for (const { method, path, serve } of routes)
    router[method](path.replace(PLACEHOLDER, ':$1'), (ctx) => serve(ctx, services));
  return router;
}
