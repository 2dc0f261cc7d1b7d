/** FLUSHALL during a run: the spending of runs, sessions and keys is not lost, and workers register again. */
import type { RedisConnection } from '../../src/redis/connect';
import { createLeases } from '../../src/redis/leases';
import { post, Watcher } from '../support/readers';
import { startRedisServer, type RedisServer } from '../support/redis';
import { createStack, until, type Stack } from '../support/stack';

const ALICE = { authorization: 'Bearer alice-has-a-key' };
const BOB = { authorization: 'Bearer bob-has-a-key' };
const LIMIT_MS = 90_000;

let redis: RedisServer;
let admin: RedisConnection;
let stack: Stack;
beforeAll(async () => {
  redis = await startRedisServer();
  admin = redis.connect();
  stack = await createStack({
    REDIS_URL: redis.url,
    API_KEYS: 'alice:alice-has-a-key,bob:bob-has-a-key',
    BUDGET_KEY_TOKENS: '6000',
    BUDGET_SESSION_TOKENS: '2500',
  });
}, 120_000);
afterAll(async () => {
  await stack.stop();
  await redis.stop();
});
beforeEach(() => stack.gateway.reset());

const speak = (more: object, headers: Record<string, string>) =>
  post(`${stack.url}/swarm/execute`, { swarm_id: 'one-voice', message: 'Go', max_tokens: 2000, ...more }, headers);

test(
  'the budget of a run is not reset',
  async () => {
    stack.gateway.always('strategic-model', { tokens: { count: 400 }, honoursMaxTokens: true });
    // the critique begins after Redis was emptied
    stack.gateway.script('strategic-model', [
      { tokens: { count: 400 }, honoursMaxTokens: true },
      { tokens: { count: 400 }, honoursMaxTokens: true, firstTokenMs: 3000 },
    ]);
    const watcher = await Watcher.connect(stack.url, '/ws/swarm?api_key=bob-has-a-key');
    watcher.send({ swarm_id: 'strategic-swarm', message: 'Plan', budget_tokens: 1500, session_id: 'plans' });
    const { run_id: id } = await watcher.frame(({ event }) => event === 'turn.completed', LIMIT_MS);
    await admin.flushall();
    const last = await watcher.done(id, LIMIT_MS);
    watcher.close();
    // after two turns of 400 tokens and their prompts, less is left than a third turn needs
    const answered = stack.gateway.calls('strategic-model').filter(({ endedBy }) => endedBy === 'completed');
    const tokens = answered.reduce((sum, { usage }) => sum + (usage?.totalTokens ?? 0), 0);
    expect(tokens).toBeLessThanOrEqual(1500);
    expect(last).toMatchObject({ event: 'run.failed', code: 'BUDGET_EXHAUSTED' });
  },
  LIMIT_MS,
);

test(
  'the budgets of a session and of a key are not reset',
  async () => {
    stack.gateway.always('balanced-model', { tokens: { count: 1900 }, honoursMaxTokens: true });
    const first = await speak({ session_id: 'talk' }, ALICE);
    expect(first.status).toBe(200);
    await speak({ session_id: 'more' }, ALICE);
    await admin.flushall();
    const sameSession = await speak({ session_id: 'talk' }, ALICE);
    expect(sameSession.body.turns?.[0] ?? sameSession.body.error).toMatchObject(
      sameSession.status === 200
        ? { truncated: true, shortened_by: 'BUDGET_SESSION_TOKENS' }
        : { code: 'BUDGET_EXHAUSTED' },
    );
    await speak({ session_id: 'third' }, ALICE);
    const overdrawn = await speak({ session_id: 'fourth' }, ALICE);
    expect([overdrawn.status, overdrawn.body.error?.code]).toEqual([402, 'BUDGET_EXHAUSTED']);
    expect(overdrawn.body.error.message).toContain('BUDGET_KEY_TOKENS');
    const { status } = await speak({ session_id: 'of-bob' }, BOB);
    expect(status).toBe(200);
  },
  LIMIT_MS,
);

test('a worker is registered again for its possible successors', async () => {
  await admin.flushall();
  const leases = createLeases(admin, 'nobody');
  const { pid } = stack.worker;
  await until(async () => [...(await leases.others()).values()].some((worker) => worker.pid === pid));
});
