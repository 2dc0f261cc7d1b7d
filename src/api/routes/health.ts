/** `GET /healthz`: each part is asked, now; "ok" means that a run that is started now would be carried out. `GET /readyz`: this process can take requests; `warnings` name what an operator should mend. */
import type Router from '@koa/router';
import { liveWorkers } from '../../redis/workers';
import type { Services } from '../services';

const DEADLINE_MS = 2000;

/** How each part is now. `status` is "ok" only when all of them are. */
export async function measureHealth(services: Services) {
  const [redis, temporal, workers] = await Promise.all([
    redisAnswers(services),
    services.temporalAnswers(DEADLINE_MS),
    readWorkers(services),
  ]);
  const gateways = workers.flatMap((worker) => worker.gateways);
  const systems = { redis, temporal, worker: workers.length > 0, gateway: gateways.some(({ ok }) => ok) };
  const problems = [...new Set(gateways.flatMap(({ problem }) => problem ?? []))];
  return {
    status: Object.values(systems).every(Boolean) ? 'ok' : 'degraded',
    timestamp: new Date().toISOString(),
    systems,
    workers: workers.length,
    ...(problems.length > 0 ? { problems } : {}),
  };
}

export function addHealthRoutes(router: Router, services: Services): void {
  router.get('/healthz', async (ctx) => {
    const health = await measureHealth(services);
    ctx.status = health.status === 'ok' ? 200 : 503;
    ctx.body = health;
  });

  router.get('/readyz', async (ctx) => {
    const [redis, temporal] = await Promise.all([redisAnswers(services), services.temporalAnswers(DEADLINE_MS)]);
    const ready = redis && temporal && !services.stopping.aborted;
    ctx.status = ready ? 200 : 503;
    const warning = services.swarms.warning();
    ctx.body = { ready, systems: { redis, temporal }, ...(warning ? { warnings: [warning] } : {}) };
  });
}

async function redisAnswers({ redis }: Services): Promise<boolean> {
  return within(redis.ping().then((answer) => answer === 'PONG')).catch(() => false);
}

async function readWorkers({ redis }: Services) {
  return within(liveWorkers(redis)).catch(() => []);
}

async function within<T>(promise: Promise<T>): Promise<T> {
  const late = new Promise<never>((_, reject) => setTimeout(() => reject(new Error('late')), DEADLINE_MS).unref());
  return Promise.race([promise, late]);
}
