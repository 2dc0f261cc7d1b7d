/** The public simulator cases, through the whole product: request in, frames out, and the gateway's own log. */
import { cases, CASE_TEXT, createScriptedGateway, quirks } from '../support/scripted-gateway';
import { freePort } from '../support/processes';
import { createStack, type Stack } from '../support/stack';
import { collectSse, foldFrames, post, textsOf, type AnyFrame } from '../support/readers';

let stack: Stack;
beforeAll(async () => (stack = await createStack({ MODEL_FAST: 'first,second' })), 60_000);
afterAll(() => stack.stop());
beforeEach(() => stack.gateway.reset());

async function run(): Promise<{ frames: AnyFrame[]; last: AnyFrame; text: string | undefined }> {
  const body = JSON.stringify({ swarm_id: 'one-voice', message: 'Go', stream: true });
  const frames = await collectSse(`${stack.url}/swarm/execute`, { method: 'POST', body });
  return { frames, last: frames[frames.length - 1]!, text: textsOf(foldFrames(frames)).answer };
}

const calls = (model?: string) => stack.gateway.calls(model);
const has = (frames: AnyFrame[], event: string) => frames.filter((frame) => frame.event === event);

test('1: a normal stream gives text, usage, cost and the generation id', async () => {
  stack.gateway.script('first', cases.normalStream);
  const { body } = await post(`${stack.url}/swarm/execute`, { swarm_id: 'one-voice', message: 'Go' });
  const call = await stack.gateway.waitFor(() => calls().find(({ usage }) => usage));
  expect(body.responses).toEqual([CASE_TEXT]);
  expect(body.turns[0].usage).toMatchObject({ completion_tokens: call.usage?.completionTokens });
  expect(body.turns[0].cost_usd).toBeCloseTo(call.costUsd ?? NaN, 9);
  expect(body.turns[0].generation_id).toBe(call.id);
});

test('2: usage beside an empty delta counts once', async () => {
  stack.gateway.script('first', cases.usageInEmptyDelta);
  const { last } = await run();
  const call = await stack.gateway.waitFor(() => calls().find(({ usage }) => usage));
  expect(last.usage).toMatchObject({ completion_tokens: call.usage?.completionTokens });
});

test('3: a caller who wants one reply gets it, though the gateway is always asked to stream', async () => {
  stack.gateway.script('first', cases.normalBody);
  const { body } = await post(`${stack.url}/swarm/execute`, { swarm_id: 'one-voice', message: 'Go' });
  expect(body.responses).toEqual([CASE_TEXT]);
  expect(calls()[0]?.body).toMatchObject({ stream: true });
});

test('4: a wrong key fails the run after one call, and the sentence names the variable', async () => {
  stack.gateway.script('first', cases.invalidKey);
  const { status, body } = await post(`${stack.url}/swarm/execute`, { swarm_id: 'one-voice', message: 'Go' });
  expect([status, body.error.code, body.status]).toEqual([502, 'GATEWAY_KEY_REFUSED', 'failed']);
  expect(body.error.message).toContain('GATEWAY_API_KEY');
  expect(calls()).toHaveLength(1);
});

test('5: an account without credit fails the run after one call', async () => {
  stack.gateway.script('first', cases.creditsExhausted);
  const { last } = await run();
  expect(last).toMatchObject({ event: 'run.failed', done: true, code: 'GATEWAY_CREDIT_EXHAUSTED' });
  expect(calls()).toHaveLength(1);
});

test('6: a moderated prompt is not tried again, and the reasons are visible', async () => {
  stack.gateway.script('first', cases.moderated);
  const { last } = await run();
  expect(last).toMatchObject({
    event: 'run.failed',
    code: 'CONTENT_REFUSED',
    message: expect.stringContaining('violence') as string,
  });
  expect(calls()).toHaveLength(1);
});

test('7: a model that is gone passes the turn on, and the run says so', async () => {
  stack.gateway.script('first', cases.modelDeprecated);
  stack.gateway.script('second', cases.normalStream);
  const { frames, text } = await run();
  expect(text).toBe(CASE_TEXT);
  expect(has(frames, 'turn.rerouted')).toMatchObject([{ from: 'first', to: 'second', reason: 'MODEL_NOT_FOUND' }]);
  expect(has(frames, 'turn.completed')).toMatchObject([{ model: 'second' }]);
});

