/** Which calls of a model may go out, and when: limits across all workers, a fair queue, and shared pauses. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLimiter, type LimiterRequest, type Limiter, type AdmissionVerdict } from '../../src/redis/limiter';
import { createTestRedis, type TestRedis } from '../support/redis';

let server: TestRedis;
let limiter: Limiter;
beforeAll(async () => {
  server = await createTestRedis();
  limiter = createLimiter(server.connect(), { windowMs: 500, patienceMs: 60_000 });
});
afterAll(() => server.stop());

const newModel = () => `gateway/${randomUUID()}`;

function readAsk(model: string, more: Partial<LimiterRequest> = {}): LimiterRequest {
  const turn = `turn-${randomUUID()}`;
  return { model, turn, call: `${turn}|1`, tenant: 'anyone', session: 's', tokens: 10, limits: {}, ...more };
}

/** Asks like an activity, again after each requested wait. Returns when it was admitted. */
async function pass(ask: LimiterRequest, by = limiter): Promise<number> {
  for (;;) {
    const verdict = await by.admit(ask);
    if (verdict.verdict === 'ok') return Date.now();
    expect(verdict.waitMs).toBeGreaterThan(0);
    await sleep(verdict.waitMs);
  }
}

function mostWithin(windowMs: number, moments: number[]): number {
  const sorted = [...moments].sort((a, b) => a - b);
  return Math.max(...sorted.map((start) => sorted.filter((at) => at >= start && at < start + windowMs).length));
}

const readWait = (verdict: AdmissionVerdict) => (verdict.verdict === 'ok' ? 0 : verdict.waitMs);

test('a model without limits accepts every call', async () => {
  const model = newModel();
  const verdicts = await Promise.all(Array.from({ length: 50 }, () => limiter.admit(readAsk(model))));
  expect(new Set(verdicts.map(({ verdict }) => verdict))).toEqual(new Set(['ok']));
});

describe('requests within a window', () => {
  test('four workers with 50 calls each never exceed the limit in any window, and all calls go out', async () => {
    const model = newModel();
    const workers = Array.from({ length: 4 }, () =>
      createLimiter(server.connect(), { windowMs: 500, patienceMs: 60_000 }),
    );
    const asks = workers.flatMap((worker) =>
      Array.from({ length: 50 }, (_, i) =>
        pass(readAsk(model, { session: `s${i % 7}`, limits: { requests: 60 } }), worker),
      ),
    );
    const moments = await Promise.all(asks);
    expect(moments).toHaveLength(200);
    expect(mostWithin(500, moments)).toBeLessThanOrEqual(60);
    expect(mostWithin(1400, moments)).toBeLessThanOrEqual(60);
  });

  test('a call that has to wait is told how long, how many are ahead, and why', async () => {
    const model = newModel();
    const limits = { requests: 2 };
    await limiter.admit(readAsk(model, { limits }));
    await limiter.admit(readAsk(model, { limits }));
    const third = await limiter.admit(readAsk(model, { limits }));
    const fourth = await limiter.admit(readAsk(model, { limits, session: 'other' }));
    expect(third).toMatchObject({ verdict: 'wait', why: 'requests', ahead: 0 });
    expect(fourth).toMatchObject({ verdict: 'wait', why: 'requests', ahead: 1 });
    expect(readWait(third)).toBeLessThanOrEqual(1500);
    expect(readWait(fourth)).toBeGreaterThanOrEqual(readWait(third) - 50);
  });

  test('a turn that asks again while it waits keeps its single place', async () => {
    const model = newModel();
    const limits = { requests: 1 };
    await limiter.admit(readAsk(model, { limits }));
    const waiting = readAsk(model, { limits });
    for (let i = 0; i < 5; i++) expect(await limiter.admit(waiting)).toMatchObject({ ahead: 0 });
    expect(await limiter.admit(readAsk(model, { limits }))).toMatchObject({ ahead: 1 });
  });

  test('a withdrawn admission frees its place in the window', async () => {
    const model = newModel();
    const ask = readAsk(model, { limits: { requests: 1 } });
    await limiter.admit(ask);
    await limiter.withdraw(ask);
    expect(await limiter.admit(readAsk(model, { limits: { requests: 1 } }))).toEqual({ verdict: 'ok' });
  });
});

