/** A real Redis for a suite: the one from the global set-up, or a separate one; and servers that a test may kill. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connectRedis, type ConnectOptions, type RedisConnection } from '../../src/redis/connect';
import { freePort, listening, start, type Running } from './processes';

export interface TestRedis {
  readonly url: string;
  /** Opens a connection, patient by default; it is closed with the suite. */
  connect(options?: Partial<Omit<ConnectOptions, 'url'>>): RedisConnection;
  /** Closes the connections, and stops the server if we started it. */
  stop(): Promise<void>;
}

/** A Redis that may be shared with other suites: keys have random names, and nothing is flushed. */
export async function createTestRedis(): Promise<TestRedis> {
  const url = process.env.REDIS_TEST_URL;
  if (url) return connectTo(url, () => Promise.resolve());
  const server = await startRedisServer();
  return connectTo(server.url, server.stop);
}

export interface RedisServer extends TestRedis {
  /** Sends SIGKILL; acknowledged writes are in the append-only file. */
  kill(): Promise<void>;
  /** Restarts it after `kill`, on the same port and files. */
  revive(): Promise<void>;
}

/** Starts a server for a single test, with an append-only file as in production if it is `durable`. */
export async function startRedisServer({ durable = false, options = [] as string[] } = {}): Promise<RedisServer> {
  const port = await freePort();
  const folder = mkdtempSync(path.join(tmpdir(), 'murmuration-redis-'));
  const storage = ['--dir', folder, '--save', '', '--appendonly', durable ? 'yes' : 'no'];
  let running: Running | undefined;
  const launch = async () => {
    running = start(process.env.REDIS_BIN ?? 'redis-server', [
      '--port',
      String(port),
      '--bind',
      '127.0.0.1',
      ...storage,
      ...options,
    ]);
    await listening(port);
  };
  await launch();
  const shared = connectTo(`redis://127.0.0.1:${port}`, async () => {
    await running?.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  return { ...shared, revive: launch, kill: async () => void (await running?.kill('SIGKILL')) };
}

function connectTo(url: string, close: () => Promise<void>): TestRedis {
  const connections: RedisConnection[] = [];
  return {
    url,
    connect(options) {
      const connection = connectRedis({ url, patient: true, ...options });
      connections.push(connection);
      return connection;
    },
    async stop() {
      // disconnecting an ended connection would start a timer that nothing stops
      for (const connection of connections) if (connection.status !== 'end') connection.disconnect();
      await close();
    },
  };
}

/** Breaks a connection on the server's side, like a failing network. */
export async function killConnection(victim: RedisConnection, by: RedisConnection): Promise<void> {
  const { localAddress, localPort } = victim.stream as { localAddress?: string; localPort?: number };
  await by.client('KILL', 'ADDR', `${localAddress}:${localPort}`);
}
