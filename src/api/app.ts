/** The Koa application: what each request passes on its way to a route. */
import cors from '@koa/cors';
import { bodyParser } from '@koa/bodyparser';
import Router from '@koa/router';
import Koa, { type Context, type Middleware } from 'koa';
import type { Logger } from '../log';
import { requireKey, type Keyring } from './auth';
import { serveDashboard } from './dashboard';
import { ApiError, errorBody, replyWithErrors } from './errors';
import { addDocumentRoutes, DOCUMENTS } from './openapi';
import { addCompatRoutes } from './routes/compat';
import { addGatewayRoute } from './routes/gateways';
import { addHealthRoutes } from './routes/health';
import { addMcpRoute } from './routes/mcp';
import { addMetricsRoute } from './routes/metrics';
import { addOpenAiRoutes } from './routes/chat-completions';
import { replyWithOpenAiErrors } from './routes/chat-completions/errors';
import { addRunRoutes } from './routes/runs';
import { addSessionRoutes } from './routes/sessions';
import { addSteeringRoutes } from './routes/steering';
import { addSwarmRoutes, SCHEMA_PATH } from './routes/swarms';
import type { Services } from './services';
import { VERSION } from './version';

export interface AppOptions {
  services: Services;
  keyring: Keyring;
  corsOrigins: string[];
  log: Logger;
}

const BODY_LIMIT = '20mb';
const OPEN_PATHS = ['/healthz', '/readyz', '/health', SCHEMA_PATH, ...DOCUMENTS];

/** Every route of the API. */
export function createRouter(services: Services): Router {
  const router = new Router();
  addSwarmRoutes(router, services);
  addRunRoutes(router, services);
  addSessionRoutes(router, services);
  addSteeringRoutes(router, services);
  addHealthRoutes(router, services);
  addGatewayRoute(router, services);
  addMetricsRoute(router, services);
  addCompatRoutes(router, services);
  addOpenAiRoutes(router, services);
  addDocumentRoutes(router, VERSION);
  addMcpRoute(router, services, VERSION);
  return router;
}

export function createApp({ services, keyring, corsOrigins, log }: AppOptions): Koa {
  const app = new Koa();
  const router = createRouter(services);
  app.on('error', (error: Error) => log.debug({ reason: error.message }, 'connection'));
  app.use(services.metrics.requests);
  app.use(allowOrigins(corsOrigins));
  app.use(replyWithErrors(log));
  app.use(replyWithOpenAiErrors(log));
  app.use(serveDashboard());
  app.use(requireKey(keyring, OPEN_PATHS));
  app.use(parseBody());
  app.use(explainMethods);
  app.use(router.routes());
  app.use(router.allowedMethods());
  app.use(notFound);
  return app;
}

function allowOrigins(origins: string[]): Middleware {
  const any = origins.includes('*');
  const originOf = (ctx: Context) => (any ? '*' : (origins.find((origin) => origin === ctx.get('Origin')) ?? ''));
  const standard = cors({
    origin: originOf,
    exposeHeaders: ['Location', 'Idempotency-Replayed', 'Retry-After', 'X-Run-Id'],
  });
  return async function allow(ctx, next) {
    // an OPTIONS that is no preflight: the library leaves it alone, earlier clients look for the header
    if (ctx.method === 'OPTIONS' && !ctx.get('Access-Control-Request-Method')) {
      const origin = originOf(ctx);
      if (origin) ctx.set('Access-Control-Allow-Origin', origin);
    }
    return standard(ctx, next);
  };
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

/** The router answers a known path under another method with a bare 405 and the `Allow` header; this adds the body. */
const explainMethods: Middleware = async (ctx, next) => {
  await next();
  if (ctx.status !== 405 && ctx.status !== 501) return;
  const { status } = ctx;
  ctx.body = errorBody({
    code: 'METHOD_NOT_ALLOWED',
    message: `${ctx.path} does not know ${ctx.method}; see the Allow header.`,
  });
  ctx.status = status;
};

const notFound: Middleware = (ctx) => {
  // known under another method: the router's answer stands
  if (ctx.matched?.length) return;
  throw new ApiError('NOT_FOUND', `There is nothing at ${ctx.path}.`);
};