describe('a fair share', () => {
  /** Fills the window, lets these wait in this order, and returns the order in which they are admitted. */
  async function readOrder(waiting: { name: string; tenant?: string; session: string }[]): Promise<string[]> {
    const model = newModel();
    const limits = { requests: 4 };
    for (let i = 0; i < 4; i++) await limiter.admit(readAsk(model, { limits, session: 'before' }));
    const order: string[] = [];
    const passing: Promise<unknown>[] = [];
    for (const { name, tenant = 'anyone', session } of waiting) {
      const ask = readAsk(model, { limits, tenant, session, turn: `${name}-${randomUUID()}` });
      const first = await limiter.admit(ask);
      passing.push(sleep(readWait(first)).then(() => pass(ask).then(() => order.push(name))));
    }
    await Promise.all(passing);
    return order;
  }
  const many = (count: number, name: string, session: string, tenant?: string) =>
    Array.from({ length: count }, () => ({ name, session, ...(tenant ? { tenant } : {}) }));

  test('a run that fans out does not delay another session', async () => {
    const order = await readOrder([...many(6, 'wide', 'w'), ...many(2, 'narrow', 'n')]);
    expect(order.slice(0, 5).filter((name) => name === 'narrow')).toHaveLength(2);
  });

  test('nor does a tenant with many sessions delay another tenant', async () => {
    const crowd = Array.from({ length: 6 }, (_, i) => ({ name: 'crowd', session: `c${i}`, tenant: 'big' }));
    const order = await readOrder([...crowd, ...many(2, 'small', 's', 'small')]);
    expect(order.slice(0, 5).filter((name) => name === 'small')).toHaveLength(2);
  });
});

describe('tokens within a window', () => {
  test('are reserved by estimate and corrected by the report', async () => {
    const model = newModel();
    const limits = { tokens: 100 };
    const first = readAsk(model, { limits, tokens: 90 });
    expect(await limiter.admit(first)).toEqual({ verdict: 'ok' });
    const second = readAsk(model, { limits, tokens: 50 });
    expect(await limiter.admit(second)).toMatchObject({ verdict: 'wait', why: 'tokens' });
    await limiter.report(first, { outcome: 'ok', firstTokenMs: 5 }, 10, 30);
    expect(await limiter.admit(second)).toEqual({ verdict: 'ok' });
  });

  test('admit a call that alone exceeds the limit, if the window is empty', async () => {
    const model = newModel();
    expect(await limiter.admit(readAsk(model, { limits: { tokens: 100 }, tokens: 500 }))).toEqual({ verdict: 'ok' });
    expect(await limiter.admit(readAsk(model, { limits: { tokens: 100 }, tokens: 1 }))).toMatchObject({
      why: 'tokens',
    });
  });

  test('are available again after the window has passed', async () => {
    const model = newModel();
    await limiter.admit(readAsk(model, { limits: { tokens: 100 }, tokens: 100 }));
    const from = Date.now();
    await pass(readAsk(model, { limits: { tokens: 100 }, tokens: 100 }));
    expect(Date.now() - from).toBeGreaterThanOrEqual(1400);
  });
});

