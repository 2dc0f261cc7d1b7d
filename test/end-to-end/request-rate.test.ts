/** Requests per minute: counted over all API processes, by key and by address, and reported in the standard headers. */
import { get, post, Watcher } from '../support/readers';
import { startRedisServer, type RedisServer } from '../support/redis';
import { createStack, type Stack } from '../support/stack';

/** A key for each test, because a process remembers refusals for a minute. */
const KEYS = {
  alice: 'alice-has-a-key',
  bob: 'bob-has-another',
  carol: 'carol-has-one',
  dave: 'dave-has-one',
  erin: 'erin-has-one',
};
const as = (name: keyof typeof KEYS) => ({ authorization: `Bearer ${KEYS[name]}` });

let redis: RedisServer;
let stack: Stack;
let second: string;
beforeAll(async () => {
  redis = await startRedisServer();
  stack = await createStack({
    REDIS_URL: redis.url,
    API_KEYS: Object.entries(KEYS)
      .map(([name, key]) => `${name}:${key}`)
      .join(','),
    MAX_REQUESTS_PER_MINUTE_PER_KEY: '20',
    MAX_REQUESTS_PER_MINUTE_PER_ADDRESS: '30',
    TRUST_PROXY: '1',
  });
  second = await stack.addApi();
});
afterAll(async () => {
  await stack.stop();
  await redis.stop();
});

const from = (address: string) => ({ 'x-forwarded-for': address });

test('a key is counted over two processes; the refusal says how long to wait', async () => {
  for (let i = 0; i < 20; i++) {
    const { status, headers } = await get(`${i % 2 ? second : stack.url}/swarms`, {
      ...as('alice'),
      ...from(`10.0.0.${i}`),
    });
    expect([status, headers.get('ratelimit-limit'), headers.get('ratelimit-remaining')]).toEqual([
      200,
      '20',
      `${19 - i}`,
    ]);
  }
  for (const url of [stack.url, second]) {
    const { status, headers, body } = await post(`${url}/swarm/execute`, { message: '' }, as('alice'));
    expect([status, body.error.code, body.limit]).toEqual([
      429,
      'TOO_MANY_REQUESTS',
      { setting: 'MAX_REQUESTS_PER_MINUTE_PER_KEY', value: 20 },
    ]);
    expect(body.error.message).toContain('MAX_REQUESTS_PER_MINUTE_PER_KEY is 20');
    expect(headers.get('retry-after')).toBe(headers.get('ratelimit-reset'));
    expect(headers.get('ratelimit-remaining')).toBe('0');
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  }
  expect((await get(`${stack.url}/swarms`, as('bob'))).status).toBe(200);
  expect((await get(`${stack.url}/readyz`, as('alice'))).status).toBe(200);
  expect((await get(`${stack.url}/healthz`, as('alice'))).status).toBe(200);
});

test('an address is counted for any key; the entry of the proxy in X-Forwarded-For counts, not those that a client prepends', async () => {
  const ask = (i: number) =>
    get(`${stack.url}/swarms`, { ...as(i % 2 ? 'bob' : 'carol'), ...from(`192.0.2.${i}, 10.1.1.1`) });
  for (let i = 0; i < 30; i++) expect((await ask(i)).status).toBe(200);
  const { status, body } = await ask(31);
  expect([status, body.limit.setting]).toEqual([429, 'MAX_REQUESTS_PER_MINUTE_PER_ADDRESS']);
});

test('frames count as requests', async () => {
  const watcher = await Watcher.connect(stack.url, `/ws/swarm?api_key=${KEYS.dave}`);
  for (let i = 0; i < 25; i++) watcher.send({ run_id: `unknown-${i}` });
  await watcher.frame(() => watcher.frames.length === 25);
  const codes = watcher.frames.map(({ error }) => error?.code);
  expect(codes.filter((code) => code === 'UNKNOWN_RUN')).toHaveLength(19);
  expect(watcher.frames.find(({ error }) => error?.code === 'TOO_MANY_REQUESTS')?.run_id).toMatch(/^unknown-/);
  watcher.close();
});

test('while Redis is down each process counts on its own', async () => {
  await redis.kill();
  const statuses = [];
  for (let i = 0; i < 22; i++)
    statuses.push((await get(`${stack.url}/swarms`, { ...as('erin'), ...from('10.2.2.2') })).status);
  await redis.revive();
  expect(statuses).toEqual([...Array<number>(20).fill(200), 429, 429]);
});
