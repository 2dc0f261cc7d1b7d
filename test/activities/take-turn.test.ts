/** A turn without failures: one call, one text, one result. */
import { HEARTBEAT_INTERVAL_MS } from '../../src/contract/names';
import type { Activities } from '../../src/activities';
import type { SessionMessage } from '../../src/contract';
import { CASE_TEXT, cases } from '../support/scripted-gateway';
import { newRequest } from './request';
import { attempt, createHarness, type Harness } from './harness';

let harness: Harness;
let worker: Activities;

beforeAll(async () => {
  harness = await createHarness();
  worker = await harness.worker([harness.model('first'), harness.model('second')]);
});
afterEach(() => harness.gateway.reset());
afterAll(() => harness.stop());

it('streams into the events, and returns the text that readers have seen', async () => {
  const request = newRequest();
  const { run_id, session_id, team_id } = request;
  harness.gateway.script('first', cases.normalStream);
  const result = await attempt(worker, request).result;
  expect(result).toEqual({
    turn: 'draft',
    input_mark: expect.stringMatching(/^[0-9a-f]{64}$/),
    role: 'strategist',
    label: 'Strategist, draft',
    place: request.place,
    model: 'first',
    gateway: 'gateway',
    text: CASE_TEXT,
    finish_reason: 'stop',
    truncated: false,
    usage: { prompt_tokens: expect.any(Number) as number, completion_tokens: 6 },
    booked_tokens: 13,
    cost_usd: harness.gateway.calls('first')[0]?.costUsd,
    duration_ms: expect.any(Number) as number,
    first_token_ms: expect.any(Number) as number,
    attempts: 1,
    generation_id: harness.gateway.calls('first')[0]?.id,
  });
  expect(result.duration_ms).toBeLessThan(5000);
  const { types, text, turn, find } = await harness.story(request);
  expect(types).toEqual(['turn.started', 'turn.delta', 'turn.completed']);
  expect(text).toBe(CASE_TEXT);
  expect(turn).toMatchObject({ status: 'completed', model: 'first', usage: result.usage, cost_usd: result.cost_usd });
  expect(find('turn.started')).toMatchObject({ run_id, session_id, team_id, label: 'Strategist, draft', epoch: 1 });
  expect(find('turn.completed')).toMatchObject({ length: CASE_TEXT.length, attempts: 1, truncated: false });
  expect(find('turn.completed')).not.toHaveProperty('text');
});

it('prepares the sandbox only while a program is written', async () => {
  const request = newRequest();
  const before = harness.prepared();
  await attempt(worker, request).result;
  expect(harness.prepared()).toBe(before);
  await attempt(worker, { ...request, turn: 'program', place: { ...request.place, yields: 'draft' } }).result;
  expect(harness.prepared()).toBe(before + 1);
});

it('asks the models that the role names itself', async () => {
  const request = newRequest();
  const { alias: _alias, ...definition } = request.definition;
  const { model } = await attempt(worker, { ...request, definition: { ...definition, models: ['second'] } }).result;
  expect(model).toBe('second');
  expect(harness.gateway.calls().map((call) => call.model)).toEqual(['second']);
});

it("sends the role's settings and messages, and asks for the usage", async () => {
  const request = newRequest({ with_context: true, messages: [{ role: 'user', parts: ['Mend: ', { turn: 'plan' }] }] });
  const earlier: SessionMessage = { role: 'user', content: 'earlier', run_id: 'r0', team_id: 't', at: 1 };
  await harness.memory.storeConversation(request.session_id, 'r0', [earlier]);
  await harness.turns.restoreTexts(request.run_id, { plan: 'a plan' });
  await attempt(worker, request).result;
  expect(harness.gateway.calls()[0]?.body).toEqual({
    model: 'first',
    temperature: 0.7,
    max_tokens: 2000,
    stream: true,
    stream_options: { include_usage: true },
    messages: [
      { role: 'system', content: 'Plan.' },
      { role: 'user', content: 'earlier' },
      { role: 'user', content: 'Mend: a plan' },
    ],
  });
});

it("gives the caller's options precedence over the role's", async () => {
  await attempt(worker, newRequest({ options: { temperature: 0, max_tokens: 5 } })).result;
  expect(harness.gateway.calls()[0]?.body).toMatchObject({ temperature: 0, max_tokens: 5 });
});

