/** Redis requirements, checked on real servers: with restricted users, in cluster mode, as a replica, and full. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { connectRedis, type RedisConnection } from '../../src/redis/connect';
import { checkRedis, NEEDED_COMMANDS, UnfitRedis } from '../../src/redis/requirements';
import { startRedisServer, type RedisServer } from '../support/redis';

let server: RedisServer;
let admin: RedisConnection;
beforeAll(async () => {
  server = await startRedisServer();
  admin = server.connect();
});
afterAll(() => server.stop());

/** Checks as a user with these rules; resolves to the problem. */
async function checkAs(...rules: string[]): Promise<string | undefined> {
  await admin.call('ACL', 'SETUSER', 'guest', 'reset', 'on', '>secret', ...rules);
  return check(server.url.replace('redis://', 'redis://guest:secret@'));
}

async function check(url: string): Promise<string | undefined> {
  const redis = connectRedis({ url, patient: false });
  try {
    await checkRedis(redis, 2000);
    return undefined;
  } catch (error) {
    if (!(error instanceof UnfitRedis)) throw error;
    return error.message;
  } finally {
    redis.disconnect();
  }
}

test('an ordinary Redis meets all requirements, and the check leaves nothing behind', async () => {
  expect(await check(server.url)).toBeUndefined();
  expect(await admin.dbsize()).toBe(0);
});

const ALLOWED = NEEDED_COMMANDS.map((command) => `+${command.toLowerCase()}`);

test('a user with only the needed permissions meets all requirements', async () => {
  expect(await checkAs('~murmuration:*', '&murmuration:*', ...ALLOWED)).toBeUndefined();
});

test.each(NEEDED_COMMANDS)('%s is reported if it is forbidden', async (command) => {
  const message = await checkAs('~*', '&*', '+@all', `-${command.toLowerCase()}`);
  expect(message).toMatch(/^Redis does not allow commands that are needed: /);
  expect(message).toContain(command);
});

test('everything that is forbidden is reported at once', async () => {
  expect(await checkAs('~*', '&*', '+@all', '-info', '-xadd', '-publish')).toMatch(/XADD.*INFO.*PUBLISH/);
});

test('renamed commands are reported', async () => {
  const renamed = await startRedisServer({
    options: ['--rename-command', 'INFO', '', '--rename-command', 'EVALSHA', ''],
  });
  try {
    expect(await check(renamed.url)).toMatch(/needed: (?=.*INFO)(?=.*EVALSHA)/);
  } finally {
    await renamed.stop();
  }
});

test('keys and channels that are not granted are reported', async () => {
  expect(await checkAs('~other:*', '&*', '+@all')).toMatch(/keys or channels .*HSET.*Grant ~murmuration:\*/);
  expect(await checkAs('~*', '&other:*', '+@all')).toMatch(/keys or channels .*PUBLISH/);
});

test('a wrong password is reported as such', async () => {
  await checkAs('~*', '&*', '+@all');
  expect(await check(server.url.replace('redis://', 'redis://guest:wrong@'))).toMatch(
    /refuses the user or the password/,
  );
});

test('an unreachable Redis is not reported as unfit', async () => {
  await expect(check('redis://127.0.0.1:1')).rejects.not.toBeInstanceOf(UnfitRedis);
});

test('a full Redis is not reported as lacking commands', async () => {
  await admin.config('SET', 'maxmemory', '1');
  try {
    expect(await check(server.url)).toBeUndefined();
  } finally {
    await admin.config('SET', 'maxmemory', '0');
  }
});

test('a replica is reported as such', async () => {
  const { port, hostname } = new URL(server.url);
  const replica = await startRedisServer({ options: ['--replicaof', hostname, port] });
  try {
    expect(await check(replica.url)).toMatch(/leads to a replica/);
  } finally {
    await replica.stop();
  }
});

const CLUSTER = ['--cluster-enabled', 'yes', '--cluster-require-full-coverage', 'no'];
const SLOTS = 16_384;

test.each([1, 3])('a cluster of %i nodes is reported as such', async (count) => {
  const nodes = await Promise.all(Array.from({ length: count }, () => startRedisServer({ options: CLUSTER })));
  try {
    for (const [i, node] of nodes.entries()) {
      const redis = node.connect();
      const [from, to] = [Math.floor((i * SLOTS) / count), Math.floor(((i + 1) * SLOTS) / count) - 1];
      await redis.call('CLUSTER', 'ADDSLOTSRANGE', from, to);
      for (const other of nodes) {
        const { port, hostname } = new URL(other.url);
        await redis.call('CLUSTER', 'MEET', hostname, port);
      }
    }
    for (const { url } of nodes) expect(await check(url)).toMatch(/leads to a Redis Cluster, which is not supported/);
  } finally {
    await Promise.all(nodes.map((node) => node.stop()));
  }
});

test('a cluster with unassigned slots is reported as such', async () => {
  const node = await startRedisServer({ options: CLUSTER });
  try {
    expect(await check(node.url)).toMatch(/leads to a Redis Cluster/);
  } finally {
    await node.stop();
  }
});

/** Methods of other objects with the names of commands. */
const OTHERS = ['keys', 'set', 'sort', 'append', 'reset', 'exists', 'info', 'type', 'time', 'get', 'wait', 'object'];

test('the list names every command in scripts, and every command that is called as a method', async () => {
  const read = (folder: string) =>
    readdirSync(path.join(__dirname, '../../src', folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') || file.endsWith('.lua'))
      .map((file) => readFileSync(path.join(__dirname, '../../src', folder, file), 'utf8'))
      .join('\n');
  const inScripts = [...read('redis').matchAll(/redis\.call\('(\w+)'/g)].map(([, command]) => command!);
  const commands = (await admin.call('COMMAND', 'LIST')) as string[];
  const methods = [...`${read('redis')}\n${read('metrics')}`.matchAll(/\.([a-z]+)\(/g)].map(([, name]) => name!);
  const called = methods.filter((name) => commands.includes(name) && !OTHERS.includes(name));
  expect(inScripts.length).toBeGreaterThan(100);
  expect(called.length).toBeGreaterThan(20);
  const missing = [...inScripts, ...called.map((name) => name.toUpperCase())].filter(
    (command) => !NEEDED_COMMANDS.includes(command),
  );
  expect(missing).toEqual([]);
});
