/** A worker's reports to the API: that it is alive, and the health of its gateways. */
import type { CallHealth } from '../gateway/call-health';
import type { Endpoint } from '../gateway/adapters/endpoint';
import { probe } from '../gateway/probe';
import type { LoopHealth } from '../loop-health';
import type { RedisConnection } from '../redis/connect';
import type { Sandbox } from '../sandbox/host/sandbox';
import { forgetWorker, REPORT_INTERVAL_MS, reportWorker, type WorkerReport } from '../redis/workers';

const UNWELL_INTERVAL_MS = 500;

interface Reported {
  endpoints: Endpoint[];
  callHealth: Pick<CallHealth, 'lastCall'>;
  sandbox: Pick<Sandbox, 'status'>;
  loops: LoopHealth;
  /** The queue whose APIs may hand runs to the express lane, if any may at the moment. */
  readHandoverQueue(): string | undefined;
}

/** Reports every few seconds that this worker is alive and the health of its gateways and sandbox; more often while one is unhealthy. */
export function startReporting(
  redis: RedisConnection,
  about: Pick<WorkerReport, 'id' | 'models' | 'routes' | 'capacity' | 'version'>,
  { endpoints, callHealth, sandbox, loops, readHandoverQueue }: Reported,
): () => Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const loop = loops.loop('the health report');
  const report = async () => {
    const gateways = await Promise.all(
      endpoints.map((endpoint) => probe(endpoint, callHealth.lastCall(endpoint.name))),
    );
    const status = sandbox.status();
    const health = { gateways, sandbox: status, loops: loops.problems() };
    const handoverQueue = readHandoverQueue();
    await reportWorker(redis, { ...about, ...health, ...(handoverQueue ? { handoverQueue } : {}), at: Date.now() });
    loop.succeeded();
    const isWell = gateways.every(({ ok }) => ok) && status.problem === undefined;
    return isWell ? REPORT_INTERVAL_MS : UNWELL_INTERVAL_MS;
  };
  const reportAndGoOn = async () => {
    const next = await report().catch((error: unknown) => {
      loop.failed(error);
      return UNWELL_INTERVAL_MS;
    });
    if (!stopped) timer = setTimeout(() => void reportAndGoOn(), next);
  };
  void reportAndGoOn();
  return async () => {
    stopped = true;
    clearTimeout(timer);
    await forgetWorker(redis, about.id).catch(() => undefined);
  };
}
