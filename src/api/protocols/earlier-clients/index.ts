/** The routes of earlier clients; they start and return the same runs as all other routes. */
import type { Context } from 'koa';
import { z } from 'zod';
import type { SwarmDefinition } from '../../../contract';
import { notFoundReply, team, teamList, workflowList } from '../../../contract/client-replies';
import { COORDINATION } from '../../../contract/compositions';
import { listLiveWorkers } from '../../../redis/workers';
import { ApiError } from '../../errors';
import { defineRoute } from '../../routing/define-route';
import { findSwarmByName } from '../../team-names';
import { teamBody, teamRequest, workflowBody, workflowRequest } from './requests';
import { runTeam, runTeamReplies } from './run';
import { systemRoutes } from './system';
import { DEFAULT_TEAM, describeTeam, describeWorkflow, listTeams } from './teams';

const earlier = { tag: 'For earlier clients' } as const;
const unknown = { description: 'There is no such thing.', schema: notFoundReply };

/** Shared by the routes that list teams. */
const teams = {
  ...earlier,
  method: 'get',
  replies: { 200: { description: 'All of them.', schema: teamList } },
} as const;

const teamsRoute = defineRoute({
  ...teams,
  path: '/teams',
  summary: 'The swarms as teams',
  handle: async ({ reply, services }) => reply(200, await listTeams(services)),
});

const agentsRoute = defineRoute({
  ...teams,
  path: '/agents',
  summary: 'The same list',
  handle: async ({ reply, services }) => reply(200, await listTeams(services)),
});

const teamRoute = defineRoute({
  ...earlier,
  method: 'get',
  path: '/teams/{id}',
  summary: 'One team, also under its earlier names',
  params: z.object({ id: z.string().describe('The id or an earlier name of the team.') }),
  replies: { 200: { description: 'The team.', schema: team }, 404: unknown },
  errors: [405],
  async handle({ reply, params: { id }, ctx, services }) {
    if (id === 'run') throw notByGet(ctx);
    const swarm = findSwarmByName(services.swarms, id);
    if (!swarm) return reply(404, notFound('Team', id));
    return reply(200, describeTeam(services, swarm, await listLiveWorkers(services.redis)));
  },
});

const inputs = { ...z.toJSONSchema(teamRequest, { io: 'input' }).properties };
const workflowsRoute = defineRoute({
  ...earlier,
  method: 'get',
  path: '/workflows',
  summary: 'The swarms as workflows',
  replies: { 200: { description: 'All of them.', schema: workflowList } },
  handle({ reply, services }) {
    const workflows: SwarmDefinition[] = [COORDINATION, ...services.swarms.all()];
    return reply(
      200,
      workflows.map((swarm) => describeWorkflow(swarm, inputs)),
    );
  },
});

/** Shared by the routes that run a team. */
const run = {
  ...earlier,
  method: 'post',
  replies: { ...runTeamReplies, 404: unknown },
  errors: [402, 409, 413, 422, 502],
  acceptsIdempotencyKey: true,
} as const;

const runTeamRoute = defineRoute({
  ...run,
  path: '/teams/run',
  summary: 'Run a team; it streams unless `stream` is false',
  body: teamBody,
  documentedBody: teamRequest,
  handle({ reply, body, ctx, services }) {
    const id = body.team_id ?? DEFAULT_TEAM;
    const swarm = findSwarmByName(services.swarms, id);
    return swarm ? runTeam(ctx, services, { swarm, request: body, reply }) : reply(404, notFound('Team', id));
  },
});

const runWorkflowRoute = defineRoute({
  ...run,
  path: '/workflows/run',
  summary: 'The same for a workflow',
  body: workflowRequest,
  documentedBody: workflowBody,
  handle({ reply, body, ctx, services }) {
    const swarm = findSwarmByName(services.swarms, body.team_id);
    return swarm
      ? runTeam(ctx, services, { swarm, request: body, reply })
      : reply(404, notFound('Workflow', body.team_id));
  },
});

export const earlierClientRoutes = [
  teamsRoute,
  agentsRoute,
  teamRoute,
  workflowsRoute,
  runTeamRoute,
  runWorkflowRoute,
  ...systemRoutes,
];

/** `GET /teams/run` does not refer to a team called "run": that path accepts only `POST`. */
function notByGet(ctx: Context): ApiError {
  ctx.set('Allow', 'POST');
  return new ApiError('METHOD_NOT_ALLOWED', `${ctx.path} does not know ${ctx.method}; see the Allow header.`);
}

/** The 404 body that these clients expect. */
function notFound(kind: string, id: string) {
  return { detail: `${kind} '${id}' not found` };
}
