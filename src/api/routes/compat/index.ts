/** The addresses that earlier clients know, in front of the same runs as all others. */
import type Router from '@koa/router';
import type { Context } from 'koa';
import { z } from 'zod';
import type { SwarmDefinition } from '../../../contract';
import { COORDINATION } from '../../../contract/compositions';
import { liveWorkers } from '../../../redis/workers';
import { parse } from '../../errors';
import type { Services } from '../../services';
import { teamRequest, workflowRequest } from './requests';
import { runTeam } from './run';
import { addSystemRoutes } from './system';
import { DEFAULT_TEAM, describeTeam, describeWorkflow, findTeam, listTeams } from './teams';

export function addCompatRoutes(router: Router, services: Services): void {
  const list = async (ctx: Context) => void (ctx.body = await listTeams(services));
  router.get('/teams', list);
  router.get('/agents', list);

  router.get('/teams/:id', async (ctx) => {
    const id = String(ctx.params.id);
    const swarm = findTeam(services, id);
    if (!swarm) return notFound(ctx, 'Team', id);
    ctx.body = describeTeam(services, swarm, await liveWorkers(services.redis));
  });

  const inputs = z.toJSONSchema(teamRequest, { io: 'input' }).properties ?? {};
  router.get('/workflows', (ctx) => {
    const workflows: SwarmDefinition[] = [COORDINATION, ...services.swarms.all()];
    ctx.body = workflows.map((swarm) => describeWorkflow(swarm, inputs));
  });

  router.post('/teams/run', async (ctx) => {
    const request = parse(teamRequest, ctx.request.body);
    await runKnown(ctx, 'Team', request.team_id ?? DEFAULT_TEAM, request);
  });

  router.post('/workflows/run', async (ctx) => {
    const request = parse(workflowRequest, ctx.request.body);
    await runKnown(ctx, 'Workflow', request.team_id, request);
  });

  addSystemRoutes(router, services);

  async function runKnown(ctx: Context, kind: string, id: string, request: Parameters<typeof runTeam>[3]) {
    const swarm = findTeam(services, id);
    if (!swarm) return notFound(ctx, kind, id);
    await runTeam(ctx, services, swarm, request);
  }
}

/** The body that these clients look for. */
function notFound(ctx: Context, kind: string, id: string): void {
  ctx.status = 404;
  ctx.body = { detail: `${kind} '${id}' not found` };
}
