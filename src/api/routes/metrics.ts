/** `GET /metrics`, for Prometheus: what this process measures of itself, and what all workers have counted together. */
import type Router from '@koa/router';
import { Registry } from 'prom-client';
import { readSharedMetrics } from '../../metrics/shared';
import { createTurnMetrics } from '../../metrics/turn-metrics';
import type { Services } from '../services';

export function addMetricsRoute(router: Router, { metrics, redis }: Services): void {
  const known = createTurnMetrics().registry;
  router.get('/metrics', async (ctx) => {
    const all = Registry.merge([metrics.registry, await readSharedMetrics(redis, known)]);
    ctx.type = all.contentType;
    ctx.body = await all.metrics();
  });
}
