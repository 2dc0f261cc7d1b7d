/** What a model is sent: the role's prompt, the session's context, then the turn's messages with the texts they refer to. */
import { buildMessages } from '../../src/activities/prompt';
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

it('puts the texts of finished turns where the parts refer to them', async () => {
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

it('tells what stands for the older messages with the role, and the newer ones word by word', async () => {
  const request = newRequest({ with_context: true });
  const { session_id } = request;
  for (const n of [1, 2, 3]) await remember(session_id, `${n}${'q'.repeat(1000)}`, 'A.');
  const stretch = (await memory.nextStretch(session_id))!;
  await memory.storeSummary(stretch, 'The name is Ada.');
  const [system, ...rest] = await buildMessages(request, turns, memory);
  expect(system).toEqual({ role: 'system', content: `Plan.\n\n${EARLIER}\nThe name is Ada.` });
  expect(rest.map(({ content }) => String(content)[0])).toEqual(['3', 'A', 'W']);
});

it('builds the same messages for every attempt, whatever the session learns meanwhile', async () => {
  const request = newRequest({ with_context: true });
  const first = await buildMessages(request, turns, memory);
  await remember(request.session_id, 'meanwhile?', 'Meanwhile.');
  expect(await buildMessages(request, turns, memory)).toEqual(first);
});

it('leaves the context out where the turn asks for none', async () => {
  const request = newRequest({ with_context: false });
  await remember(request.session_id, 'earlier?', 'Earlier.');
  expect(await buildMessages(request, turns, memory)).toEqual([
    SYSTEM,
    { role: 'user', content: 'Why do starlings flock?' },
  ]);
});

it('fails for good with TEXT_LOST and the names of the turns when Redis no longer holds their texts', async () => {
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

it('a text that Redis has only the beginning of counts as lost', async () => {
  const request = newRequest({ messages: [{ role: 'user', parts: [{ turn: 'here', length: 5 }] }] });
  await turns.restoreTexts(request.run_id, { here: 'tex' });
  await expect(buildMessages(request, turns, memory)).rejects.toMatchObject({ type: 'TEXT_LOST', details: [['here']] });
  await turns.restoreTexts(request.run_id, { here: 'texts' });
  expect((await buildMessages(request, turns, memory)).at(-1)).toEqual({ role: 'user', content: 'texts' });
});
