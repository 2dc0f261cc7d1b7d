/** `GET /swarms`, `GET /swarms/schema.json`, `POST /swarm/execute`, `POST /swarm/coordinate` and `POST /swarms/multi`: what there is to start, and starting it. */
import type Router from '@koa/router';
import type { Context } from 'koa';
import type { Role, SwarmDefinition } from '../../contract';
import { COORDINATION } from '../../contract/compositions';
import { COORDINATE, MULTI } from '../../contract/names';
import { ownSwarmsSchema } from '../../contract/own-swarms';
import { coordinateRequest, executeRequest, multiRequest } from '../../contract/requests';
import { errorFrame, parse, toApiError } from '../errors';
import { callerOf } from '../idempotency';
import { toReply } from '../outcomes';
import type { Order } from '../orders';
import type { Services } from '../services';
import { waitForResult } from '../wait';

/** Where the JSON Schema of a file of swarms is published: editors ask for it without a key. */
export const SCHEMA_PATH = '/swarms/schema.json';

/** How the caller wants the answer. */
type Delivery = 'stream' | 'async' | 'wait';

export function addSwarmRoutes(router: Router, services: Services): void {
  router.get('/swarms', (ctx) => {
    const all = [...services.swarms.all(), COORDINATION];
    ctx.body = all.map((swarm) => describeSwarm(swarm, all));
  });

  const schema = ownSwarmsSchema();
  router.get(SCHEMA_PATH, (ctx) => {
    ctx.body = schema;
    ctx.type = 'application/schema+json';
  });

  router.post('/swarm/execute', async (ctx) => {
    const { stream, wait, ...order } = parse(executeRequest, ctx.request.body);
    await carryOut(ctx, services, { ...order, max_rounds: 1, ...callerOf(ctx) }, deliveryOf(ctx, stream, wait));
  });

  router.post('/swarm/coordinate', async (ctx) => {
    const { stream, wait, ...order } = parse(coordinateRequest, ctx.request.body);
    const whole = { ...order, swarm_id: COORDINATE, ...callerOf(ctx) };
    await carryOut(ctx, services, whole, deliveryOf(ctx, stream, wait));
  });

  router.post('/swarms/multi', async (ctx) => {
    const { stream, wait, ...order } = parse(multiRequest, ctx.request.body);
    const whole = { ...order, swarm_id: MULTI, max_rounds: 1, ...callerOf(ctx) };
    await carryOut(ctx, services, whole, deliveryOf(ctx, stream, wait));
  });
}

/** A swarm as callers see it: everything but the prompts. */
function describeSwarm(swarm: SwarmDefinition, all: SwarmDefinition[]) {
  const stages = swarm.stages?.map(({ prompt: _prompt, ...stage }) => stage);
  return { ...swarm, ...(stages ? { stages } : {}), roles: rolesOf(swarm, all) };
}

/** The roles of a swarm; of one that is made of others the roles of those, each behind its stage, as in the ids of turns. */
function rolesOf(
  { roles, stages = [] }: SwarmDefinition,
  all: SwarmDefinition[],
): ({ role: string } & Partial<Role>)[] {
  const own = Object.entries(roles).map(([role, { system: _system, prompt: _prompt, ...about }]) => ({
    role,
    ...about,
  }));
  const staged = stages.flatMap(({ name, swarm }) => {
    const member = all.find(({ id }) => id === swarm);
    return member ? rolesOf(member, all).map(({ role, ...about }) => ({ role: `${name}/${role}`, ...about })) : [];
  });
  return [...own, ...staged];
}

function deliveryOf(ctx: Context, stream: boolean | null | undefined, wait: boolean | null | undefined): Delivery {
  if (stream) return 'stream';
  return wait === false || /\brespond-async\b/.test(ctx.get('Prefer')) ? 'async' : 'wait';
}

async function carryOut(ctx: Context, services: Services, order: Order, delivery: Delivery): Promise<void> {
  const run = services.runs.prepare(order);
  if (delivery === 'stream') return streamRun(ctx, services, order, run);
  const { replayed, ...scope } = await services.runs.start(order, run);
  if (replayed) ctx.set('Idempotency-Replayed', 'true');
  const result = delivery === 'wait' ? await waitForResult(services, run.run_id, services.syncWaitMs) : undefined;
  ctx.set('Location', `/runs/${encodeURIComponent(run.run_id)}`);
  if (result) {
    ctx.body = toReply(result);
  } else {
    ctx.status = 202;
    ctx.body = { ...scope, status: 'running', events: `/runs/${encodeURIComponent(run.run_id)}/events` };
  }
}

/**
 * The reader is there before the run starts, so that the first token waits for nothing. With an idempotency key the run may be another
 * one's: it is known first which.
 */
async function streamRun(
  ctx: Context,
  { runs, relay, streams }: Services,
  order: Order,
  run: ReturnType<Services['runs']['prepare']>,
): Promise<void> {
  const starting = runs.start(order, run);
  if (order.idempotencyKey && (await starting).replayed) ctx.set('Idempotency-Replayed', 'true');
  const stream = streams.open(ctx);
  const following = relay.fresh(run.run_id, stream);
  stream.onLeave(() => following.stop());
  starting.catch((error: unknown) => {
    following.stop();
    stream.finish(errorFrame(toApiError(error), run));
  });
}
