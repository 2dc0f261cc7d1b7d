/** What becomes of a session when a stretch of it has been summarised, or could not be within the limit. */
import { createSummaries } from '../../src/activities/summaries';
import { summaryRequest } from '../../src/contract/memory';
import type { Stretch, TurnResult } from '../../src/contract';
import type { RedisConnection } from '../../src/redis/connect';
import { createEventReader } from '../../src/redis/events';
import { createMemory, type Memory } from '../../src/redis/memory';
import { createTurnStore } from '../../src/redis/turns';
import { eventsOf, newScope, resultOf } from '../redis/fixtures';
import { createTestRedis, type TestRedis } from '../support/redis';

let server: TestRedis;
let redis: RedisConnection;
let memory: Memory;
let summaries: ReturnType<typeof createSummaries>;

beforeAll(async () => {
  server = await createTestRedis();
  redis = server.connect();
  memory = createMemory(redis, { windowTokens: 100, ttlSeconds: 100 });
  summaries = createSummaries({ turns: createTurnStore(redis), memory });
});
afterAll(() => server.stop());

/** A stretch of a session that has outgrown its window. */
async function outgrown(): Promise<Stretch> {
  const { session_id } = newScope();
  const common = { run_id: 'r', team_id: 'debate-swarm', at: 1 };
  for (let n = 0; n < 5; n++)
    await memory.storeConversation(session_id, `r${n}`, [
      { role: 'user', content: 'q'.repeat(40), ...common },
      { role: 'assistant', content: 'a'.repeat(40), ...common },
    ]);
  return (await summaries.nextStretch(session_id))!;
}
const whole = (turn: string, text: string): TurnResult => resultOf(turn, text);
const cut = (turn: string): TurnResult => resultOf(turn, 'Ada, who', { finish_reason: 'length', truncated: true });
const summaryOf = async ({ session_id }: Stretch) => (await memory.readSession(session_id))?.summary;
const endingOf = async (stretch: Stretch) => {
  const { run_id } = summaryRequest(stretch, undefined);
  return (await eventsOf(createEventReader(redis), run_id)).map(({ event }) => event).at(-1);
};

it('a summary stands for the messages of its stretch', async () => {
  const stretch = await outgrown();
  await summaries.keepSummary(stretch, [whole('summary', ' Ada. ')]);
  expect(await summaryOf(stretch)).toMatchObject({ text: 'Ada.', covers: stretch.to });
});

it('one that was cut off counts as used, and the shorter one is kept', async () => {
  const stretch = await outgrown();
  await summaries.keepSummary(stretch, [cut('summary'), whole('summary-2', 'Ada.')]);
  expect(await summaryOf(stretch)).toMatchObject({ text: 'Ada.', covers: stretch.to });
  expect(await endingOf(stretch)).toMatchObject({ type: 'run.completed', turns: 2, answers: ['summary-2'] });
});

it('where the shorter one was cut off too the earlier summary stays, and the next stretch is a smaller one of another run', async () => {
  const stretch = await outgrown();
  await summaries.keepSummary(stretch, [cut('summary'), cut('summary-2')]);
  expect(await summaryOf(stretch)).toBeUndefined();
  const next = (await summaries.nextStretch(stretch.session_id))!;
  expect([next.from, next.to]).toEqual([0, 4]);
  expect(summaryRequest({ ...next, to: stretch.to }, undefined).run_id).not.toBe(
    summaryRequest(stretch, undefined).run_id,
  );
});
