/** Amounts spent survive an emptied Redis: runs, their records, and the workers that make the calls know them. */
import { randomUUID } from 'node:crypto';
import type { RedisConnection } from '../../src/redis/connect';
import { createLeases } from '../../src/redis/leases';
import { createLedger, type Budgets, type Hold, type Payer } from '../../src/redis/ledger';
import { createLimiter, type LimiterRequest } from '../../src/redis/limiter';
import type { RecordedRun } from '../../src/redis/recorded-runs';
import { newHold, newPayer } from '../support/ledger';
import { startRedisServer, type RedisServer } from '../support/redis';

let server: RedisServer;
let redis: RedisConnection;
beforeAll(async () => {
  server = await startRedisServer();
  redis = server.connect();
});
afterAll(() => server.stop());

function readHold(more: Partial<Hold> = {}, limits: Partial<Budgets> = {}): Hold {
  const budgets = { run: {}, session: {}, account: {}, ...limits };
  return newHold({ price: { input: 0.001, output: 0.001 }, answerTokens: 200, budgets, ...more });
}

const used = (tokens: number) => ({ usd: tokens / 1000, tokens, estimated: false });
const spent = (tokens: number, calls = 1) => ({ usd: tokens / 1000, tokens, calls });
const listTokens = async (payer: Payer) => {
  const { run, session, account } = await createLedger(redis, 'month').spentBy(payer);
  return [run.tokens, session.tokens, account.tokens];
};

describe('the ledger of a run', () => {
  it('is restored once its next turn reports what the run has spent', async () => {
    const ledger = createLedger(redis, 'month');
    const payer = newPayer();
    const limits = { run: { tokens: 1000, calls: 5 } };
    await redis.flushall();
    expect(await ledger.hold(payer, readHold({ spent: spent(800, 2) }, limits))).toMatchObject({ answerTokens: 100 });
    expect(await listTokens(payer)).toEqual([800, 800, 800]);
    const dear = readHold({ spent: spent(950) }, limits);
    expect(await ledger.hold(payer, dear)).toMatchObject({ grant: 'exhausted', scope: 'run', unit: 'tokens' });
    const often = readHold({ spent: spent(100, 5) }, limits);
    expect(await ledger.hold(payer, often)).toMatchObject({ grant: 'exhausted', unit: 'calls' });
  });

  it('is not changed by the report if nothing was lost, however often and in whatever order it comes', async () => {
    const ledger = createLedger(redis, 'month');
    const payer = newPayer();
    const first = readHold();
    await ledger.hold(payer, first);
    await ledger.settle(payer, first, used(250));
    for (const tokens of [250, 100, 0, 250]) await ledger.hold(payer, readHold({ spent: spent(tokens) }));
    await ledger.record(payer, spent(250));
    expect(await listTokens(payer)).toEqual([250, 250, 250]);
  });

  it('keeps a correction, although the run only knows the estimate', async () => {
    const ledger = createLedger(redis, 'month');
    const payer = newPayer();
    const broken = readHold();
    await ledger.hold(payer, broken);
    const { tokens } = await ledger.settle(payer, broken, { receivedTokens: 150 });
    expect(tokens).toBe(250);
    await ledger.settle(payer, broken, used(120));
    await ledger.hold(payer, readHold({ spent: spent(tokens) }));
    expect(await listTokens(payer)).toEqual([120, 120, 120]);
  });
});

describe('a call in progress', () => {
  it('is booked once after it has ended, with the cost of its turn', async () => {
    const ledger = createLedger(redis, 'month');
    const payer = newPayer();
    const hold = readHold({ spent: spent(500) });
    await ledger.hold(payer, hold);
    await redis.flushall();
    for (let i = 0; i < 2; i++) {
      expect(await ledger.settle(payer, hold, used(150))).toMatchObject({ usd: 0.15, tokens: 150 });
    }
    expect(await listTokens(payer)).toEqual([650, 650, 650]);
  });

  it('is booked by estimate if its usage is unknown', async () => {
    const ledger = createLedger(redis, 'month');
    const payer = newPayer();
    const hold = readHold();
    await ledger.hold(payer, hold);
    await redis.flushall();
    expect(await ledger.settle(payer, hold, { receivedTokens: 30 })).toMatchObject({ tokens: 130, estimated: 1 });
  });

  it('is held again with its next renewal', async () => {
    const ledger = createLedger(redis, 'month');
    const payer = newPayer();
    const limits = { run: { tokens: 500 } };
    const hold = readHold({}, limits);
    await ledger.hold(payer, hold);
    await redis.flushall();
    await ledger.renew(payer, hold);
    await ledger.renew(payer, hold);
    expect(await ledger.hold(payer, readHold({}, limits))).toMatchObject({ grant: 'busy' });
    await ledger.settle(payer, hold, used(110));
    expect(await ledger.hold(payer, readHold({}, limits))).toEqual({ grant: 'ok', answerTokens: 200 });
    expect(await listTokens(payer)).toEqual([110, 110, 110]);
  });

  it('is not restored by a renewal after it has ended', async () => {
    const ledger = createLedger(redis, 'month');
    const payer = newPayer();
    const hold = readHold();
    await ledger.hold(payer, hold);
    await ledger.settle(payer, hold, used(150));
    await ledger.renew(payer, hold);
    await ledger.settle(payer, hold, used(150));
    expect(await listTokens(payer)).toEqual([150, 150, 150]);
  });

  it('takes its slot at the model again', async () => {
    const limiter = createLimiter(redis, { windowMs: 1000, patienceMs: 1000 });
    const model = `model-${randomUUID()}`;
    const ask = (turn: string): LimiterRequest => ({
      ...{ model, turn, call: `${turn}|1`, tenant: 'someone', session: 'one' },
      ...{ tokens: 1, limits: { concurrency: 1 } },
    });
    await limiter.admit(ask('a'));
    await redis.flushall();
    await limiter.renew(ask('a'));
    expect(await limiter.admit(ask('b'))).toMatchObject({ verdict: 'wait', why: 'concurrency' });
  });
});

