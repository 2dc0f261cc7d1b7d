/** Request fields that models reject are known to all workers, and expire because they may change. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createFieldMemory } from '../../src/redis/refused-fields';
import { createTestRedis, type TestRedis } from '../support/redis';

let server: TestRedis;
beforeAll(async () => (server = await createTestRedis()));
afterAll(() => server.stop());

const memory = (ttlMs?: number) => createFieldMemory(server.connect(), ttlMs, 0);
const [cold, renamed] = [
  { field: 'temperature', value: 0.7 },
  { field: 'max_tokens', to: 'max_completion_tokens' },
];

test('rules of several workers are combined, separately for each model', async () => {
  await Promise.all([memory().keep('m', [cold]), memory().keep('m', [renamed]), memory().keep('n', [cold])]);
  const rules = await memory().recall('m');
  expect(rules).toHaveLength(2);
  expect(rules).toEqual(expect.arrayContaining([cold, renamed]));
  expect(await memory().recall('n')).toEqual([cold]);
  expect(await memory().recall('o')).toEqual([]);
});

test('the maximum of a field is kept besides its rename, and replaced by a later one', async () => {
  const [more, less] = [4096, 2000].map((most) => ({ field: 'max_tokens', most }));
  for (const rule of [renamed, more!, less!]) await memory().keep('limited', [rule]);
  const rules = await memory().recall('limited');
  expect(rules).toHaveLength(2);
  expect(rules).toEqual(expect.arrayContaining([renamed, less]));
});

test('a rule expires after its time, even if another one was added later', async () => {
  await memory(300).keep('short', [cold]);
  await memory().keep('short', [renamed]);
  await sleep(350);
  expect(await memory().recall('short')).toEqual([renamed]);
});

test('if a stored rule is unreadable, or Redis is down, there are no rules', async () => {
  await server.connect().hset('murmuration:refused-fields:odd', 'a', 'no JSON', 'b', '{"rule":{}}');
  expect(await memory().recall('odd')).toEqual([]);
});
