/** How long an HTTP server keeps an idle connection. */
import type { Server } from 'node:http';

/** Longer than load balancers reuse a connection (up to 60 s): closing one earlier would lose a request on its way to the server. */
export const KEEP_ALIVE_SECONDS = 65;

/** Node measures the headers timeout from the end of the previous request, so it must be longer than the keep-alive timeout. */
export function keepAlive(server: Server, seconds = KEEP_ALIVE_SECONDS): void {
  server.keepAliveTimeout = seconds * 1000;
  server.headersTimeout = (seconds + 10) * 1000;
  // Node applies the shorter of the two timeouts
  if (server.requestTimeout > 0) server.requestTimeout = Math.max(server.requestTimeout, server.headersTimeout);
}
