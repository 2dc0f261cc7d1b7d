/** Serves a registry at `/metrics` on a separate port, for processes that serve nothing else. */
import { createServer, type Server } from 'node:http';
import type { Registry } from 'prom-client';
import type { AccessPolicy } from '../access/policy';
import { keepAlive } from '../keep-alive';

export interface MetricsAddress {
  port: number;
  host: string;
  access: AccessPolicy;
}

export async function serveMetrics(registry: Registry, { port, host, access }: MetricsAddress): Promise<Server> {
  const server = createServer((request, response) => {
    response.setHeader('X-Content-Type-Options', 'nosniff').setHeader('Cache-Control', 'no-store');
    const refusal = access.refuse(request);
    if (refusal) return void response.writeHead(403, { 'content-type': 'text/plain' }).end(`${refusal.message}\n`);
    if (request.url !== '/metrics') return void response.writeHead(404).end();
    registry.metrics().then(
      (text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  });
  keepAlive(server);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return server;
}
