/** The state of a session after a range of it was summarised, or could not be summarised within the limit. */
import { createSummaries } from '../../src/activities/summaries';
import { summaryRequest } from '../../src/contract/memory';
import type { MessageRange, TurnResult } from '../../src/contract';
import type { RedisConnection } from '../../src/redis/connect';
import { createEventReader } from '../../src/redis/events';
import { createMemory, type Memory } from '../../src/redis/memory';
import { createTurnStore } from '../../src/redis/turns';
import { listEvents, newScope, readResult } from '../redis/fixtures';
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

/** A range of a session that exceeds its window. */
async function outgrown(): Promise<MessageRange> {
  const { session_id } = newScope();
  const common = { run_id: 'r', team_id: 'debate-swarm', at: 1 };
  for (let n = 0; n < 5; n++)
    await memory.storeConversation(session_id, `r${n}`, [
      { role: 'user', content: 'q'.repeat(40), ...common },
      { role: 'assistant', content: 'a'.repeat(40), ...common },
    ]);
  return (await summaries.nextRange(session_id))!;
}
const whole = (turn: string, text: string): TurnResult => readResult(turn, text);
const cut = (turn: string): TurnResult => readResult(turn, 'Ada, who', { finish_reason: 'length', truncated: true });
const readSummary = async ({ session_id }: MessageRange) => (await memory.readSession(session_id))?.summary;
const readEnding = async (range: MessageRange) => {
  const { run_id } = summaryRequest(range, undefined);
  return (await listEvents(createEventReader(redis), run_id)).map(({ event }) => event).at(-1);
};

it('a summary replaces the messages of its range', async () => {
  const range = await outgrown();
  await summaries.keepSummary(range, [whole('summary', ' Ada. ')]);
  expect(await readSummary(range)).toMatchObject({ text: 'Ada.', covers: range.to });
});

it('the usage of a summary that was cut off counts, and the shorter one is stored', async () => {
  const range = await outgrown();
  await summaries.keepSummary(range, [cut('summary'), whole('summary-2', 'Ada.')]);
  expect(await readSummary(range)).toMatchObject({ text: 'Ada.', covers: range.to });
  expect(await readEnding(range)).toMatchObject({ type: 'run.completed', turns: 2, answers: ['summary-2'] });
});

it('if the shorter one was cut off too, the earlier summary stays, and the next range is smaller with a new run id', async () => {
  const range = await outgrown();
  await summaries.keepSummary(range, [cut('summary'), cut('summary-2')]);
  expect(await readSummary(range)).toBeUndefined();
  const next = (await summaries.nextRange(range.session_id))!;
  expect([next.from, next.to]).toEqual([0, 4]);
  expect(summaryRequest({ ...next, to: range.to }, undefined).run_id).not.toBe(summaryRequest(range, undefined).run_id);
});
