/** Metrics of this API process; `GET /metrics` serves them together with the counters of the workers. */
import type { Middleware } from 'koa';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { onClosing } from './closing';

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

export interface ApiMetrics {
  registry: Registry;
  requests: Middleware;
  runStarted(swarm: string): void;
  /** The number of connected readers. */
  open(): { sse: number; websocket: number };
  /** Sets the source of the numbers of connected readers; until then they are zero. */
  observe(counts: OpenCounts): void;
}

/** Reads the current numbers when the metrics are scraped. */
interface OpenCounts {
  sse(): number;
  websockets(): number;
  followedRuns(): number;
}

const NOTHING_OPEN: OpenCounts = { sse: () => 0, websockets: () => 0, followedRuns: () => 0 };

/** Named after OpenTelemetry's conventions for HTTP servers, in Prometheus spelling. */
export function createApiMetrics(): ApiMetrics {
  let open = NOTHING_OPEN;
  const registry = new Registry();
  const registers = [registry];
  const duration = new Histogram({
    name: 'http_server_request_duration_seconds',
    help: 'From a request to the end of its reply; streams last as long as they are read.',
    labelNames: ['http_request_method', 'http_route', 'http_response_status_code'],
    buckets: SECONDS,
    registers,
  });
  const started = new Counter({
    name: 'murmuration_runs_started_total',
    help: 'Runs that this process has started.',
    labelNames: ['swarm'],
    registers,
  });
  new Gauge({
    name: 'murmuration_open_streams',
    help: 'Readers that are connected to this process.',
    labelNames: ['transport'],
    registers,
    collect() {
      this.set({ transport: 'sse' }, open.sse());
      this.set({ transport: 'websocket' }, open.websockets());
    },
  });
  new Gauge({
    name: 'murmuration_followed_runs',
    help: 'Runs whose streams this process reads.',
    registers,
    collect() {
      this.set(open.followedRuns());
    },
  });

  return {
    registry,
    open: () => ({ sse: open.sse(), websocket: open.websockets() }),
    observe: (counts) => void (open = counts),
    runStarted: (swarm) => started.inc({ swarm }),
    async requests(ctx, next) {
      const stop = duration.startTimer({ http_request_method: ctx.method });
      onClosing(ctx.res, () => {
        // the route pattern instead of the path: paths have unbounded cardinality
        const http_route = String((ctx as { _matchedRoute?: unknown })._matchedRoute ?? '');
        stop({ http_route, http_response_status_code: ctx.res.statusCode });
      });
      await next();
    },
  };
}
