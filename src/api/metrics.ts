/** What this API process has measured of itself; `GET /metrics` serves it together with what the workers have counted. */
import type { Middleware } from 'koa';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

export interface ApiMetrics {
  registry: Registry;
  requests: Middleware;
  runStarted(swarm: string): void;
  /** Readers that are connected now. */
  open(): { sse: number; websocket: number };
}

/** What is open now, asked when somebody reads the metrics. */
export interface OpenCounts {
  sse(): number;
  websockets(): number;
  followedRuns(): number;
}

/** Named after OpenTelemetry's conventions for HTTP servers, in Prometheus' spelling. */
export function createApiMetrics(open: OpenCounts): ApiMetrics {
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
    runStarted: (swarm) => started.inc({ swarm }),
    async requests(ctx, next) {
      const stop = duration.startTimer({ http_request_method: ctx.method });
      ctx.res.once('close', () => {
        // the pattern of the route, never the address: addresses are without number
        const http_route = String((ctx as { _matchedRoute?: unknown })._matchedRoute ?? '');
        stop({ http_route, http_response_status_code: ctx.res.statusCode });
      });
      await next();
    },
  };
}
