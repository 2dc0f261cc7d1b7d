/** The open-source Portkey gateway as a real process between the product and the scripted upstreams. */
import { createRequire } from 'node:module';
import { cases, CASE_TEXT, createScriptedGateway, type ScriptedGateway } from '../support/scripted-gateway';
import { freePort, listening, start, type Running } from '../support/processes';
import { createStack, until, type Stack } from '../support/stack';
import { agreedBooks, play } from '../support/played-run';
import { collectSse, get, post, listTexts, foldFrames, type AnyFrame } from '../support/readers';

let stack: Stack;
let portkey: Running;
let second: ScriptedGateway;

const SERVER = createRequire(__filename).resolve('@portkey-ai/gateway/build/start-server.js');

beforeAll(async () => {
  const port = await freePort();
  [portkey, second] = [
    start(process.execPath, [SERVER, '--headless', `--port=${port}`]),
    await createScriptedGateway(),
  ];
  await listening(port);
  stack = await createStack(
    {
      GATEWAYS: 'portkey',
      PORTKEY_API_KEY: 'portkey-key',
      PORTKEY_BASE_URL: `http://127.0.0.1:${port}/v1`,
      MODEL_FAST: 'first',
      // the scripted gateways' default price of a million tokens
      PRICES: JSON.stringify({ first: { input: 1, output: 2 } }),
    },
    ({ url }) => ({
      PORTKEY_CONFIG: JSON.stringify({
        strategy: { mode: 'fallback', on_status_codes: [500] },
        targets: [url, second.url].map((custom_host) => ({ provider: 'openai', api_key: 'none', custom_host })),
      }),
    }),
  );
});
afterAll(async () => {
  await stack.stop();
  await portkey.stop();
  await second.stop();
});
beforeEach(() => {
  stack.gateway.reset();
  second.reset();
});

async function run(): Promise<{ frames: AnyFrame[]; text: string | undefined }> {
  const body = JSON.stringify({ swarm_id: 'one-voice', message: 'Go', stream: true });
  const frames = await collectSse(`${stack.url}/swarm/execute`, { method: 'POST', body });
  return { frames, text: listTexts(foldFrames(frames)).answer };
}
const has = (frames: AnyFrame[], event: string) => frames.filter((frame) => frame.event === event);

test('1: a normal stream passes through it', async () => {
  stack.gateway.script('first', cases.normalStream);
  const { text, frames } = await run();
  expect(text).toBe(CASE_TEXT);
  expect(has(frames, 'turn.completed')).toMatchObject([{ gateway: 'portkey', gateway_option: 'config.targets[0]' }]);
});

test('20: its own fallback answers, and the run records which target it used', async () => {
  stack.gateway.script('first', cases.serverErrorForever.slice(0, 1));
  second.script('first', cases.normalStream);
  const played = await play(stack);
  expect(played.text).toBe(CASE_TEXT);
  expect(played.has('turn.completed')).toMatchObject([{ gateway_option: 'config.targets[1]', attempts: 1 }]);
  const calls = () => [stack.gateway, second].flatMap((gateway) => gateway.calls('first'));
  expect(calls().map(({ status }) => status)).toEqual([500, 200]);
  expect(await agreedBooks(stack, played, calls)).toMatchObject({ estimated: 0, unpriced: 0 });
  expect(played.last.cost_usd).toBeCloseTo(second.calls('first')[0]?.costUsd ?? NaN, 9);
});

test('8: Retry-After passes through it and is obeyed', async () => {
  stack.gateway.script('first', cases.retryAfterTwoSeconds);
  const { text } = await run();
  expect(text).toBe(CASE_TEXT);
  const [one, two] = stack.gateway.calls('first');
  expect((two?.at ?? 0) - (one?.at ?? 0)).toBeGreaterThanOrEqual(2000);
});

test('16: a crash of the upstream, which it reports as a normal end, is detected and the turn is retried', async () => {
  stack.gateway.script('first', cases.cutAfterThreeTokens);
  const { text, frames } = await run();
  expect(text).toBe(CASE_TEXT);
  expect(has(frames, 'turn.waiting')).toMatchObject([{ reason: 'STREAM_CUT' }]);
  expect(stack.gateway.calls('first')).toHaveLength(2);
});

test('12: its error for an upstream that returns an HTML page is understood', async () => {
  stack.gateway.script('first', cases.htmlBadGateway);
  const { text, frames } = await run();
  expect(text).toBe(CASE_TEXT);
  expect(has(frames, 'turn.waiting')).toMatchObject([{ reason: 'GATEWAY_UNAVAILABLE' }]);
});

test('17: a cancelled run ends though it keeps the upstream call open, and is charged the whole estimate', async () => {
  stack.gateway.script('first', cases.slowStream);
  const { body } = await post(`${stack.url}/swarm/execute`, { swarm_id: 'one-voice', message: 'Go', wait: false });
  await stack.gateway.waitFor(() => (stack.gateway.calls('first')[0]?.tokensSent ?? 0) > 3, 15_000);
  await post(`${stack.url}/runs/${body.run_id}/cancel`, {});
  const ended = await until(async () => {
    const { body: run } = await get(`${stack.url}/runs/${body.run_id}`);
    return run.status === 'cancelled' ? run : undefined;
  });
  expect(ended.turns[0]).toMatchObject({ status: 'failed', failure: { code: 'CANCELLED' } });
  expect(stack.gateway.open()).toBe(1);
});
