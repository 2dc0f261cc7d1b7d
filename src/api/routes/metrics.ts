/** `GET /metrics`, for Prometheus: the metrics of this process and the combined counters of all workers. */
import { Registry } from 'prom-client';
import { readSharedMetrics } from '../../metrics/shared';
import { createTurnMetrics } from '../../metrics/turn-metrics';
import { defineRoute } from '../routing/define-route';

const { registry: known } = createTurnMetrics();

export const metricsRoute = defineRoute({
  method: 'get',
  path: '/metrics',
  tag: 'Service',
  summary: 'For Prometheus',
  replies: { 200: { description: 'Text exposition format.', media: 'text/plain' } },
  async handle({ reply, services: { metrics, redis } }) {
    const all = Registry.merge([metrics.registry, await readSharedMetrics(redis, known)]);
    return reply(200, await all.metrics(), { 'Content-Type': all.contentType });
  },
});
