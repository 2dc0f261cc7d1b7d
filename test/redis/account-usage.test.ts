/** Usage of an account, on a real Redis. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { createAccountUsage, type AccountUsage } from '../../src/redis/account-usage';
import type { RedisConnection } from '../../src/redis/connect';
import { accountKeys } from '../../src/redis/keys';
import { createMemory } from '../../src/redis/memory';
import { createTestRedis, type TestRedis } from '../support/redis';

let server: TestRedis;
let redis: RedisConnection;
let usage: AccountUsage;
beforeAll(async () => {
  server = await createTestRedis();
  redis = server.connect();
  usage = createAccountUsage(redis);
});
afterAll(() => server.stop());

const LIMITS = { openRuns: 3, openBytes: 100, sessionBytes: 1000 };
const newAccount = () => `account-${randomUUID()}`;
const open = (account: string, run: string, bytes = 1) => usage.openRun(account, run, bytes, LIMITS);
const stored = async (account: string) => Number(await redis.hget(accountKeys(account)[2], '*'));

test('of many concurrent starts, no more are counted than the limit allows', async () => {
  const account = newAccount();
  const verdicts = await Promise.all(Array.from({ length: 20 }, (_, i) => open(account, `run-${i}`)));
  expect(verdicts.filter(({ verdict }) => verdict === 'taken')).toHaveLength(3);
  expect(verdicts.at(-1)).toEqual({ verdict: 'openRuns', used: 3 });
});

test('a run counts once, and closing it twice frees one place', async () => {
  const account = newAccount();
  for (const run of ['a', 'b', 'c']) await open(account, run);
  expect((await open(account, 'a')).verdict).toBe('held');
  await Promise.all([usage.closeRun(account, 'a'), usage.closeRun(account, 'a')]);
  expect((await open(account, 'd')).verdict).toBe('taken');
  expect((await open(account, 'e')).verdict).toBe('openRuns');
});

test('the message bytes are those of the open runs, whatever the order of starts and ends', async () => {
  const step = fc.tuple(fc.constantFrom('open', 'close'), fc.constantFrom('a', 'b', 'c', 'd'), fc.nat(60));
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const account = newAccount();
      const held = new Map<string, number>();
      for (const [what, run, bytes] of steps) {
        if (what === 'close') {
          await usage.closeRun(account, run);
          held.delete(run);
          continue;
        }
        const sum = [...held.values()].reduce((a, b) => a + b, 0);
        const expected = held.has(run)
          ? 'held'
          : held.size >= 3
            ? 'openRuns'
            : sum + bytes > 100
              ? 'openBytes'
              : 'taken';
        expect((await open(account, run, bytes)).verdict).toBe(expected);
        if (expected === 'taken') held.set(run, bytes);
      }
    }),
    { numRuns: 40 },
  );
});

test('runs are listed in the order of their last confirmation; a closed one is not confirmed', async () => {
  const account = newAccount();
  for (const run of ['a', 'b', 'c']) {
    await open(account, run);
    await sleep(2);
  }
  await usage.closeRun(account, 'b');
  await usage.confirmOpenRuns(account, ['a', 'b']);
  expect(await usage.oldestOpenRuns(account, 5)).toEqual(['c', 'a']);
});

describe('sessions', () => {
  const TTL_SECONDS = 1;
  const say = async (account: string, session: string, length: number, run: string = randomUUID()) => {
    const memory = createMemory(redis, { windowTokens: 100, ttlSeconds: TTL_SECONDS, sessionBytes: 700 });
    const common = { run_id: run, team_id: 'swarm', at: 1 };
    await memory.storeConversation(
      session,
      run,
      [
        { role: 'user', content: 'x'.repeat(length), ...common },
        { role: 'assistant', content: 'Yes.', ...common },
      ],
      account,
    );
    return memory;
  };

  test('keep the newest messages within their bytes, and the last exchange whatever its length', async () => {
    const [account, session] = [newAccount(), `session-${randomUUID()}`];
    for (let i = 0; i < 4; i++) await say(account, session, 100);
    const memory = await say(account, session, 100);
    const few = await memory.readSession(session);
    const bytes = few!.messages.reduce((sum, message) => sum + JSON.stringify(message).length, 0);
    expect([few!.messages.length + few!.dropped, bytes <= 700, few!.messages.length >= 2]).toEqual([10, true, true]);
    expect(await stored(account)).toBe(bytes);
    await say(account, session, 5000);
    const one = await memory.readSession(session);
    expect([one!.messages.length, one!.dropped]).toEqual([2, 10]);
    expect(one!.messages[0]?.content).toHaveLength(5000);
  });

  test('count for the account that stored last, once per run, and not after they are deleted or expired', async () => {
    const [first, second, session] = [newAccount(), newAccount(), `session-${randomUUID()}`];
    await say(first, session, 100, 'run-1');
    const before = await stored(first);
    await say(first, session, 100, 'run-1');
    expect([await stored(first), before > 100]).toEqual([before, true]);
    const memory = await say(second, session, 100);
    expect([await stored(first), (await stored(second)) > before]).toEqual([0, true]);
    await memory.deleteSession(session);
    expect(await stored(second)).toBe(0);
    await usage.noteSession(first, 'large', 5000, TTL_SECONDS);
    await usage.noteSession(first, 'lasting', 10, 60);
    expect((await open(first, 'run')).verdict).toBe('sessionBytes');
    await sleep(1100);
    expect((await open(first, 'run')).verdict).toBe('taken');
    expect(await stored(first)).toBe(10);
  });

  test('of earlier versions, which stored no size, are measured', async () => {
    const [account, session] = [newAccount(), `session-${randomUUID()}`];
    await redis.rpush(`murmuration:{session:${session}}:messages`, ...Array<string>(3).fill(`"${'y'.repeat(98)}"`));
    const memory = await say(account, session, 10);
    const { messages } = (await memory.readSession(session))!;
    expect(await stored(account)).toBe(messages.reduce<number>((sum, one) => sum + JSON.stringify(one).length, 0));
  });
});