describe('concurrent calls', () => {
  const limits = { concurrency: 2 };

  test('end with a report, whatever its outcome', async () => {
    const model = newModel();
    const [one, two] = [readAsk(model, { limits }), readAsk(model, { limits })];
    await limiter.admit(one);
    await limiter.admit(two);
    const third = readAsk(model, { limits });
    expect(await limiter.admit(third)).toMatchObject({ verdict: 'wait', why: 'concurrency' });
    await limiter.report(one, { outcome: 'neutral' }, 10, undefined);
    expect(await limiter.admit(third)).toEqual({ verdict: 'ok' });
  });

  test('of a dead worker are taken over by the next attempt at the turn', async () => {
    const model = newModel();
    const lost = readAsk(model, { limits: { concurrency: 1 } });
    await limiter.admit(lost);
    expect(await limiter.admit({ ...lost, call: `${lost.turn}|2` })).toEqual({ verdict: 'ok' });
    // the report of the dead one comes late, and must not free another call
    await limiter.report(lost, { outcome: 'neutral' }, 10, undefined);
    expect(await limiter.admit(readAsk(model, { limits: { concurrency: 1 } }))).toMatchObject({ why: 'concurrency' });
  });

  describe('that are no longer renewed', () => {
    const leaseMs = 400;
    const forgetful = () => createLimiter(server.connect(), { windowMs: 500, patienceMs: 60_000, leaseMs });
    const newAsk = (model: string) => readAsk(model, { limits: { concurrency: 1 } });

    test('lose their slot, and others keep theirs', async () => {
      const [model, strict] = [newModel(), forgetful()];
      const [alive, other] = [newAsk(model), newAsk(model)];
      await strict.admit(alive);
      await sleep(leaseMs / 2);
      await strict.renew(alive);
      await sleep(leaseMs / 2 + 50);
      expect(await strict.admit(other)).toMatchObject({ why: 'concurrency' });
      await sleep(leaseMs);
      expect(await strict.admit(other)).toEqual({ verdict: 'ok' });
    });

    test('regain it with a renewal', async () => {
      const [model, strict] = [newModel(), forgetful()];
      const [late, other] = [newAsk(model), newAsk(model)];
      await strict.admit(late);
      await sleep(leaseMs + 50);
      await strict.renew(late);
      expect(await strict.admit(other)).toMatchObject({ why: 'concurrency' });
    });

    test('do not regain it after they have ended, or their turn has restarted', async () => {
      const [model, strict] = [newModel(), forgetful()];
      const fenced = newAsk(model);
      const ended = { ...fenced, call: `${fenced.turn}|2` };
      for (const ask of [fenced, ended]) await strict.admit(ask);
      await strict.report(ended, { outcome: 'neutral' }, 10, undefined);
      for (const ask of [fenced, ended]) await strict.renew(ask);
      expect(await strict.admit(newAsk(model))).toEqual({ verdict: 'ok' });
    });
  });
});

describe('a pause that a gateway asks for', () => {
  test('applies to every worker, and waiting calls go out one after another', async () => {
    const model = newModel();
    const other = createLimiter(server.connect(), { windowMs: 500, patienceMs: 60_000 });
    const from = Date.now();
    await limiter.report(
      readAsk(model),
      { outcome: 'cool', code: 'RATE_LIMITED', words: 'Slow down.', waitMs: 700 },
      5,
      0,
    );
    const moments = await Promise.all(
      Array.from({ length: 4 }, (_, i) => pass(readAsk(model, { session: `${i}` }), other)),
    );
    expect(Math.min(...moments) - from).toBeGreaterThanOrEqual(690);
    const sorted = moments.sort((a, b) => a - b);
    for (let i = 1; i < sorted.length; i++) expect(sorted[i]! - sorted[i - 1]!).toBeGreaterThanOrEqual(200);
  });

  test('that is longer than our patience is returned with the message of the gateway', async () => {
    const model = newModel();
    const cool = { outcome: 'cool', code: 'RATE_LIMITED', words: 'Come tomorrow.', waitMs: 3_600_000 } as const;
    await limiter.report(readAsk(model), cool, 5, 0);
    expect(await limiter.admit(readAsk(model))).toMatchObject({ verdict: 'cooling', words: 'Come tomorrow.' });
  });

  test('is not shortened by a shorter one', async () => {
    const model = newModel();
    const cool = (waitMs: number) =>
      limiter.report(readAsk(model), { outcome: 'cool', code: 'RATE_LIMITED', words: 'No.', waitMs }, 5, 0);
    await cool(30_000);
    await cool(10);
    expect(readWait(await limiter.admit(readAsk(model)))).toBeGreaterThan(20_000);
  });

  test('of one turn alone delays no other call after it is over', async () => {
    const model = newModel();
    const cool = { outcome: 'cool', code: 'RATE_LIMITED', words: 'No.', waitMs: 50 } as const;
    await limiter.report(readAsk(model), cool, 5, 0);
    await sleep(60);
    expect(await limiter.admit(readAsk(model))).toEqual({ verdict: 'ok' });
    expect(await limiter.admit(readAsk(model))).toEqual({ verdict: 'ok' });
  });

  test('slows down later restarts while refusals continue, and no longer once calls succeed', async () => {
    const redis = server.connect();
    const model = newModel();
    const pace = () => redis.hget(`murmuration:{model:${model}}:health`, 'pace').then(Number);
    const cool = { outcome: 'cool', code: 'RATE_LIMITED', words: 'No.', waitMs: 10 } as const;
    await Promise.all(Array.from({ length: 6 }, () => limiter.report(readAsk(model), cool, 5, 0)));
    expect(await pace()).toBe(250);
    await sleep(1050);
    await Promise.all([1, 2].map(() => limiter.report(readAsk(model), cool, 5, 0)));
    expect(await pace()).toBe(500);
    for (let i = 0; i < 12; i++) await limiter.report(readAsk(model), { outcome: 'ok', firstTokenMs: 1 }, 5, 0);
    expect(await pace()).toBe(0);
  });
});