test('8: Retry-After is kept to, and the wait is visible', async () => {
  stack.gateway.script('first', cases.retryAfterTwoSeconds);
  const { frames, text } = await run();
  const [one, two] = calls('first');
  expect(text).toBe(CASE_TEXT);
  expect((two?.at ?? 0) - (one?.at ?? 0)).toBeGreaterThanOrEqual(2000);
  expect((two?.at ?? 0) - (one?.at ?? 0)).toBeLessThan(3500);
  expect(has(frames, 'turn.waiting')).toMatchObject([{ reason: 'RATE_LIMITED' }]);
});

test('9: a reset time in epoch milliseconds is kept to', async () => {
  stack.gateway.script('first', cases.resetInOneAndAHalfSeconds);
  await run();
  const [one, two] = calls('first');
  expect((two?.at ?? 0) - (one?.at ?? 0)).toBeGreaterThanOrEqual(1450);
});

test('10: a server error is tried again by one layer only', async () => {
  stack.gateway.script('first', cases.serverErrorOnce);
  const { text } = await run();
  expect(text).toBe(CASE_TEXT);
  expect(calls()).toHaveLength(2);
  expect(calls().map(({ headers }) => headers['x-stainless-retry-count'])).toEqual(['0', '0']);
});

test('11: a model that stays unavailable passes the turn on', async () => {
  stack.gateway.script('first', cases.unavailableThreeTimes);
  stack.gateway.script('second', cases.normalStream);
  const { text } = await run();
  expect(text).toBe(CASE_TEXT);
  expect([calls('first').length, calls('second').length]).toEqual([3, 1]);
});

test('12: an HTML page is an error of the gateway, and nothing crashes', async () => {
  stack.gateway.script('first', cases.htmlBadGateway);
  const { frames, text } = await run();
  expect(text).toBe(CASE_TEXT);
  expect(has(frames, 'turn.waiting')).toMatchObject([{ reason: 'GATEWAY_UNAVAILABLE' }]);
});

test.each([
  ['15: an error chunk', cases.errorChunkAfterThreeTokens],
  ['16: a cut socket', cases.cutAfterThreeTokens],
])('%s in mid-stream: the model is told to go on, and nothing is shown twice', async (_what, script) => {
  stack.gateway.script('first', script);
  const { frames, last, text } = await run();
  expect(text).toBe(CASE_TEXT);
  expect(has(frames, 'turn.resumed')).toMatchObject([{ how: 'instruct', offset: 'A flock turns'.length }]);
  expect(frames.map(({ content }) => content).join('')).toBe(CASE_TEXT);
  expect(last.event).toBe('run.completed');
});

test('18: an answer that hit the token limit is a success that says so', async () => {
  stack.gateway.script('first', cases.lengthLimit);
  const { frames } = await run();
  expect(has(frames, 'turn.completed')).toMatchObject([{ truncated: true, finish_reason: 'length' }]);
});

test('13: a gateway that comes up three seconds late is waited for', async () => {
  const port = await freePort();
  const late = await createStack({ GATEWAY_URL: `http://127.0.0.1:${port}/v1` });
  const answer = post(`${late.url}/swarm/execute`, { swarm_id: 'one-voice', message: 'Go' });
  await new Promise((resolve) => setTimeout(resolve, 3000));
  const gateway = await createScriptedGateway({ port });
  expect((await answer).body.status).toBe('complete');
  await gateway.stop();
  await late.stop();
}, 40_000);

test('a gateway that needs a key and has none fails the run at once, and the sentence names the variable', async () => {
  const keyless = await createStack({ GATEWAYS: 'openrouter', OPENROUTER_BASE_URL: stack.gateway.url });
  const { body } = await post(`${keyless.url}/swarm/execute`, { swarm_id: 'debate-swarm', message: 'Go' });
  expect(body.error).toMatchObject({
    code: 'GATEWAY_KEY_MISSING',
    message: expect.stringContaining('OPENROUTER_API_KEY') as string,
  });
  expect(calls()).toEqual([]);
  await keyless.stop();
}, 40_000);

test('an answer that is complete counts, though the gateway never ends the stream', async () => {
  stack.gateway.script('first', quirks.openAfterDone);
  const { text, last } = await run();
  expect(last.event).toBe('run.completed');
  expect(text).toBe(CASE_TEXT);
  expect(calls()).toHaveLength(1);
});
