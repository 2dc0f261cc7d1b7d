/** Rules for every Lua script: it uses only the keys that it declares, and accepts any text as an argument. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createAccountUsage } from '../../src/redis/account-usage';
import { createCompaction } from '../../src/redis/compaction';
import type { RedisConnection } from '../../src/redis/connect';
import { createEventReader } from '../../src/redis/events';
import { ENDED_RUNS } from '../../src/redis/keys';
import { createLaneStore } from '../../src/redis/lanes';
import { createLedger } from '../../src/redis/ledger';
import { createLimiter } from '../../src/redis/limiter';
import { createMemory } from '../../src/redis/memory';
import { defineScript, done, scripts } from '../../src/redis/scripts';
import { createSessionQueue } from '../../src/redis/session-queue';
import { createToolCalls } from '../../src/redis/tool-calls';
import { createTurnStore } from '../../src/redis/turns';
import { newHold, newPayer } from '../support/ledger';
import { startRedisServer, type RedisServer } from '../support/redis';
import { beginTurn, ENDINGS, listEvents, fold, newScope, OPENING } from './fixtures';

let server: RedisServer;
/** A connection whose scripts fail on an undeclared key, and record that they were called. */
let redis: RedisConnection;
beforeAll(async () => {
  server = await startRedisServer();
  for (const [name, { lua }] of Object.entries(scripts)) scripts[name] = { lua: guard(name) + lua };
  redis = server.connect();
});
afterAll(() => server.stop());

const CALLED = 'called-scripts';

/** Shadows `redis` in the script that follows. */
const guard = (name: string) => `
redis.call('SADD', '${CALLED}', '${name}')
local KEYLESS = { TIME = true, INFO = true }
local function assert_declared(key)
  for _, declared in ipairs(KEYS) do
    if declared == key then return end
  end
  error('undeclared key ' .. tostring(key))
end
local redis = setmetatable({
  call = function(command, ...)
    local count = command == 'DEL' and select('#', ...) or KEYLESS[command] and 0 or 1
    for i = 1, count do assert_declared(select(i, ...)) end
    return redis.call(command, ...)
  end,
}, { __index = redis })
`;

