/**
 * The public simulator cases, through the whole product: started by POST, watched on a WebSocket, and after each case the ledger
 * is compared with the gateway's own accounts. Case 20, and repetitions of others behind Portkey, are in portkey.test.ts.
 */
import { cases, CASE_TEXT, createScriptedGateway, quirks } from '../support/scripted-gateway';
import { freePort } from '../support/processes';
import { agreedBooks, ONE_VOICE, order, play, type HowToPlay, type PlayedRun } from '../support/played-run';
import { createStack, type Stack } from '../support/stack';
import { foldFrames, get, post, listTexts, Watcher } from '../support/readers';

let stack: Stack;
beforeAll(async () => {
  // the scripted gateway's default price of a million tokens
  const price = { input: 1, output: 2 };
  stack = await createStack({
    GATEWAYS: 'openrouter',
    OPENROUTER_API_KEY: 'key-of-the-cases',
    OPENROUTER_FALLBACK: 'off',
    MODEL_FAST: 'first,second',
    PRICES: JSON.stringify({ first: price, second: price }),
    FIRST_TOKEN_TIMEOUT_SECONDS: '2',
  });
});
afterAll(() => stack.stop());
beforeEach(() => stack.gateway.reset());

const calls = (model?: string) => stack.gateway.calls(model);
const secondsBetweenCalls = () => ((calls('first')[1]?.at ?? NaN) - (calls('first')[0]?.at ?? NaN)) / 1000;

/** Executes a run; ledger and gateway must agree, without estimates unless the gateway cannot report the cost. */
async function run({ estimated = 0, ...how }: HowToPlay & { estimated?: number } = {}) {
  const played = await play(stack, how);
  expect(await agreedBooks(stack, played, calls)).toMatchObject({ estimated, unpriced: 0 });
  return played;
}

/** If no call broke off, the run's own totals must equal the ledger too. */
function expectCharged({ last }: PlayedRun): void {
  const charged = calls().reduce((sum, { costUsd = 0 }) => sum + costUsd, 0);
  expect(charged).toBeGreaterThan(0);
  expect(last.cost_usd).toBeCloseTo(charged, 9);
}

test('1: a normal stream yields text, usage, cost and the generation id', async () => {
  stack.gateway.script('first', cases.normalStream);
  const played = await run();
  const { body } = await get(`${stack.url}/runs/${played.runId}`);
  expect(played.text).toBe(CASE_TEXT);
  expect(body.responses).toEqual([CASE_TEXT]);
  expect(body.turns[0].usage).toMatchObject({ completion_tokens: calls()[0]?.usage?.completionTokens });
  expectCharged(played);
  const reply = await post(`${stack.url}/swarm/execute`, ONE_VOICE);
  expect(reply.body.turns[0].generation_id).toBe(calls()[1]?.id);
});

test('2: usage in a chunk with an empty delta counts once', async () => {
  stack.gateway.script('first', cases.usageInEmptyDelta);
  const played = await run();
  expect(played.last.usage).toMatchObject({ completion_tokens: calls()[0]?.usage?.completionTokens });
  expectCharged(played);
});

test('3: a caller that wants a single reply gets it, though the gateway is always asked to stream', async () => {
  stack.gateway.script('first', cases.normalBody);
  const { body } = await post(`${stack.url}/swarm/execute`, ONE_VOICE);
  expect(body.responses).toEqual([CASE_TEXT]);
  expect(calls()[0]?.body).toMatchObject({ stream: true });
  expect(body.cost_usd).toBeCloseTo(calls()[0]?.costUsd ?? NaN, 9);
  await agreedBooks(stack, { runId: body.run_id, sessionId: body.session_id }, calls);
});

test('4: a wrong key fails the run after one call, and the sentence names the variable', async () => {
  stack.gateway.script('first', cases.invalidKey);
  const { last } = await run();
  const message = expect.stringContaining('OPENROUTER_API_KEY') as string;
  expect(last).toMatchObject({ event: 'run.failed', done: true, code: 'GATEWAY_KEY_REFUSED', message });
  expect(calls()).toHaveLength(1);
});

test('4: a caller that waits for the reply gets 502 for the wrong key', async () => {
  stack.gateway.script('first', cases.invalidKey);
  const { status, body } = await post(`${stack.url}/swarm/execute`, ONE_VOICE);
  expect([status, body.error.code, body.status]).toEqual([502, 'GATEWAY_KEY_REFUSED', 'failed']);
});

