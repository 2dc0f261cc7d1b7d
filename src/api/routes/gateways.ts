/** `GET /gateways`: the state of each gateway and of each of its models, and the use of its limits, over all workers. */
import type { GatewaysReply, ModelState } from '../../contract';
import { gatewaysReply } from '../../contract/gateways';
import type { RedisConnection } from '../../redis/connect';
import { readModelState } from '../../redis/limiter';
import { listLiveWorkers, type ModelCapacity, type WorkerReport } from '../../redis/workers';
import { defineRoute } from '../routing/define-route';

export const gatewaysRoute = defineRoute({
  method: 'get',
  path: '/gateways',
  tag: 'Service',
  summary: 'How each gateway and each of its models is',
  replies: { 200: { description: 'At this moment, over all workers.', schema: gatewaysReply } },
  async handle({ reply, services: { redis } }) {
    return reply(200, await readGateways(redis));
  },
});

async function readGateways(redis: RedisConnection): Promise<GatewaysReply> {
  const reports = await listLiveWorkers(redis);
  const capacities = distinct(reports.flatMap(({ capacity }) => capacity ?? []));
  const names = [...new Set(reports.flatMap(({ gateways }) => gateways.map(({ gateway }) => gateway)))];
  const gateways = names.map(async (gateway) => {
    const own = capacities.filter((one) => one.gateway === gateway);
    const models = await Promise.all(own.map((capacity) => readState(redis, capacity)));
    return { gateway, ...summariseProbes(gateway, reports), models };
  });
  return {
    at: Date.now(),
    window_ms: capacities[0]?.windowMs ?? null,
    gateways: await Promise.all(gateways),
  };
}

/** Workers of one deployment report the same; if they differ, as during a rollout, the first report wins. */
function distinct(capacities: ModelCapacity[]): ModelCapacity[] {
  return [...new Map(capacities.reverse().map((capacity) => [capacity.address, capacity])).values()].reverse();
}

/** A gateway is available if at least one worker reaches it. */
function summariseProbes(
  gateway: string,
  reports: WorkerReport[],
): Omit<GatewaysReply['gateways'][number], 'gateway' | 'models'> {
  const probes = reports.flatMap(({ gateways }) => gateways.filter((probe) => probe.gateway === gateway));
  const problem = probes.find((probe) => probe.problem)?.problem;
  const keys = probes.flatMap(({ key }) => key ?? []);
  const key = keys.includes('proven') ? 'proven' : keys[0];
  return { ok: probes.some(({ ok }) => ok), ...(key ? { key } : {}), ...(problem ? { problem } : {}) };
}

async function readState(redis: RedisConnection, capacity: ModelCapacity): Promise<ModelState> {
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