describe('a script uses no undeclared key', () => {
  test('of a run', async () => {
    const store = createTurnStore(redis);
    const scope = newScope();
    await store.begin(scope.run_id, 'a', { scope, payload: OPENING });
    const voice = await beginTurn(store, scope, 'a');
    await voice.say('one ', 'two');
    await store.close(scope, ENDINGS.completed, ['a']);
    await redis.zadd(ENDED_RUNS, 1, scope.run_id);
    const failures: unknown[] = [];
    await createCompaction(redis, 60, (_, error) => failures.push(error)).compactEndedBefore(0);
    expect(failures).toEqual([]);
    expect(fold(await listEvents(createEventReader(redis), scope.run_id)).status).toBe('completed');
  });

  test('of the express lane', async () => {
    const lanes = createLaneStore(redis, 'worker');
    const [adopted, dropped] = [newScope().run_id, newScope().run_id];
    const turns = [{ turn: 'a', request: 'fingerprint' }];
    const record = (await lanes.claim(adopted, turns))!;
    expect(await lanes.renew(adopted, 'a', record.owner)).toBe(true);
    await lanes.end(adopted, 'a', record.owner);
    const { owner } = (await lanes.claim(dropped, turns))!;
    await lanes.drop({ runId: dropped, owner, turns: ['a'] });
    expect(await lanes.renew(dropped, 'a', owner)).toBe(false);
  });

  test('of a session, an account and a tool call', async () => {
    const { session_id, run_id } = newScope();
    const memory = createMemory(redis, { windowTokens: 10, ttlSeconds: 60 });
    const long = (id: string) =>
      (['user', 'assistant'] as const).map((role) => ({
        ...{ role, content: 'x'.repeat(40), run_id: id, team_id: 'team', at: 0 },
      }));
    for (const id of ['r1', 'r2']) await memory.storeConversation(session_id, id, long(id));
    const range = (await memory.nextRange(session_id))!;
    await memory.releaseRange(range);
    await memory.storeSummary(range, 'What was.');
    await memory.deleteSession(session_id);

    const queue = createSessionQueue(redis);
    expect(await queue.enter(session_id, run_id, false)).toEqual([]);
    expect(await queue.enter(session_id, 'another', false)).toEqual([run_id]);

    const usage = createAccountUsage(redis);
    const limits = { openRuns: 1, openBytes: 100, sessionBytes: 100 };
    expect(await usage.openRun('me', run_id, 10, limits)).toEqual({ verdict: 'taken' });
    expect(await usage.openRun('me', 'another', 10, limits)).toEqual({ verdict: 'openRuns', used: 1 });
    await usage.confirmOpenRuns('me', [run_id]);
    await usage.closeRun('me', run_id);

    const calls = createToolCalls(redis);
    const call = { request: 'request', question: 'question', runId: run_id };
    await calls.open(call);
    expect(await calls.claim('question')).toEqual({ isAwaited: true });
    expect(await calls.forgetAbandoned(call)).toBe(false);
    expect(await calls.withdraw('request')).toEqual(call);
    expect(await calls.renew(call)).toBe(false);
  });

  test('of a model', async () => {
    const limiter = createLimiter(redis, { windowMs: 1000, patienceMs: 60_000 });
    const limits = { requests: 5, tokens: 100, concurrency: 1 };
    const newAsk = (session: string) => ({
      ...{ model: 'model', turn: randomUUID(), call: randomUUID(), tenant: 'me', session, tokens: 10, limits },
    });
    const [first, second, third] = [newAsk('a'), newAsk('b'), newAsk('c')];
    expect(await limiter.admit(first)).toEqual({ verdict: 'ok' });
    for (const ask of [second, third]) expect(await limiter.admit(ask)).toMatchObject({ verdict: 'wait' });
    await limiter.renew(first);
    await limiter.report(first, { outcome: 'ok', firstTokenMs: 1 }, 5, 8);
    for (const code of ['RATE_LIMITED', 'GATEWAY_UNAVAILABLE'] as const) {
      await limiter.report(first, { outcome: 'cool', code, words: 'No.', waitMs: 1 }, 5, 8);
      await limiter.report(first, { outcome: 'ill', code, words: 'No.' }, 5, 8);
    }
    await limiter.withdraw(second);
  });

  test('of the ledger, also when it settles calls of other runs and of an earlier month', async () => {
    const leaseMs = 50;
    const brief = createLedger(redis, 'total', leaseMs);
    const [before, later] = [createLedger(redis, 'total'), createLedger(redis, 'month')];
    const payer = newPayer();
    const sibling = { ...payer, runId: `run-${randomUUID()}`, sessionId: `session-${randomUUID()}` };
    const lapsed = newHold();
    await brief.hold(payer, lapsed);
    await sleep(leaseMs + 50);
    expect(await later.hold(sibling, newHold())).toMatchObject({ grant: 'ok' });
    const { run, session } = await later.spentBy(payer);
    expect([run.tokens, session.tokens, (await before.spentBy(payer)).account.tokens]).toEqual([200, 200, 200]);

    const [former, next] = [newHold(), newHold()];
    for (const hold of [former, next]) await before.hold(payer, hold);
    await later.hold(payer, { ...former, call: `${former.turn}|2|0` });
    await later.renew(payer, next);
    await later.settle(payer, next, { usd: 0.1, tokens: 50, estimated: false });
    await before.hold(payer, { ...next, turn: 'released', call: 'released' });
    await later.release(payer, { call: 'released' });
    await before.hold(payer, { ...next, turn: 'abandoned', call: 'abandoned' });
    expect(await later.abandon(payer, 'abandoned', 5)).toMatchObject({ call: 'abandoned' });
    expect((await later.heldTurns(payer)).sort()).toEqual([lapsed.turn, former.turn].sort());
    await later.record(payer, { usd: 9, tokens: 9000, calls: 1 });
    expect((await later.spentBy(payer)).run.tokens).toBe(9000);
  });

  test('of the ledger, when runs are counted from their records', async () => {
    const payer = newPayer();
    const record = { ...payer, usd: 0.1, tokens: 100, endedAt: new Date() };
    const ledger = createLedger(redis, 'month', undefined, () => Promise.resolve([record]));
    const budgets = { run: {}, session: {}, account: { tokens: 150 } };
    expect(await ledger.hold(payer, newHold({ budgets, promptTokens: 100 }))).toMatchObject({ grant: 'exhausted' });
  });

  test('and every script was called here', async () => {
    const called = await redis.smembers(CALLED);
    expect(called.sort()).toEqual(Object.keys(scripts).sort());
  });
});

describe('an argument', () => {
  const HALF = '\ud83d';

  test.each(['{}', '"quoted"', 'a\nb\u0000', 'ä🐦', `half ${HALF} of a pair`, `\\ud83d ${HALF}`])(
    'that is %p is stored in Redis like one that is sent directly',
    async (text) => {
      const queue = createSessionQueue(server.connect());
      const sent = randomUUID();
      const [session, plain] = [randomUUID(), `plain-${randomUUID()}`];
      await queue.enter(session, `${sent}${text}`, false);
      await redis.set(plain, `${sent}${text}`);
      expect(await queue.read(session)).toEqual([await redis.get(plain)]);
    },
  );

  test('may be an empty list', async () => {
    await createAccountUsage(redis).confirmOpenRuns('me', []);
  });
});

test('an unknown script is not defined', () => {
  expect(() => defineScript('no-such-script', done)).toThrow('There is no Lua script "no-such-script".');
});
