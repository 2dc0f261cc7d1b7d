import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Registry } from 'prom-client';
import { createKeylessPolicy } from '../../src/access/policy';
import { serveMetrics } from '../../src/metrics/serve';
import { sendRaw, toRequest } from '../support/raw-http';

let server: Server;
afterEach(() => void server.close());

/** The status of a request for the metrics; `host` is the address that the server was told to listen on. */
async function ask(host: string, headers: Record<string, string>): Promise<number> {
  server = await serveMetrics(new Registry(), { port: 0, host: '127.0.0.1', access: createKeylessPolicy(host) });
  const { port } = server.address() as AddressInfo;
  return (await sendRaw(`http://127.0.0.1:${port}`, toRequest('GET /metrics', headers))).status;
}

test.each([
  ['127.0.0.1', { Host: 'localhost:9464' }, 200],
  ['127.0.0.1', { Host: 'evil.test' }, 403],
  ['::1', { Host: 'evil.test' }, 403],
  ['127.0.0.1', { Host: 'localhost', Origin: 'https://evil.test' }, 403],
  ['0.0.0.0', { Host: 'worker-1:9464' }, 200],
  ['0.0.0.0', { Host: 'worker-1:9464', Origin: 'https://evil.test' }, 403],
])('metrics of a worker that listens on %s, asked with %j: %i', async (host, headers, status) => {
  expect(await ask(host, headers)).toBe(status);
});