describe('a failing model', () => {
  const ill = { outcome: 'ill', code: 'GATEWAY_UNAVAILABLE', words: 'It is down.' } as const;
  const fails = async (model: string, times: number) => {
    for (let i = 0; i < times; i++) await limiter.report(readAsk(model), ill, 5, 0);
  };

  test('is not called for a moment after five failures in a row, and then probed by one call', async () => {
    const model = newModel();
    await fails(model, 4);
    expect(await limiter.admit(readAsk(model))).toEqual({ verdict: 'ok' });
    await fails(model, 1);
    const open = await limiter.admit(readAsk(model));
    expect(open).toMatchObject({ verdict: 'open', code: 'GATEWAY_UNAVAILABLE', words: 'It is down.' });
    await sleep(readWait(open) + 20);
    const both = await Promise.all([limiter.admit(readAsk(model)), limiter.admit(readAsk(model))]);
    expect(both.map(({ verdict }) => verdict).sort()).toEqual(['ok', 'probing']);
  });

  test('is probed by one call at a time: the others are told to wait for that one, until it has ended', async () => {
    const model = newModel();
    await fails(model, 5);
    await sleep(1050);
    const probe = readAsk(model);
    await limiter.admit(probe);
    const probing = { verdict: 'probing', code: 'GATEWAY_UNAVAILABLE', words: 'It is down.' };
    expect(await limiter.admit(readAsk(model))).toMatchObject(probing);
    await limiter.report(probe, ill, 5, 0);
    expect(await limiter.admit(readAsk(model))).toMatchObject({ verdict: 'open' });
  });

  test('is healthy again after its first success', async () => {
    const model = newModel();
    await fails(model, 5);
    await limiter.report(readAsk(model), { outcome: 'ok', firstTokenMs: 3 }, 5, 0);
    expect(await limiter.admit(readAsk(model))).toEqual({ verdict: 'ok' });
    await fails(model, 4);
    expect(await limiter.admit(readAsk(model))).toEqual({ verdict: 'ok' });
  });

  test('stays uncalled for longer after it fails its probe', async () => {
    const model = newModel();
    await fails(model, 5);
    await sleep(1050);
    expect(await limiter.admit(readAsk(model))).toEqual({ verdict: 'ok' });
    await fails(model, 1);
    expect(readWait(await limiter.admit(readAsk(model)))).toBeGreaterThan(1500);
  });

  test('continues to be called if there are successes between the failures', async () => {
    const model = newModel();
    for (let i = 0; i < 5; i++) {
      await fails(model, 4);
      await limiter.report(readAsk(model), { outcome: 'ok', firstTokenMs: 3 }, 5, 0);
    }
    expect(await limiter.admit(readAsk(model))).toEqual({ verdict: 'ok' });
  });
});

test('the time to first token is a moving average, and null if there were no calls', async () => {
  const [slow, unknown] = [newModel(), newModel()];
  await limiter.report(readAsk(slow), { outcome: 'ok', firstTokenMs: 100 }, 500, 5);
  await limiter.report(readAsk(slow), { outcome: 'ok', firstTokenMs: 200 }, 500, 5);
  expect(await limiter.firstTokenMs([slow, unknown])).toEqual([120, null]);
});
