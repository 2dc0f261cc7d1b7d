// The log of the simulator: who ended a call and when, and what the gateway would have charged for it.
import { cases, createScriptedGateway, now, quirks, type ScriptedGateway } from './scripted-gateway';
import { createClient, post, QUESTION, stream } from './scripted-gateway-clients';

let gateway: ScriptedGateway;

beforeEach(async () => {
  gateway = await createScriptedGateway({
    models: { priced: { prompt: 1e-5, completion: 3e-5 } },
    requireKey: 'right',
  });
});
afterEach(() => gateway.stop());

const createRightClient = () => createClient(gateway.url, 'right');
const get = (path: string) => fetch(gateway.url + path, { headers: { authorization: 'Bearer right' } });

it('logs when the client left, and bills the tokens generated until then', async () => {
  gateway.script('priced', cases.slowStream);
  const abort = new AbortController();
  const seen = stream(createRightClient(), 'priced', { signal: abort.signal });
  const call = await gateway.waitFor(() => gateway.calls('priced').find(({ tokensSent }) => tokensSent >= 3));
  expect([gateway.open(), gateway.mostOpen()]).toEqual([1, 1]);
  const abortedAt = now();
  abort.abort();
  await gateway.waitFor(() => gateway.open() === 0);
  expect(call).toMatchObject({
    endedBy: 'client-closed',
    usage: { promptTokens: 6, completionTokens: call.tokensSent },
  });
  expect(call.endedAt).toBeGreaterThanOrEqual(abortedAt);
  expect(call.endedAt).toBeLessThan(abortedAt + 500);
  expect(call.costUsd).toBeCloseTo(6 * 1e-5 + call.tokensSent * 3e-5, 9);
  await seen;
  expect(call.tokensSent).toBeLessThan(200);
});

it('bills the whole reply if the provider continues after the client has left', async () => {
  gateway.script('m', quirks.goesOnAfterClose);
  const abort = new AbortController();
  const seen = stream(createRightClient(), 'm', { signal: abort.signal });
  await gateway.waitFor(() => gateway.calls('m')[0]?.tokensSent);
  abort.abort();
  await seen;
  const call = await gateway.waitFor(() => gateway.calls('m').find(({ endedBy }) => endedBy));
  expect(call).toMatchObject({ endedBy: 'client-closed', usage: { completionTokens: 40 } });
  expect(call.tokensSent).toBeLessThan(40);
});

it('bills the whole reply to a client that leaves a request without streaming', async () => {
  gateway.script('m', cases.slowStream);
  const abort = new AbortController();
  const { signal } = abort;
  const leaving = createRightClient().chat.completions.create({ model: 'm', messages: QUESTION }, { signal });
  const rejected = expect(leaving).rejects.toThrow();
  await gateway.waitFor(() => gateway.calls('m')[0]);
  abort.abort();
  await rejected;
  const call = await gateway.waitFor(() => gateway.calls('m').find(({ endedBy }) => endedBy));
  expect(call).toMatchObject({ status: 0, tokensSent: 0, usage: { completionTokens: 200 } });
});

it('takes fixed numbers from the script, but counts the generated tokens of a cut call', async () => {
  const fixed = { promptTokens: 10, completionTokens: 15, costUsd: 0.0012 };
  gateway.script('m', [fixed, { ...fixed, fault: { kind: 'cut', at: 2 } }]);
  expect((await stream(createRightClient(), 'm')).usages).toMatchObject([{ completion_tokens: 15, cost: 0.0012 }]);
  await stream(createRightClient(), 'm');
  expect(gateway.calls('m').map(({ costUsd, usage }) => [usage?.completionTokens, costUsd])).toEqual([
    [15, 0.0012],
    [2, 0.000014],
  ]);
});

it('returns a generation from the log', async () => {
  await stream(createRightClient(), 'm');
  const [call] = gateway.calls('m');
  expect(await (await get(`/generation?id=${call?.id}`)).json()).toMatchObject({
    data: { id: call?.id, total_cost: call?.costUsd, tokens_completion: 3, finish_reason: 'stop', cancelled: false },
  });
});

it('returns no generation that is open, or not indexed yet', async () => {
  const slow = await createScriptedGateway({ generationDelayMs: 60_000 });
  try {
    await stream(createClient(slow.url), 'm');
    expect((await fetch(`${slow.url}/generation?id=${slow.calls('m')[0]?.id}`)).status).toBe(404);
  } finally {
    await slow.stop();
  }
  gateway.script('m', cases.slowStream);
  const raw = await post(gateway.url, { model: 'm', stream: true }, { key: 'right' });
  const call = await gateway.waitFor(() => gateway.calls('m').find(({ tokensSent }) => tokensSent));
  expect((await get(`/generation?id=${call.id}`)).status).toBe(404);
  raw.socket.destroy();
  await gateway.waitFor(() => call.endedBy);
  expect(await (await get(`/generation?id=${call.id}`)).json()).toMatchObject({ data: { cancelled: true } });
});

it('returns the key and the models, or their scripted replies', async () => {
  await stream(createRightClient(), 'm');
  expect(await (await get('/key')).json()).toMatchObject({ data: { usage: gateway.calls('m')[0]?.costUsd } });
  expect(await (await get('/models')).json()).toMatchObject({
    data: [{ id: 'priced', pricing: { prompt: '0.0000100000', completion: '0.0000300000' } }],
  });
  gateway.scriptPath('/v1/key', { status: 429, wait: { ms: 1000, as: 'retry-after' } });
  expect((await get('/key')).headers.get('retry-after')).toBe('1');
});

it('requires the key, and uses no script for a call without it', async () => {
  gateway.script('m', { tokens: ['in'] });
  expect((await stream(createClient(gateway.url, 'wrong'), 'm')).error).toMatchObject({ status: 401, code: 401 });
  expect((await stream(createRightClient(), 'm')).text).toBe('in');
  expect((await fetch(`${gateway.url}/models`)).status).toBe(200);
  expect(gateway.calls('m').map(({ status }) => status)).toEqual([401, 200]);
});

it('reports the log when a wait times out', async () => {
  await stream(createRightClient(), 'm');
  await expect(gateway.waitFor(() => gateway.calls('m')[1], 50)).rejects.toThrow(/m status 200 tokens 3 completed/);
});
