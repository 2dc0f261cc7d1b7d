/** A conversation of 200 messages through the whole product: summaries, context, storage and deletion. */
import { EARLIER, MEMORY_KEEPER } from '../../src/contract/prompts';
import { createStack, until, type Stack } from '../support/stack';
import { collectSse, get, post } from '../support/readers';

const json = (body: object) => ({ method: 'POST', body: JSON.stringify(body) });
const WINDOW_TOKENS = 200;
const FACT = 'blue-otter';
let stack: Stack;
beforeAll(async () => {
  stack = await createStack({ MEMORY_WINDOW_TOKENS: String(WINDOW_TOKENS) });
});
afterAll(() => stack.stop());

/** A model that knows the fact only if it is in its prompt. */
function playHonestly(): void {
  const says = (text: string) => ({ tokens: { text } });
  const includes =
    (...words: string[]) =>
    (body: unknown) =>
      words.every((word) => JSON.stringify(body).includes(word));
  const keeper = MEMORY_KEEPER.slice(0, 40);
  stack.gateway.scriptWhen(includes(keeper, FACT), says(`- The code word is ${FACT}.`));
  stack.gateway.scriptWhen(includes(keeper), says('- Nothing of note.'));
  stack.gateway.scriptWhen(includes('Which code word?', FACT), says(`It was ${FACT}.`));
  stack.gateway.scriptWhen(includes('Which code word?'), says('I do not know.'));
  stack.gateway.always('balanced-model', says('Noted, and thank you for telling me.'));
}
const tell = (message: string, session_id: string) =>
  post(`${stack.url}/swarm/execute`, { swarm_id: 'one-voice', message, session_id });
const session = async (id: string) => (await get(`${stack.url}/sessions/${id}`)).body;
const summaryCalls = () =>
  stack.gateway.calls().filter(({ body }) => JSON.stringify(body).includes('Remembered so far'));

test('a session of 200 messages still knows its first one, and loses no message of runs that end concurrently', async () => {
  playHonestly();
  const session_id = `long-${Date.now()}`;
  await tell(`The code word is ${FACT}.`, session_id);
  for (let n = 1; n < 100; n += 3)
    await Promise.all([n, n + 1, n + 2].map((one) => tell(`Remark ${one}: the weather is as it was.`, session_id)));
  const known = await until(async () => {
    const one = await session(session_id);
    return one.context.length + one.summary?.covers === 200 ? one : undefined;
  });
  expect(known.messages).toHaveLength(200);
  expect(known.summary.text).toContain(FACT);
  expect(known.context_summary).toBe(known.summary.text);
  expect(known.context).toEqual(known.messages.slice(known.summary.covers));
  expect(JSON.stringify(known.context)).not.toContain(FACT);
  const frames = await collectSse(
    `${stack.url}/swarm/execute`,
    json({ swarm_id: 'one-voice', message: 'Which code word?', session_id, stream: true }),
  );
  expect(frames.map(({ content }) => content).join('')).toBe(`It was ${FACT}.`);
  expect(frames.some(({ turn }) => turn === 'summary')).toBe(false);
  const asked = JSON.stringify(
    stack.gateway.calls().find(({ body }) => JSON.stringify(body).includes('Which code word?')),
  );
  expect(asked).toContain(EARLIER);
  expect(asked).not.toContain('Remark 1:');
}, 120_000);

test('each range of it was summarised once, by the fast model', () => {
  const calls = summaryCalls();
  expect(calls.length).toBeGreaterThan(5);
  const published = calls.flatMap(({ body }) => JSON.stringify(body).match(/Remark \d+:/g) ?? []);
  expect(published.length).toBeGreaterThan(50);
  expect(new Set(published).size).toBe(published.length);
});

test('DELETE /sessions/:id deletes it: the next run starts without memory, and a second DELETE is a 404', async () => {
  playHonestly();
  const session_id = `short-${Date.now()}`;
  await tell(`The code word is ${FACT}.`, session_id);
  const remove = () => fetch(`${stack.url}/sessions/${session_id}`, { method: 'DELETE' });
  expect((await remove()).status).toBe(204);
  expect((await get(`${stack.url}/sessions/${session_id}`)).status).toBe(404);
  const { body } = await tell('Which code word?', session_id);
  expect(body.responses).toEqual(['I do not know.']);
  expect((await remove()).status).toBe(204);
  const again = await remove();
  expect([again.status, ((await again.json()) as { error: { code: string } }).error.code]).toEqual([
    404,
    'UNKNOWN_SESSION',
  ]);
});

test('summary workflows are not listed among the runs', async () => {
  const { body } = await get(`${stack.url}/runs?limit=50`);
  expect(body.runs.filter(({ run_id }: { run_id: string }) => run_id.startsWith('memory'))).toEqual([]);
});
