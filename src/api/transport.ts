/** Serves the API over HTTP, Server-Sent Events and WebSocket. */
import type { Config } from '../config/config';
import type { Logger } from '../log';
import { createAccess } from './access';
import { createApp } from './app';
import { createKeyring } from './auth';
import { createBus } from './bus';
import { createApiLimits } from './limits/middleware';
import { listen } from './listen';
import { createRejectedKeys } from './rejected-keys';
import { createRunListeners } from './run-listeners';
import type { Services } from './services';
import type { StartedRuns } from './started-runs';
import { createWebSockets } from './websocket';

export interface Transport {
  /** The port of the first server. */
  port: number;
  /** The number of connected WebSocket readers. */
  countSockets(): number;
  /** Accepts no more connections, ends streams and sockets after pending data, and cuts off what has not ended within the limit. */
  close(limitMs: number): Promise<void>;
}

export async function openTransport(
  config: Config,
  services: Services,
  started: StartedRuns,
  log: Logger,
): Promise<Transport> {
  const { relay, redis, streams } = services;
  const guards = {
    access: createAccess(config, log),
    keyring: createKeyring(config, createRejectedKeys(log)),
    limits: createApiLimits(redis, config),
  };
  const bus = createBus(started, relay, config.MAX_UNSENT_MB);
  const listeners = createRunListeners(started, relay);
  const sockets = createWebSockets({ ...services, ...guards, bus, listeners, log });
  const app = createApp({ services, ...guards, log });
  const { port, servers, drain } = await listen(app, config.HOST, portsIn(config), config.KEEP_ALIVE_SECONDS);
  servers.forEach((server) => sockets.serve(server));
  return {
    port,
    countSockets: () => sockets.size,
    async close(limitMs) {
      const drained = drain(limitMs);
      sockets.close();
      streams.interrupt();
      await drained;
      sockets.terminate();
    },
  };
}

function portsIn({ PORT, PORT_MCP }: Config): number[] {
  return PORT_MCP > 0 ? [PORT, PORT_MCP] : [PORT];
}
