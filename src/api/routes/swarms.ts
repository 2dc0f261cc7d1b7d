/**
 * `GET /swarms`, `GET /swarms/schema.json`, `POST /swarm/execute`, `POST /swarm/coordinate` and `POST /swarms/multi`: list swarms and start
 * runs.
 */
import type { Context } from 'koa';
import { z } from 'zod';
import type { Role, SwarmDefinition } from '../../contract';
import { COORDINATION } from '../../contract/compositions';
import { COORDINATE, MULTI } from '../../contract/names';
import { withEarlierNames } from '../../contract/earlier-names';
import { acceptedReply, runReply } from '../../contract/replies';
import { coordinateRequest, executeRequest, multiRequest } from '../../contract/requests';
import { swarmList } from '../../contract/service-replies';
import { ownSwarmsSchema } from '../../config/own-swarms';
import { makeRunGraph } from '../../workflows/run-graph';
import { PATTERN_NAMES } from '../../workflows/registry';
import { errorFrame, toApiError } from '../errors';
import { readCaller } from '../idempotency';
import { toReply } from '../results';
import type { Order } from '../start-requests';
import { writeOnce } from '../routing/constant-replies';
import { defineRoute, type PreparedReply, type PrepareReply } from '../routing/define-route';
import { replayHeaders, runAddress, runningRun } from '../routing/run-replies';
import type { Services } from '../services';
import { toSwarmId } from '../team-names';
import { waitForResult, waitLimit } from '../wait';

const startReplies = {
  200: {
    description: 'The answer; with `stream: true` the run as Server-Sent Events.',
    schema: runReply,
    events: 'Frame',
  },
  202: {
    description: 'The run goes on: `wait: false`, `Prefer: respond-async`, or it took longer.',
    schema: acceptedReply,
  },
} as const;

/** Shared by the routes that start a run. */
const start = {
  method: 'post',
  tag: 'Start',
  replies: startReplies,
  errors: [402, 404, 409, 413, 422, 502],
  acceptsIdempotencyKey: true,
} as const;

const executeRoute = defineRoute({
  ...start,
  path: '/swarm/execute',
  summary: 'Run one swarm',
  body: withEarlierNames(executeRequest),
  documentedBody: executeRequest,
  handle({ reply, body: { stream, wait, swarm_id: name, ...order }, ctx, services }) {
    const swarm_id = toSwarmId(services.swarms, name);
    const whole = { ...order, swarm_id, max_rounds: 1, ...readCaller(ctx) };
    return startRun(ctx, services, whole, { stream, wait, reply });
  },
});

const coordinateRoute = defineRoute({
  ...start,
  path: '/swarm/coordinate',
  summary: 'Plan, implement, review',
  body: withEarlierNames(coordinateRequest),
  documentedBody: coordinateRequest,
  handle({ reply, body: { stream, wait, ...order }, ctx, services }) {
    const whole = { ...order, swarm_id: COORDINATE, ...readCaller(ctx) };
    return startRun(ctx, services, whole, { stream, wait, reply });
  },
});

const multiRoute = defineRoute({
  ...start,
  path: '/swarms/multi',
  summary: 'Several swarms on one message',
  body: withEarlierNames(multiRequest),
  documentedBody: multiRequest,
  handle({ reply, body: { stream, wait, ...order }, ctx, services }) {
    const whole = { ...order, swarm_id: MULTI, max_rounds: 1, ...readCaller(ctx) };
    return startRun(ctx, services, whole, { stream, wait, reply });
  },
});

const listReply = z.array(swarmList.element.extend({ pattern: z.enum(PATTERN_NAMES) }));
const listRoute = defineRoute({
  method: 'get',
  path: '/swarms',
  tag: 'Start',
  summary: 'The swarms and their roles',
  replies: { 200: { description: 'All swarms, without their prompts.', schema: listReply } },
  handle: ({ reply, services }) => reply(200, describeSwarms(services.swarms.all())),
});