test('5: an account without credit fails the run after one call', async () => {
  stack.gateway.script('first', cases.creditsExhausted);
  const { last } = await run();
  expect(last).toMatchObject({ event: 'run.failed', done: true, code: 'GATEWAY_CREDIT_EXHAUSTED', cost_usd: 0 });
  expect(calls()).toHaveLength(1);
});

test('6: a moderated prompt is not retried, and the reasons are visible', async () => {
  stack.gateway.script('first', cases.moderated);
  const { last } = await run();
  const message = expect.stringContaining('violence') as string;
  expect(last).toMatchObject({ event: 'run.failed', code: 'CONTENT_REFUSED', message });
  expect(calls()).toHaveLength(1);
});

test('7: a missing model leads to the next one, and the run reports it', async () => {
  stack.gateway.script('first', cases.modelDeprecated);
  stack.gateway.script('second', cases.normalStream);
  const played = await run();
  expect(played.text).toBe(CASE_TEXT);
  expect(played.has('turn.rerouted')).toMatchObject([{ from: 'first', to: 'second', reason: 'MODEL_NOT_FOUND' }]);
  expect(played.has('turn.completed')).toMatchObject([{ model: 'second' }]);
  expectCharged(played);
});

test('8: Retry-After is obeyed, and the wait is visible', async () => {
  stack.gateway.script('first', cases.retryAfterTwoSeconds);
  const played = await run();
  expect(played.text).toBe(CASE_TEXT);
  expect(secondsBetweenCalls()).toBeGreaterThanOrEqual(2);
  expect(secondsBetweenCalls()).toBeLessThan(3.5);
  expect(played.has('turn.waiting')).toMatchObject([{ reason: 'RATE_LIMITED' }]);
  expectCharged(played);
});

test('9: a reset time in epoch milliseconds is obeyed', async () => {
  stack.gateway.script('first', cases.resetInOneAndAHalfSeconds);
  expectCharged(await run());
  expect(secondsBetweenCalls()).toBeGreaterThanOrEqual(1.45);
});

test('10: a server error is retried by one layer only', async () => {
  stack.gateway.script('first', cases.serverErrorOnce);
  const played = await run();
  expect(played.text).toBe(CASE_TEXT);
  expect(calls()).toHaveLength(2);
  expect(calls().map(({ headers }) => headers['x-stainless-retry-count'])).toEqual(['0', '0']);
  expectCharged(played);
});

test('11: a model that stays unavailable leads to the next one', async () => {
  stack.gateway.script('first', cases.unavailableThreeTimes);
  stack.gateway.script('second', cases.normalStream);
  const played = await run();
  expect(played.text).toBe(CASE_TEXT);
  expect([calls('first').length, calls('second').length]).toEqual([3, 1]);
  expectCharged(played);
});

test('12: an HTML page is an error of the gateway, and nothing crashes', async () => {
  stack.gateway.script('first', cases.htmlBadGateway);
  const played = await run();
  expect(played.text).toBe(CASE_TEXT);
  expect(played.has('turn.waiting')).toMatchObject([{ reason: 'GATEWAY_UNAVAILABLE' }]);
  expectCharged(played);
});

test('13: a gateway that comes up three seconds late is waited for', async () => {
  const port = await freePort();
  const late = await createStack({ GATEWAY_URL: `http://127.0.0.1:${port}/v1` });
  const playing = play(late);
  await new Promise((resolve) => setTimeout(resolve, 3000));
  const gateway = await createScriptedGateway({ port });
  const { last } = await playing;
  expect(last.event).toBe('run.completed');
  expect(last.cost_usd).toBeCloseTo(gateway.calls()[0]?.costUsd ?? NaN, 9);
  await gateway.stop();
  await late.stop();
});

test('14: a silent gateway is abandoned after the first-token timeout, and the next model answers', async () => {
  stack.gateway.script('first', cases.hangBeforeHeaders);
  stack.gateway.script('second', cases.normalStream);
  const played = await play(stack);
  expect(played.text).toBe(CASE_TEXT);
  expect(played.has('turn.rerouted')).toMatchObject([{ from: 'first', to: 'second', reason: 'FIRST_TOKEN_TIMEOUT' }]);
  const [hung, answered] = [calls('first'), calls('second')];
  expect([hung.length, answered.length]).toEqual([1, 1]);
  expect(hung[0]?.endedBy).toBe('client-closed');
  const waited = (answered[0]?.at ?? NaN) - (hung[0]?.at ?? NaN);
  expect(waited).toBeGreaterThanOrEqual(1950);
  expect(waited).toBeLessThan(3500);
  // there is no generation id to query, and the prompt may have been read: that is booked, and marked as an estimate
  const [estimate, known] = [Number(played.last.cost_usd), answered[0]?.costUsd ?? NaN];
  expect(estimate).toBeGreaterThan(known);
  expect(estimate - known).toBeLessThan(1e-4);
  expect(played.has('turn.completed')).toMatchObject([{ cost_estimated: true }]);
});

