/** Messages sent to a model: the role's prompt, the session's context, then the turn's messages with references resolved. */
import { buildMessages } from '../../src/model-call/prompt';
import type { PromptMessage } from '../../src/contract';
import { EARLIER } from '../../src/contract/prompts';
import { createMemory, type Memory } from '../../src/redis/memory';
import { createTurnStore, type TurnStore } from '../../src/redis/turns';
import { createTestRedis, type TestRedis } from '../support/redis';
import { newRequest } from './request';

let server: TestRedis;
let turns: TurnStore;
let memory: Memory;

beforeAll(async () => {
  server = await createTestRedis();
  const redis = server.connect();
  turns = createTurnStore(redis);
  memory = createMemory(redis, { windowTokens: 1000, ttlSeconds: 100 });
});
afterAll(() => server.stop());

const SYSTEM = { role: 'system', content: 'Plan.' };

async function remember(sessionId: string, question: string, answer: string): Promise<void> {
  const common = { run_id: `earlier-${question}`, team_id: 'coding-swarm', at: 1 };
  await memory.storeConversation(sessionId, common.run_id, [
    { role: 'user', content: question, ...common },
    { role: 'assistant', content: answer, ...common },
  ]);
}

it('replaces references with the texts of finished turns', async () => {
  const messages: PromptMessage[] = [
    { role: 'user', parts: ['Task'] },
    { role: 'assistant', parts: [{ turn: 'plan/draft' }] },
    { role: 'user', parts: ['Critique:\n', { turn: 'plan/critique' }, '\nDraft again:\n', { turn: 'plan/draft' }] },
  ];
  const request = newRequest({ messages });
  await turns.restoreTexts(request.run_id, { 'plan/draft': 'A 🐦 draft', 'plan/critique': '$& weak' });
  expect(await buildMessages(request, turns, memory)).toEqual([
    SYSTEM,
    { role: 'user', content: 'Task' },
    { role: 'assistant', content: 'A 🐦 draft' },
    { role: 'user', content: 'Critique:\n$& weak\nDraft again:\nA 🐦 draft' },
  ]);
});

it('puts the context of the session before the messages, with nothing but role and content', async () => {
  const request = newRequest({ with_context: true });
  await remember(request.session_id, 'earlier?', 'Earlier.');
  expect(await buildMessages(request, turns, memory)).toEqual([
    SYSTEM,
    { role: 'user', content: 'earlier?' },
    { role: 'assistant', content: 'Earlier.' },
    { role: 'user', content: 'Why do starlings flock?' },
  ]);
});

it('puts the summary of older messages into the system prompt, and newer messages in full', async () => {
  const request = newRequest({ with_context: true });
  const { session_id } = request;
  for (const n of [1, 2, 3]) await remember(session_id, `${n}${'q'.repeat(1000)}`, 'A.');
  const range = (await memory.nextRange(session_id))!;
  await memory.storeSummary(range, 'The name is Ada.');
  const [system, ...rest] = await buildMessages(request, turns, memory);
  expect(system).toEqual({ role: 'system', content: `Plan.\n\n${EARLIER}\nThe name is Ada.` });
  expect(rest.map(({ content }) => String(content)[0])).toEqual(['3', 'A', 'W']);
});

it('builds the same messages for every attempt, whatever is added to the session meanwhile', async () => {
  const request = newRequest({ with_context: true });
  const first = await buildMessages(request, turns, memory);
  await remember(request.session_id, 'meanwhile?', 'Meanwhile.');
  expect(await buildMessages(request, turns, memory)).toEqual(first);
});

it('omits the context if the turn does not request it', async () => {
  const request = newRequest({ with_context: false });
  await remember(request.session_id, 'earlier?', 'Earlier.');
  expect(await buildMessages(request, turns, memory)).toEqual([
    SYSTEM,
    { role: 'user', content: 'Why do starlings flock?' },
  ]);
});

it('fails without retry with TEXT_LOST and the names of the turns if Redis no longer holds their texts', async () => {
  const parts = [{ turn: 'lost' }, { turn: 'here' }, { turn: 'lost too' }, { turn: 'lost' }];
  const request = newRequest({ messages: [{ role: 'user', parts }] });
  await turns.restoreTexts(request.run_id, { here: 'text' });
  await expect(buildMessages(request, turns, memory)).rejects.toMatchObject({
    type: 'TEXT_LOST',
    nonRetryable: true,
    details: [['lost', 'lost too']],
    message: expect.stringContaining('lost, lost too') as string,
  });
  await turns.restoreTexts(request.run_id, { lost: 'found', 'lost too': '!' });
  expect((await buildMessages(request, turns, memory)).at(-1)?.content).toBe('foundtext!found');
});

it('a text of which Redis has only the start counts as lost', async () => {
  const request = newRequest({ messages: [{ role: 'user', parts: [{ turn: 'here', length: 5 }] }] });
  await turns.restoreTexts(request.run_id, { here: 'tex' });
  await expect(buildMessages(request, turns, memory)).rejects.toMatchObject({ type: 'TEXT_LOST', details: [['here']] });
  await turns.restoreTexts(request.run_id, { here: 'texts' });
  expect((await buildMessages(request, turns, memory)).at(-1)).toEqual({ role: 'user', content: 'texts' });
});
