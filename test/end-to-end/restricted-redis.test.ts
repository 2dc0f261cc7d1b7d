/** A Redis with restricted users: with the required permissions everything works, with fewer neither API nor worker starts. */
import path from 'node:path';
import { NEEDED_COMMANDS } from '../../src/redis/requirements';
import { freePort, start } from '../support/processes';
import { get, post, Watcher } from '../support/readers';
import { startRedisServer, type RedisServer } from '../support/redis';
import { createStack } from '../support/stack';

let server: RedisServer;
beforeAll(async () => {
  server = await startRedisServer();
});
afterAll(() => server.stop());

async function userWith(...rules: string[]): Promise<string> {
  await server.connect().call('ACL', 'SETUSER', 'guest', 'reset', 'on', '>secret', ...rules);
  return server.url.replace('redis://', 'redis://guest:secret@');
}

const ALLOWED = NEEDED_COMMANDS.map((command) => `+${command.toLowerCase()}`);

test('with the documented commands, keys and channels, runs are executed, streamed, cancelled and remembered', async () => {
  const REDIS_URL = await userWith('~murmuration:*', '&murmuration:*', ...ALLOWED);
  const stack = await createStack({ REDIS_URL, API_KEYS: 'me:a-long-secret-key', EVENTS_COMPACT_SECONDS: '0' });
  try {
    const key = { authorization: 'Bearer a-long-secret-key' };
    stack.gateway.always('balanced-model', { tokens: { count: 5 } });
    const order = { swarm_id: 'one-voice', message: 'Count', session_id: 'restricted', budget_tokens: 10_000_000 };
    const { status, body } = await post(`${stack.url}/swarm/execute`, order, key);
    expect([status, body.status]).toEqual([200, 'complete']);
    expect((await post(`${stack.url}/swarm/execute`, order, key)).status).toBe(200);
    expect((await get(`${stack.url}/sessions/restricted`, key)).body.messages).toHaveLength(4);
    stack.gateway.always('balanced-model', { tokens: { count: 100_000 }, intervalMs: 20 });
    const begun = await post(`${stack.url}/swarm/execute`, { ...order, wait: false }, key);
    const cancelled = await post(`${stack.url}/runs/${begun.body.run_id}/cancel`, {}, key);
    expect(cancelled.status).toBe(202);
    const { body: page } = await get(`${stack.url}${begun.body.events}?wait=10`, key);
    expect(page.frames.length).toBeGreaterThan(0);
    const health = await get(`${stack.url}/healthz`, key);
    expect([health.status, health.body.problems]).toEqual([200, undefined]);
    expect(stack.worker.output() + stack.api.output()).not.toMatch(/NOPERM/);
  } finally {
    await stack.stop();
  }
});

test.each(['worker.js', 'api/main.js'])(
  '%s does not start if a command is not permitted, and names it',
  async (file) => {
    const REDIS_URL = await userWith('~*', '&*', '+@all', '-info', '-xread');
    const one = start(process.execPath, [path.join(__dirname, '../../dist', file)], {
      REDIS_URL,
      TEMPORAL_ADDRESS: process.env.TEMPORAL_TEST_ADDRESS,
      PORT: String(await freePort()),
    });
    const code = await new Promise((resolve) => one.child.once('exit', resolve));
    expect(code).toBe(1);
    expect(one.output()).toMatch(/Redis does not allow commands that are needed: INFO, XREAD\./);
  },
);

test('readers of several runs receive all of them', async () => {
  const stack = await createStack({ REDIS_URL: server.url });
  try {
    stack.gateway.always('balanced-model', { tokens: { count: 50 }, intervalMs: 10 });
    const watcher = await Watcher.connect(stack.url);
    for (let i = 0; i < 3; i++) watcher.send({ swarm_id: 'one-voice', message: `Count ${i}` });
    await watcher.frame(() => watcher.frames.filter(({ done }) => done).length === 3);
    watcher.close();
  } finally {
    await stack.stop();
  }
});
