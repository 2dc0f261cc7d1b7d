// The HTTP server of the simulator.
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

// Thousands of streams may be started at the same time; the system caps this at its own limit.
const BACKLOG = 8192;

/** Starts to listen; rejects if the port is taken. */
export async function listen(listener: RequestListener, port: number, host: string) {
  // Idle connections are closed by the client: if a server closes first, the next call on one of them may fail.
  const server = createServer({ keepAliveTimeout: 0, requestTimeout: 0 }, listener);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen({ port, host, backlog: BACKLOG }, resolve);
  });
  const address = server.address() as AddressInfo;
  return {
    url: `http://${host}:${address.port}`,
    async stop(): Promise<void> {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
