/** The Koa application: the middleware in front of the routes. */
import Koa, { type Middleware } from 'koa';
import type { AccessPolicy } from '../access/policy';
import type { Logger } from '../log';
import { withoutSlash } from './address';
import { allowOrigins, checkAccess, setSecurityHeaders } from './access';
import { requireKey, type Keyring } from './auth';
import { serveDashboard } from './dashboard';
import { ApiError, errorBody, replyWithErrors } from './errors';
import { enforceRate, limitCallers, type ApiLimits } from './limits/middleware';
import { serveViewer } from './openapi/viewer';
import { parseBody } from './read-body';
import { ROUTES } from './routes';
import { createRouter } from './routing/router';
import { OPENAI_PATHS, replyWithOpenAiErrors, toOpenAiError } from './protocols/openai/errors';
import type { Services } from './services';
import { WEBSOCKET_PATHS } from './websocket';

export interface AppOptions {
  services: Services;
  keyring: Keyring;
  access: AccessPolicy;
  limits: ApiLimits;
  log: Logger;
}

/** Paths that need no API key. */
const OPEN_PATHS = ROUTES.filter(({ isOpen }) => isOpen).map(({ path }) => path);

export function createApp({ services, keyring, access, limits, log }: AppOptions): Koa {
  const app = new Koa();
  const router = createRouter(ROUTES, services);
  app.on('error', (error: Error) => log.debug({ reason: error.message }, 'connection'));
  app.use(services.metrics.requests);
  app.use(setSecurityHeaders);
  app.use(allowOrigins(access));
  app.use(replyWithErrors(log));
  app.use(replyWithOpenAiErrors(log));
  app.use(checkAccess(access));
  app.use(serveDashboard());
  app.use(serveViewer());
  app.use(dropSlash);
  app.use(requireKey(keyring, OPEN_PATHS));
  app.use(limitCallers(limits));
  app.use(parseBody());
  app.use(enforceRate);
  app.use(explainMethods);
  app.use(router.routes());
  app.use(router.allowedMethods());
  app.use(notFound);
  return app;
}

/** The router ignores a trailing slash; the middleware in front of it compares whole paths. */
const dropSlash: Middleware = (ctx, next) => {
  const path = withoutSlash(ctx.path);
  if (path !== ctx.path) ctx.path = path;
  return next();
};

/** For a known path with an unsupported method the router replies with a bare 405 and the `Allow` header; this adds the body. */
const explainMethods: Middleware = async (ctx, next) => {
  await next();
  if (ctx.status !== 405 && ctx.status !== 501) return;
  const { status } = ctx;
  const error = new ApiError('METHOD_NOT_ALLOWED', `${ctx.path} does not know ${ctx.method}; see the Allow header.`);
  ctx.body = ctx.path.startsWith(OPENAI_PATHS) ? toOpenAiError(error) : errorBody(error);
  ctx.status = status;
};

const notFound: Middleware = (ctx) => {
  // the path is known under another method: keep the router's reply
  if (ctx.matched?.length) return;
  if (WEBSOCKET_PATHS.includes(ctx.path))
    throw new ApiError('NOT_FOUND', `${ctx.path} is a WebSocket: connect to it with ws:// or wss://.`);
  throw new ApiError('NOT_FOUND', `There is nothing at ${ctx.path}.`);
};
