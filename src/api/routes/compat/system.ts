/** `/models`, `/stats`, `/mcp/swarm-status` and `/health`: what earlier clients ask of the service itself. */
import type Router from '@koa/router';
import { readCounts } from '../../../metrics/counts';
import { readActivity, turnsInHand } from '../../../redis/activity';
import { liveWorkers, type WorkerReport } from '../../../redis/workers';
import type { Services } from '../../services';
import { measureHealth } from '../health';
import { listTeams } from './teams';

const FAVORITES = 5;

export function addSystemRoutes(router: Router, services: Services): void {
  const { redis, metrics } = services;

  router.get('/models', async (ctx) => {
    const [reports, counts] = await Promise.all([liveWorkers(redis), readCounts(redis)]);
    const spoken = Object.entries(counts.turnsByModel).sort(([, a], [, b]) => b - a);
    ctx.body = {
      favorites: spoken.slice(0, FAVORITES).map(([model]) => model),
      available: [...new Set(reports.flatMap(modelsOf))],
      routing: Object.assign({}, ...reports.map(({ models }) => models)) as object,
    };
  });

  router.get('/stats', async (ctx) => {
    const [reports, { turnsByModel: _models, ...counts }] = await Promise.all([liveWorkers(redis), readCounts(redis)]);
    ctx.body = {
      ...counts,
      workers: reports.length,
      open_streams: metrics.open(),
      uptime_seconds: Math.round(process.uptime()),
    };
  });

  router.get('/mcp/swarm-status', async (ctx) => {
    const workers = await liveWorkers(redis);
    const [teams, lastActive, inHand] = await Promise.all([
      listTeams(services, workers),
      readActivity(redis),
      turnsInHand(
        redis,
        workers.map(({ id }) => id),
      ),
    ]);
    const agents = teams.map(({ id, status }) => {
      const seen = lastActive.get(id);
      const isBusy = inHand.some(({ workflowId = '', swarm }) => swarm === id || workflowId.startsWith(`${id}-`));
      return {
        id,
        status: status !== 'active' ? status : isBusy ? 'active' : 'idle',
        last_active: seen === undefined ? null : new Date(seen).toISOString(),
      };
    });
    ctx.body = {
      status: teams.some(({ status }) => status === 'active') ? 'ok' : 'degraded',
      agents,
      total_agents: agents.length,
      active_agents: agents.filter(({ status }) => status === 'active').length,
    };
  });

  router.get('/health', async (ctx) => {
    const health = await measureHealth(services);
    ctx.status = health.status === 'ok' ? 200 : 503;
    ctx.body = { ...health, status: health.status === 'ok' ? 'healthy' : 'unhealthy' };
  });
}

function modelsOf({ routes, models }: WorkerReport): string[] {
  return Object.values(routes ?? models).flat();
}
