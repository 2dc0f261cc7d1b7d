/** Connections to Redis and Temporal: which certificates they accept, and that they do not use the gateways' proxy. */
import { rmSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import tls from 'node:tls';
import { Connection } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { readCertificates } from '../src/certificates';
import { loadConfig } from '../src/config/config';
import { connectRedis } from '../src/redis/connect';
import { temporalClientConnection, temporalConnection } from '../src/temporal/connection';
import { AUTHORITY, SERVER, writeCertificates } from './support/certificates';
import { startConnectProxy } from './support/connect-proxy';
import { createTestRedis } from './support/redis';

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});
const files = writeCertificates();
afterAll(() => rmSync(files.folder, { recursive: true }));

const readConfig = (env: NodeJS.ProcessEnv) => loadConfig(env, '/nonexistent/.env');

async function listen(server: net.Server): Promise<number> {
  const sockets = new Set<net.Socket>();
  server.on('connection', (socket: net.Socket) => void sockets.add(socket.on('error', () => undefined)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stops.push(() => (sockets.forEach((socket) => socket.destroy()), server.close()));
  return (server.address() as AddressInfo).port;
}

describe('Redis behind TLS', () => {
  /** A Redis with TLS that requires a certificate of its CA. */
  async function startTlsRedis(): Promise<number> {
    const redis = await createTestRedis();
    stops.push(() => redis.stop());
    const { hostname, port } = new URL(redis.url);
    const options = { ...SERVER, ca: AUTHORITY, requestCert: true, rejectUnauthorized: true };
    const server = tls.createServer(options, (socket) => {
      const far = net.connect(Number(port), hostname);
      far.on('error', () => socket.destroy());
      socket.on('error', () => far.destroy());
      socket.pipe(far).pipe(socket);
    });
    server.on('tlsClientError', () => undefined);
    return listen(server);
  }

  function connect(env: NodeJS.ProcessEnv) {
    const config = readConfig(env);
    const redis = connectRedis({ url: config.REDIS_URL, tls: readCertificates(config, 'REDIS_TLS'), patient: false });
    stops.push(() => redis.disconnect());
    return redis;
  }

  it('is reached with its CA and our certificate, and not without', async () => {
    const url = { REDIS_URL: `rediss://localhost:${await startTlsRedis()}` };
    const own = { REDIS_TLS_CERT: files.cert, REDIS_TLS_KEY: files.key };
    expect(await connect({ ...url, ...own, REDIS_TLS_CA: files.ca }).ping()).toBe('PONG');
    await expect(connect({ ...url, ...own }).ping()).rejects.toThrow();
  });

  it('has settings that are invalid without it', () => {
    expect(() => readConfig({ REDIS_TLS_CA: files.ca })).toThrow('REDIS_URL');
    expect(() => readConfig({ REDIS_URL: 'rediss://r.test', REDIS_TLS_CERT: files.cert })).toThrow('REDIS_TLS_KEY');
  });
});

describe('Temporal', () => {
  const PROXIES = ['http_proxy', 'https_proxy', 'grpc_proxy', 'HTTP_PROXY', 'HTTPS_PROXY'];
  const before = { ...process.env };
  afterEach(() =>
    PROXIES.forEach((name) => (before[name] ? (process.env[name] = before[name]) : delete process.env[name])),
  );

  /** Counts the connections that reach a server that never answers. */
  async function startServer() {
    let connections = 0;
    const port = await listen(net.createServer(() => void connections++));
    return { port, count: () => connections };
  }

  async function startProxy() {
    const proxy = await startConnectProxy({ names: { 'temporal.test': '127.0.0.1' } });
    stops.push(() => proxy.stop());
    return proxy;
  }

  async function tryClient(env: NodeJS.ProcessEnv): Promise<void> {
    const connection = Connection.lazy({ ...temporalClientConnection(readConfig(env)), connectTimeout: 1500 });
    await connection.ensureConnected().catch(() => undefined);
    await connection.close();
  }

  it('on this machine is never reached through the proxy of the environment', async () => {
    const [server, proxy] = [await startServer(), await startProxy()];
    for (const name of PROXIES) process.env[name] = proxy.url;
    await tryClient({
      TEMPORAL_ADDRESS: `127.0.0.1:${server.port}`,
      TEMPORAL_PROXY: proxy.url,
      HTTPS_PROXY: proxy.url,
    });
    expect(server.count()).toBeGreaterThan(0);
    expect(proxy.tunnels).toEqual([]);
  });

  it('elsewhere is reached by both clients through TEMPORAL_PROXY', async () => {
    const [server, proxy] = [await startServer(), await startProxy()];
    const to = `temporal.test:${server.port}`;
    const env = { TEMPORAL_ADDRESS: to, TEMPORAL_PROXY: proxy.url.replace('://', '://user:pass@') };
    const authorization = `Basic ${Buffer.from('user:pass').toString('base64')}`;
    await tryClient(env);
    expect(proxy.tunnels[0]).toEqual({ to, authorization });
    const known = proxy.tunnels.length;
    void NativeConnection.connect(temporalConnection(readConfig(env))).catch(() => undefined);
    while (proxy.tunnels.length === known) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(proxy.tunnels.at(-1)).toEqual({ to, authorization });
  });

  it('reports unusable files as an error of their settings', () => {
    const env = { TEMPORAL_TLS_CA: '/nonexistent/ca.pem' };
    expect(() => temporalConnection(readConfig(env))).toThrow('TEMPORAL_TLS_CA');
  });
});