test.each([
  ['15: an error chunk', cases.errorChunkAfterThreeTokens],
  ['16: a cut socket', cases.cutAfterThreeTokens],
])('%s in mid-stream: the model is told to continue, and nothing is published twice', async (_what, script) => {
  stack.gateway.script('first', script);
  const { frames, last, text, has } = await run();
  expect(text).toBe(CASE_TEXT);
  expect(has('turn.resumed')).toMatchObject([{ how: 'instruct', offset: 'A flock turns'.length }]);
  expect(frames.map(({ content }) => content).join('')).toBe(CASE_TEXT);
  expect(last.event).toBe('run.completed');
});

test('17: a cancel in mid-stream closes the upstream call within a second, and no other call is made', async () => {
  stack.gateway.script('first', cases.slowStream);
  let cancelledAt = Infinity;
  const { last } = await run({
    async meanwhile(runId) {
      await stack.gateway.waitFor(() => (calls()[0]?.tokensSent ?? 0) > 3, 15_000);
      cancelledAt = Date.now();
      expect((await post(`${stack.url}/runs/${runId}/cancel`, {})).status).toBe(202);
    },
  });
  expect(last).toMatchObject({ event: 'run.cancelled', code: 'CANCELLED', done: true });
  expect(calls()).toHaveLength(1);
  expect(calls()[0]?.endedBy).toBe('client-closed');
  expect((calls()[0]?.endedAt ?? Infinity) - cancelledAt).toBeLessThan(1000);
});

test('18: an answer cut off at the token limit is a success that reports it', async () => {
  stack.gateway.script('first', cases.lengthLimit);
  const played = await run();
  expect(played.has('turn.completed')).toMatchObject([{ truncated: true, finish_reason: 'length' }]);
  expectCharged(played);
});

test('19: a WebSocket that disconnects after the fifth event gets the sixth and all later ones once, and ends with the last', async () => {
  stack.gateway.script('first', [{ tokens: { count: 30 }, intervalMs: 50 }]);
  const ordered = await order(stack);
  const first = await Watcher.connect(stack.url);
  first.send({ run_id: ordered.runId, after: '0' });
  const place = (cursor?: string) => Number(cursor?.split('-')[1]);
  const fifth = await first.frame(({ cursor }) => place(cursor) === 5);
  first.close();
  const second = await Watcher.connect(stack.url);
  second.send({ run_id: ordered.runId, after: fifth.cursor });
  const last = await second.done(ordered.runId);
  second.close();
  expect(place(second.frames[0]?.cursor)).toBe(6);
  expect(last.event).toBe('run.completed');
  expect(second.frames[second.frames.length - 1]).toBe(last);
  // throws if a frame is missing or repeated
  const whole = foldFrames([...first.frames.slice(0, 5), ...second.frames]);
  expect(listTexts(whole).answer).toBe(calls()[0]?.textSent);
  expect(await agreedBooks(stack, ordered, calls)).toMatchObject({ estimated: 0 });
});

test('a gateway that needs a key and has none fails the run at once, and the sentence names the variable', async () => {
  const keyless = await createStack({ GATEWAYS: 'openrouter', OPENROUTER_BASE_URL: stack.gateway.url });
  const { body } = await post(`${keyless.url}/swarm/execute`, { swarm_id: 'debate-swarm', message: 'Go' });
  expect(body.error).toMatchObject({
    code: 'GATEWAY_KEY_MISSING',
    message: expect.stringContaining('OPENROUTER_API_KEY') as string,
  });
  expect(calls()).toEqual([]);
  await keyless.stop();
});

test('a complete answer counts even if the gateway never ends the stream', async () => {
  stack.gateway.script('first', quirks.openAfterDone);
  const { text, last } = await run();
  expect(last.event).toBe('run.completed');
  expect(text).toBe(CASE_TEXT);
  expect(calls()).toHaveLength(1);
});
