/** `/models`, `/stats`, `/mcp/swarm-status`, `/swarm/status` and `/health`: the status of the service in the format of earlier clients. */
import type { z } from 'zod';
import { earlierHealthReply, modelsReply, statsReply, swarmStatusReply } from '../../../contract/client-replies';
import { readCounts } from '../../../metrics/counts';
import { readActivity } from '../../../redis/activity';
import { listTurnsInHand } from '../../../redis/leases';
import { listLiveWorkers, type WorkerReport } from '../../../redis/workers';
import { defineRoute } from '../../routing/define-route';
import type { Services } from '../../services';
import { measureHealth, selectHealth } from '../../routes/health';
import { listTeams } from './teams';

const FAVORITES = 5;

const earlier = { tag: 'For earlier clients', method: 'get' } as const;

const modelsRoute = defineRoute({
  ...earlier,
  path: '/models',
  summary: 'The models that workers can reach',
  replies: { 200: { description: 'As the workers report them.', schema: modelsReply } },
  async handle({ reply, services: { redis } }) {
    const [reports, counts] = await Promise.all([listLiveWorkers(redis), readCounts(redis)]);
    const spoken = Object.entries(counts.turnsByModel).sort(([, a], [, b]) => b - a);
    const body = {
      favorites: spoken.slice(0, FAVORITES).map(([model]) => model),
      available: [...new Set(reports.flatMap(listModels))],
      routing: Object.fromEntries(reports.flatMap(({ models }) => Object.entries(models))),
    };
    return reply(200, body);
  },
});

const statsRoute = defineRoute({
  ...earlier,
  path: '/stats',
  summary: 'What was counted',
  replies: { 200: { description: 'Over all workers; streams and uptime of this process.', schema: statsReply } },
  async handle({ reply, services: { redis, metrics } }) {
    const [reports, { turnsByModel: _models, ...counts }] = await Promise.all([
      listLiveWorkers(redis),
      readCounts(redis),
    ]);
    const body = {
      ...counts,
      workers: reports.length,
      open_streams: metrics.open(),
      uptime_seconds: Math.round(process.uptime()),
    };
    return reply(200, body);
  },
});

const status = {
  ...earlier,
  replies: { 200: { description: 'As the workers report them.', schema: swarmStatusReply } },
} as const;

const swarmStatusRoute = defineRoute({
  ...status,
  path: '/mcp/swarm-status',
  summary: 'Which swarms are at work',
  handle: async ({ reply, services }) => reply(200, await readSwarmStatus(services)),
});

const sameStatusRoute = defineRoute({
  ...status,
  path: '/swarm/status',
  summary: 'The same',
  handle: async ({ reply, services }) => reply(200, await readSwarmStatus(services)),
});

const healthRoute = defineRoute({
  ...earlier,
  path: '/health',
  summary: '`/healthz` in their words',
  isOpen: true,
  replies: {
    200: { description: 'A run that starts now would be carried out.', schema: earlierHealthReply },
    503: { description: 'It would not; `systems` says why.', schema: earlierHealthReply },
  },
  async handle({ reply, ctx, services }) {
    const health = await measureHealth(services);
    const isHealthy = health.status === 'ok';
    return reply(isHealthy ? 200 : 503, { ...selectHealth(ctx, health), status: isHealthy ? 'healthy' : 'unhealthy' });
  },
});

export const systemRoutes = [modelsRoute, statsRoute, swarmStatusRoute, sameStatusRoute, healthRoute];

type SwarmStatus = z.infer<typeof swarmStatusReply>;

/** The swarms and whether they are busy. */
async function readSwarmStatus(services: Services): Promise<SwarmStatus> {
  const { redis } = services;
  const workers = await listLiveWorkers(redis);
  const [teams, lastActive, inHand] = await Promise.all([
    listTeams(services, workers),
    readActivity(redis),
    listTurnsInHand(
      redis,
      workers.map(({ id }) => id),
    ),
  ]);
  const agents = teams.map(({ id, status }): SwarmStatus['agents'][number] => {
    const seen = lastActive.get(id);
    const isBusy = inHand.some(({ workflowId = '', swarm }) => swarm === id || workflowId.startsWith(`${id}-`));
    return {
      id,
      status: status !== 'active' ? status : isBusy ? 'active' : 'idle',
      last_active: seen === undefined ? null : new Date(seen).toISOString(),
    };
  });
  return {
    status: teams.some(({ status }) => status === 'active') ? 'ok' : 'degraded',
    agents,
    total_agents: agents.length,
    active_agents: agents.filter(({ status }) => status === 'active').length,
  };
}

function listModels({ routes, models }: WorkerReport): string[] {
  return Object.values(routes ?? models).flat();
}
