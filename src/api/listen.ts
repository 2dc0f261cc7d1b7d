/** Serves the application on its ports and shuts down without cutting off replies. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type Koa from 'koa';
import { keepAlive } from '../keep-alive';

export interface Listening {
  /** The port of the first server. */
  port: number;
  servers: Server[];
  /** Accepts no more connections, and resolves when all have ended; the remaining ones are cut off after `limitMs`. */
  drain(limitMs: number): Promise<void>;
}

const IDLE_ROUND_MS = 50;

/** Throws if a port is in use. */
export async function listen(app: Koa, host: string, ports: number[], keepAliveSeconds: number): Promise<Listening> {
  const servers: Server[] = [];
  for (const port of ports) {
    const server = createServer(app.callback());
    keepAlive(server, keepAliveSeconds);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, resolve);
    });
    servers.push(server);
  }
  return {
    port: (servers[0]?.address() as AddressInfo).port,
    servers,
    async drain(limitMs) {
      const closed = Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
      // a keep-alive connection becomes idle only after its reply has been sent
      const rounds = setInterval(() => servers.forEach((server) => server.closeIdleConnections()), IDLE_ROUND_MS);
      await Promise.race([closed, sleep(limitMs, undefined, { ref: false })]);
      clearInterval(rounds);
      servers.forEach((server) => server.closeAllConnections());
    },
  };
}
