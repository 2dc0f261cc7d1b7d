/**
 * `GET /healthz` checks each component live; "ok" means that a run that is started now would be executed. `GET /readyz`: this process can
 * accept requests; `warnings` list what an operator should fix.
 */
import type { Context } from 'koa';
import { healthReply, readyReply, type HealthReply } from '../../contract/service-replies';
import { describeMemory, readRedisMemory, type RedisMemory } from '../../redis/maxmemory';
import { listLiveWorkers, type WorkerReport } from '../../redis/workers';
import { within } from '../limits/within';
import { defineRoute } from '../routing/define-route';
import type { Services } from '../services';

const DEADLINE_MS = 2000;

/**
 * The current state of each component. `status` is "ok" only if all of them are; without a sandbox, runs continue and their programs stay
 * unchecked; `background` lists the loops of API and workers.
 */
export async function measureHealth(services: Services): Promise<HealthReply> {
  const [redis, temporal, workers] = await Promise.all([
    redisWorks(services),
    services.temporalAnswers(DEADLINE_MS),
    readWorkers(services),
  ]);
  const gateways = workers.flatMap((worker) => worker.gateways);
  const loops = [...services.loops.problems(), ...workers.flatMap((worker) => worker.loops ?? [])];
  const systems = {
    redis: redis && loops.every(({ isEssential }) => !isEssential),
    temporal,
    worker: workers.length > 0,
    gateway: gateways.some(({ ok }) => ok),
    sandbox: workers.some(({ sandbox }) => sandbox?.problem === undefined),
    background: loops.length === 0,
  };
  const problems = [
    ...new Set([
      ...gateways.flatMap(({ problem }) => problem ?? []),
      ...listSandboxProblems(workers),
      ...loops.map(({ problem }) => problem),
    ]),
  ];
  const isolation = summariseIsolation(workers);
  return {
    status: Object.values(systems).every(Boolean) ? 'ok' : 'degraded',
    timestamp: new Date().toISOString(),
    systems,
    workers: workers.length,
    ...(isolation ? { isolation } : {}),
    ...(problems.length > 0 ? { problems } : {}),
  };
}

/** The part that this caller may see: without a key no reasons, addresses or numbers. */
export function selectHealth(ctx: Context, health: HealthReply) {
  const { status, timestamp, systems } = health;
  return ctx.state.isAuthenticated ? health : { status, timestamp, systems };
}

const healthRoute = defineRoute({
  method: 'get',
  path: '/healthz',
  tag: 'Service',
  summary: 'Whether a run that starts now would be carried out',
  isOpen: true,
  replies: {
    200: { description: 'It would.', schema: healthReply },
    503: { description: 'It would not; `systems` says why.', schema: healthReply },
  },
  async handle({ reply, ctx, services }) {
    const health = await measureHealth(services);
    const { sandbox: _sandbox, background: _background, ...needed } = health.systems;
    return reply(Object.values(needed).every(Boolean) ? 200 : 503, selectHealth(ctx, health));
  },
});

const readyRoute = defineRoute({
  method: 'get',
  path: '/readyz',
  tag: 'Service',
  summary: 'Whether this process takes requests',
  isOpen: true,
  replies: {
    200: { description: 'It does.', schema: readyReply },
    503: { description: 'It does not.', schema: readyReply },
  },
  async handle({ reply, ctx, services }) {
    const [memory, temporal, workers] = await Promise.all([
      readMemory(services),
      services.temporalAnswers(DEADLINE_MS),
      readWorkers(services),
    ]);
    const redis = memory !== undefined && !memory.isFull;
    const ready = redis && temporal && !services.stopping.aborted;
    const warnings = [
      services.swarms.warning() ?? [],
      memory ? describeMemory(memory) : [],
      warnOfIsolation(workers) ?? [],
    ].flat();
    const shown = ctx.state.isAuthenticated && warnings.length > 0 ? { warnings } : {};
    return reply(ready ? 200 : 503, { ready, systems: { redis, temporal }, ...shown });
  },
});

export const healthRoutes = [healthRoute, readyRoute];

function listSandboxProblems(workers: WorkerReport[]): string[] {
  const broken = workers.filter(({ sandbox }) => sandbox?.problem !== undefined);
  const reasons = [...new Set(broken.map(({ sandbox }) => sandbox?.problem ?? ''))];
  return reasons.map(
    (reason) => `Generated code is not executed on ${broken.length} of ${workers.length} workers: ${reason}`,
  );
}

/** The isolation layers that all workers have in common; undefined if none knows its layers. */
function summariseIsolation(workers: WorkerReport[]) {
  const known = workers.flatMap(({ sandbox }) => (sandbox && sandbox.layers.length > 0 ? [sandbox] : []));
  const [first] = known;
  if (!first) return undefined;
  const layers = first.layers.filter((name) => known.every((other) => other.layers.includes(name)));
  return { layers, unprotected: [...new Set(known.flatMap(({ unprotected }) => unprotected))] };
}

function warnOfIsolation(workers: WorkerReport[]): string | undefined {
  const isolation = summariseIsolation(workers);
  if (!isolation || isolation.unprotected.length === 0) return undefined;
  const lack = isolation.unprotected.join(', ');
  return `Should the language sandbox fail, no second layer protects ${lack}. Active layers: ${isolation.layers.join(', ')}.`;
}

/** Undefined if Redis does not answer. */
async function readMemory({ redis }: Services): Promise<RedisMemory | undefined> {
  return within(DEADLINE_MS, readRedisMemory(redis)).catch(() => undefined);
}

/** Whether Redis accepts the writes of a run. */
async function redisWorks(services: Services): Promise<boolean> {
  const memory = await readMemory(services);
  return memory !== undefined && !memory.isFull;
}

async function readWorkers({ redis }: Services) {
  return (await within(DEADLINE_MS, listLiveWorkers(redis)).catch(() => undefined)) ?? [];
}
