/** `GET /gateways`: how each gateway and each of its models is, and how much of its limits is in use, over all workers. */
import type Router from '@koa/router';
import type { GatewaysReply, ModelState } from '../../contract';
import type { RedisConnection } from '../../redis/connect';
import { readModelState } from '../../redis/model-states';
import { liveWorkers, type ModelCapacity, type WorkerReport } from '../../redis/workers';
import type { Services } from '../services';

export function addGatewayRoute(router: Router, { redis }: Services): void {
  router.get('/gateways', async (ctx) => {
    const reports = await liveWorkers(redis);
    const capacities = distinct(reports.flatMap(({ capacity }) => capacity ?? []));
    const names = [...new Set(reports.flatMap(({ gateways }) => gateways.map(({ gateway }) => gateway)))];
    const gateways = names.map(async (gateway) => {
      const own = capacities.filter((one) => one.gateway === gateway);
      const models = await Promise.all(own.map((capacity) => stateOf(redis, capacity)));
      return { gateway, ...probeOf(gateway, reports), models };
    });
    const reply: GatewaysReply = {
      at: Date.now(),
      window_ms: capacities[0]?.windowMs ?? null,
      gateways: await Promise.all(gateways),
    };
    ctx.body = reply;
  });
}

/** Workers of one deployment say the same; where they differ, as while a new version rolls out, the first holds. */
function distinct(capacities: ModelCapacity[]): ModelCapacity[] {
  return [...new Map(capacities.reverse().map((capacity) => [capacity.address, capacity])).values()].reverse();
}

/** A gateway that one worker reaches is there. */
function probeOf(gateway: string, reports: WorkerReport[]): { ok: boolean; problem?: string } {
  const probes = reports.flatMap(({ gateways }) => gateways.filter((probe) => probe.gateway === gateway));
  const problem = probes.find((probe) => probe.problem)?.problem;
  return { ok: probes.some(({ ok }) => ok), ...(problem ? { problem } : {}) };
}

async function stateOf(redis: RedisConnection, capacity: ModelCapacity): Promise<ModelState> {
  const { model, address, aliases, limits, windowMs } = capacity;
  const state = await readModelState(redis, address, windowMs);
  const share = (used: number, limit: number | undefined) => (limit === undefined ? null : { used, limit });
  return {
    model,
    aliases,
    breaker: state.breaker,
    resting_until: state.restingUntil,
    reason: state.reason,
    requests: share(state.requests, limits.requests),
    tokens: share(state.tokens, limits.tokens),
    concurrency: share(state.open, limits.concurrency),
    waiting: state.waiting,
    first_token_ms: state.firstTokenMs,
    duration_ms: state.durationMs,
  };
}