it('is not paid twice: the result of an earlier finished attempt is returned without a call', async () => {
  const request = newRequest();
  const result = await attempt(worker, request).result;
  const before = await harness.story(request);
  harness.gateway.script('first', { tokens: ['Another answer.'] });
  expect(await attempt(worker, request).result).toEqual(result);
  expect(harness.gateway.calls()).toHaveLength(1);
  expect((await harness.story(request)).events).toEqual(before.events);
});

it.each([
  ['characters that the network cut in two', { tokens: ['Vögel ', '🐦🐦', ' 鳥'], splitUtf8: true }, 'Vögel 🐦🐦 鳥'],
  ['characters that the model cut in two', { tokens: ['a \ud83d', '\udc26 b'], intervalMs: 30 }, 'a 🐦 b'],
  ['white space and quotes as they are', { tokens: ['\n ', '"\\n"', '\r\n\t', '\u0000 '] }, '\n "\\n"\r\n\t\u0000 '],
])('keeps %s', async (_name, reply, text) => {
  const request = newRequest();
  harness.gateway.script('first', reply);
  expect((await attempt(worker, request).result).text).toBe(text);
  expect((await harness.story(request)).text).toBe(text);
});

it('holds thousands of tokens at full speed, whole and in order', async () => {
  const request = newRequest();
  harness.gateway.script('first', { tokens: { count: 3000 } });
  const { text } = await attempt(worker, request).result;
  expect(text).toBe(Array.from({ length: 3000 }, (_, n) => `#${n} `).join(''));
  const story = await harness.story(request);
  expect(story.text).toBe(text);
  expect(story.events.length).toBeLessThan(1500);
});

it('reports the model that actually answered', async () => {
  const request = newRequest();
  harness.gateway.script('first', { model: 'vendor/other-model' });
  expect((await attempt(worker, request).result).model).toBe('vendor/other-model');
  const { find, turn } = await harness.story(request);
  expect([find('turn.started').model, turn.model]).toEqual(['first', 'vendor/other-model']);
});

it('reports that the answer was cut off at the token limit', async () => {
  const request = newRequest();
  harness.gateway.script('first', cases.lengthLimit);
  expect(await attempt(worker, request).result).toMatchObject({
    truncated: true,
    finish_reason: 'length',
    text: CASE_TEXT,
  });
  expect((await harness.story(request)).find('turn.completed').truncated).toBe(true);
});

it('estimates the usage, and reports no cost, if the gateway reports none', async () => {
  const request = newRequest();
  harness.gateway.script('first', { tokens: ['12345678'], usage: 'none' });
  const { usage, cost_usd } = await attempt(worker, request).result;
  const asked = 'Plan.Why do starlings flock?'.length;
  expect(usage).toEqual({ prompt_tokens: asked / 4, completion_tokens: 2, estimated: true });
  expect(cost_usd).toBeNull();
});

it('sends heartbeats from before the first token until its end, and no longer', async () => {
  harness.gateway.script('first', {
    tokens: ['a', 'b'],
    firstTokenMs: HEARTBEAT_INTERVAL_MS * 1.2,
    intervalMs: HEARTBEAT_INTERVAL_MS,
  });
  const beginsAt = performance.now();
  const { result, heartbeats } = attempt(worker, newRequest());
  const { first_token_ms } = await result;
  const endsAt = performance.now();
  expect(heartbeats.length).toBeGreaterThanOrEqual(2);
  expect(heartbeats[0]! - beginsAt).toBeLessThan(first_token_ms!);
  await new Promise((resolve) => setTimeout(resolve, HEARTBEAT_INTERVAL_MS * 1.2));
  expect(heartbeats.at(-1)).toBeLessThanOrEqual(endsAt);
});

it('fails with TEXT_LOST before it calls a model or publishes anything if a text that it needs is lost', async () => {
  const request = newRequest({ messages: [{ role: 'user', parts: [{ turn: 'gone' }] }] });
  expect(await attempt(worker, request).failure()).toMatchObject({
    type: 'TEXT_LOST',
    nonRetryable: true,
    details: [['gone']],
  });
  expect(harness.gateway.calls()).toEqual([]);
  await harness.turns.restoreTexts(request.run_id, { gone: 'found' });
  await attempt(worker, request).result;
  expect((await harness.story(request)).types).toEqual(['turn.started', 'turn.delta', 'turn.completed']);
});
