/** The Koa application: what each request passes on its way to a route. */
import cors from '@koa/cors';
import { bodyParser } from '@koa/bodyparser';
import Router from '@koa/router';
import Koa, { type Middleware } from 'koa';
import type { Logger } from '../log';
import { requireKey, type Keyring } from './auth';
import { ApiError, replyWithErrors } from './errors';
import { addHealthRoutes } from './routes/health';
import { addRunRoutes } from './routes/runs';
import { addSessionRoutes } from './routes/sessions';
import { addSwarmRoutes } from './routes/swarms';
import type { Services } from './services';

export interface AppOptions {
  services: Services;
  keyring: Keyring;
  corsOrigins: string[];
  log: Logger;
}

const BODY_LIMIT = '2mb';
const OPEN_PATHS = ['/healthz', '/readyz'];

export function createApp({ services, keyring, corsOrigins, log }: AppOptions): Koa {
  const app = new Koa();
  const router = new Router();
  addSwarmRoutes(router, services);
  addRunRoutes(router, services);
  addSessionRoutes(router, services);
  addHealthRoutes(router, services);

  app.on('error', (error: Error) => log.debug({ reason: error.message }, 'connection'));
  app.use(allowOrigins(corsOrigins));
  app.use(replyWithErrors(log));
  app.use(requireKey(keyring, OPEN_PATHS));
  app.use(parseBody());
  app.use(router.routes());
  app.use(router.allowedMethods({ throw: true, methodNotAllowed: methodNotAllowed, notImplemented: methodNotAllowed }));
  app.use(notFound);
  return app;
}

function allowOrigins(origins: string[]): Middleware {
  const any = origins.includes('*');
  return cors({
    origin: (ctx) => (any ? '*' : (origins.find((origin) => origin === ctx.get('Origin')) ?? '')),
    exposeHeaders: ['Location', 'Idempotency-Replayed', 'Retry-After'],
  });
}

/** JSON whatever type the client declares: browsers that avoid a preflight send it as text/plain. */
function parseBody(): Middleware {
  return bodyParser({
    enableTypes: ['json'],
    detectJSON: () => true,
    jsonLimit: BODY_LIMIT,
    onError(error) {
      if ('type' in error && error.type === 'entity.too.large')
        throw new ApiError('BODY_TOO_LARGE', `The body is larger than ${BODY_LIMIT}.`);
      throw new ApiError('INVALID_JSON', 'The body is not a JSON object.');
    },
  }) as Middleware;
}

function methodNotAllowed(): ApiError {
  return new ApiError(
    'METHOD_NOT_ALLOWED',
    'This path does not know this method; the Allow header names those that it does.',
  );
}

const notFound: Middleware = (ctx) => {
  // a path that is known under another method is answered by the router, with 405
  if (ctx.matched?.length) return;
  throw new ApiError('NOT_FOUND', `There is nothing at ${ctx.path}.`);
};
