/** Compaction of the streams of ended runs: any number of them, and despite one that fails. */
import type { RedisConnection } from '../../src/redis/connect';
import { createCompaction } from '../../src/redis/compaction';
import { createEventReader } from '../../src/redis/events';
import { eventsKey } from '../../src/redis/keys';
import { createTurnStore, type TurnStore } from '../../src/redis/turns';
import { startRedisServer, type RedisServer } from '../support/redis';
import { beginTurn, newScope } from './fixtures';

let server: RedisServer;
let redis: RedisConnection;
let turns: TurnStore;
beforeAll(async () => {
  // a separate server, because runs of other suites have ended, too
  server = await startRedisServer();
  redis = server.connect();
  turns = createTurnStore(redis);
});
afterAll(() => server.stop());

const ENDING = {
  type: 'run.failed',
  turns: 0,
  usage: { prompt_tokens: 0, completion_tokens: 0 },
  cost_usd: 0,
} as const;

async function endedRun(): Promise<string> {
  const scope = newScope();
  await (await beginTurn(turns, scope, 'answer')).say('Hello you.');
  await turns.close(scope, { ...ENDING, code: 'INTERNAL', message: 'x' }, ['answer']);
  return scope.run_id;
}
const isCompacted = async (runId: string) => Boolean((await createEventReader(redis).head(runId))?.compacted);

test('all ended runs are compacted in one round; one that cannot be read is postponed and reported', async () => {
  const ids = [];
  for (let i = 0; i < 45; i++) ids.push(await endedRun());
  const [broken = '', ...whole] = ids;
  await redis.set(eventsKey(broken), 'no stream');
  const reported: string[] = [];
  const compaction = createCompaction(redis, 60, (runId) => reported.push(runId));
  expect(await compaction.compactEndedBefore(0)).toBe(45);
  expect(reported).toEqual([broken]);
  expect(await isCompacted(broken)).toBe(false);
  expect(await Promise.all(whole.map(isCompacted))).toEqual(whole.map(() => true));
  expect(await compaction.compactEndedBefore(0)).toBe(0);
});