describe('the ledger of a session and a key', () => {
  const recorded = (payer: Payer, tokens: number, endedAt = new Date()): RecordedRun => ({
    ...{ runId: `run-${randomUUID()}`, sessionId: payer.sessionId, usd: tokens / 1000, tokens, endedAt },
  });

  it.each<[string, Partial<Budgets>, string]>([
    ['session', { session: { tokens: 1000 } }, 'session'],
    ['key', { account: { usd: 1 } }, 'key'],
  ])('of a %s is built from the records of its runs before the next call is held', async (_, limits, scope) => {
    await redis.flushall();
    const payer = newPayer();
    const runs = [recorded(payer, 500), recorded(payer, 450)];
    const list = jest.fn(() => Promise.resolve(runs));
    const ledger = createLedger(redis, 'month', undefined, list);
    expect(await ledger.hold(payer, readHold({}, limits))).toMatchObject({ grant: 'exhausted', scope });
    expect(await ledger.hold(payer, readHold({}, limits))).toMatchObject({ grant: 'exhausted', scope });
    expect(list).toHaveBeenCalledTimes(1);
    expect(list).toHaveBeenCalledWith(payer.account);
  });

  it('counts a run once if it is already included, and a run of an earlier month for its session only', async () => {
    await redis.flushall();
    const payer = newPayer();
    const before = createLedger(redis, 'month');
    const hold = readHold();
    await before.hold(payer, hold);
    await before.settle(payer, hold, used(250));
    const runs = [
      { ...recorded(payer, 250), runId: payer.runId },
      recorded(payer, 300),
      recorded(payer, 40, new Date('2020-01-31')),
    ];
    const ledger = createLedger(redis, 'month', undefined, () => Promise.resolve(runs));
    await ledger.hold(payer, readHold({}, { account: { tokens: 10_000 } }));
    expect(await listTokens(payer)).toEqual([250, 590, 550]);
  });

  it('is not built from records if no budget needs them', async () => {
    await redis.flushall();
    const list = jest.fn(() => Promise.resolve([]));
    await createLedger(redis, 'month', undefined, list).hold(newPayer(), readHold({}, { run: { tokens: 500 } }));
    expect(list).not.toHaveBeenCalled();
  });

  it('lets no call go out while the records cannot be read', async () => {
    await redis.flushall();
    const ledger = createLedger(redis, 'month', undefined, () => Promise.reject(new Error('Temporal is away.')));
    const hold = readHold({}, { account: { tokens: 500 } });
    await expect(ledger.hold(newPayer(), hold)).rejects.toThrow('Temporal is away.');
  });
});

test('a rejected key is tried again after a minute', async () => {
  const ledger = createLedger(redis, 'month');
  const payer = newPayer();
  const clock = jest.spyOn(Date, 'now').mockReturnValue(Date.now() - 61_000);
  await ledger.refuseGateway(payer, 'gateway', 'The key is wrong.');
  clock.mockRestore();
  expect(await ledger.hold(payer, readHold())).toMatchObject({ grant: 'ok' });
});

test('a worker and its turns in progress register again', async () => {
  const worker = createLeases(redis, `worker-${randomUUID()}`);
  const id = `worker-${randomUUID()}`;
  const leases = createLeases(redis, id);
  const process = { host: 'here', namespace: '', pid: 1, started: '' };
  await leases.announce(process);
  const held = (token: string) => ({
    taskToken: Buffer.from(token),
    taskQueue: 'queue',
    workflowExecution: { workflowId: 'run', runId: 'execution' },
  });
  leases.hold(held('first'), 'swarm');
  const release = leases.hold(held('second'), 'swarm');
  release();
  await redis.flushall();
  expect(await worker.others()).toEqual(new Map());
  await leases.announce(process);
  expect((await worker.others()).get(id)).toEqual(process);
  const notes = await worker.heldBy(id);
  expect(notes).toMatchObject([{ workflowId: 'run', taskQueue: 'queue', swarm: 'swarm' }]);
  expect(Buffer.from(notes[0]!.taskToken, 'base64').toString()).toBe('first');
});