const fileSchema = writeOnce({ ...ownSwarmsSchema() });
const schemaRoute = defineRoute({
  method: 'get',
  path: '/swarms/schema.json',
  tag: 'Start',
  summary: 'JSON Schema of a file of swarms',
  isOpen: true,
  replies: {
    200: {
      description: 'For editors; it needs no key.',
      schema: z.looseObject({}),
      media: 'application/schema+json',
    },
  },
  handle: ({ reply }) => reply(200, fileSchema),
});

export const swarmRoutes = [executeRoute, coordinateRoute, multiRoute, listRoute, schemaRoute];

type SwarmDescription = z.output<typeof listReply>[number];
const descriptions = new WeakMap<readonly SwarmDefinition[], SwarmDescription[]>();

/** Made once for each version of the swarms. */
function describeSwarms(own: readonly SwarmDefinition[]): SwarmDescription[] {
  const known = descriptions.get(own);
  if (known) return known;
  const all = [...own, COORDINATION];
  const made = writeOnce(all.map((swarm) => describeSwarm(swarm, all)));
  descriptions.set(own, made);
  return made;
}

/** The public description of a swarm: everything except its prompts. */
function describeSwarm(swarm: SwarmDefinition, all: SwarmDefinition[]) {
  const stages = swarm.stages?.map(({ prompt: _prompt, ...stage }) => stage);
  const graph = makeRunGraph(swarm, (wanted) => all.find(({ id }) => id === wanted));
  return { ...swarm, ...(stages ? { stages } : {}), roles: listRoles(swarm, all), graph };
}

/** The roles of a swarm. For a swarm of several swarms, the roles of those, prefixed with their stage as in turn ids. */
function listRoles(
  { roles, stages = [] }: SwarmDefinition,
  all: SwarmDefinition[],
): ({ role: string } & Omit<Role, 'system' | 'prompt'>)[] {
  const own = Object.entries(roles).map(([role, { system: _system, prompt: _prompt, ...about }]) => ({
    role,
    ...about,
  }));
  const staged = stages.flatMap(({ name, swarm }) => {
    const member = all.find(({ id }) => id === swarm);
    return member ? listRoles(member, all).map(({ role, ...about }) => ({ role: `${name}/${role}`, ...about })) : [];
  });
  return [...own, ...staged];
}

/** How the caller wants the reply delivered. */
interface Delivery {
  stream: boolean | null | undefined;
  wait: boolean | number | null | undefined;
  reply: PrepareReply<typeof startReplies>;
}

async function startRun(
  ctx: Context,
  services: Services,
  order: Order,
  { stream, wait, reply }: Delivery,
): Promise<PreparedReply | undefined> {
  const waitMs = Math.min(waitLimit(ctx, wait) ?? Infinity, services.syncWaitMs);
  const run = services.runs.prepare(order);
  if (stream) {
    await streamRun(ctx, services, order, run);
    return undefined;
  }
  const started = await services.runs.start(order, run);
  // also set on the error reply of a run that fails while its caller waits
  ctx.set(replayHeaders(started));
  const result = waitMs > 0 ? await waitForResult(services, run.run_id, waitMs) : undefined;
  const headers = { Location: runAddress(run.run_id) };
  return result ? reply(200, toReply(result), headers) : reply(202, runningRun(started), headers);
}

/**
 * The reader is attached before the run starts, so that the first token is not delayed. With an idempotency key the run may belong to an
 * earlier request, so the start is awaited first.
 */
async function streamRun(
  ctx: Context,
  { runs, relay, streams }: Services,
  order: Order,
  run: ReturnType<Services['runs']['prepare']>,
): Promise<void> {
  // awaited while the reply can still be an error
  const opened = await runs.open(order, run);
  const starting = runs.start(order, run, opened);
  if (order.idempotencyKey) ctx.set(replayHeaders(await starting));
  const stream = streams.open(ctx);
  const following = relay.fresh(run.run_id, stream);
  stream.onLeave(() => following.stop());
  starting.catch((error: unknown) => {
    following.stop();
    stream.finish(errorFrame(toApiError(error), run));
  });
}
