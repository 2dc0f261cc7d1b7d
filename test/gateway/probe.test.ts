/** The probe finds out whether a gateway is reachable and accepts the key, at no cost. */
import type { FailureCode } from '../../src/contract';
import { createCallHealth } from '../../src/gateway/call-health';
import type { ChatCall, ChatResult } from '../../src/gateway/chat';
import { connectCompatible } from '../../src/gateway/adapters/compatible';
import { connectOpenRouter } from '../../src/gateway/adapters/openrouter';
import { connectPortkey } from '../../src/gateway/adapters/portkey';
import { GatewayFailure } from '../../src/gateway/failures';
import { probe } from '../../src/gateway/probe';
import { endpointAt } from '../support/endpoints';
import { createScriptedGateway, type ScriptedGateway } from '../support/scripted-gateway';

let gateway: ScriptedGateway;

beforeAll(async () => {
  gateway = await createScriptedGateway({ requireKey: 'good-key' });
});
afterEach(() => gateway.reset());
afterAll(() => gateway.stop());

it('reports OpenRouter as ok if it accepts the key, without calling a model', async () => {
  const result = await probe(connectOpenRouter({ apiKey: 'good-key', baseUrl: gateway.url }));
  expect(result).toEqual({ gateway: 'openrouter', ok: true, key: 'proven' });
  expect(gateway.requests.map(({ method, path }) => `${method} ${path}`)).toEqual(['GET /v1/key']);
});

it('reports a rejected key', async () => {
  const result = await probe(connectOpenRouter({ apiKey: 'bad-key', baseUrl: gateway.url }));
  expect(result).toEqual({ gateway: 'openrouter', ok: false, problem: expect.stringContaining('401') });
});

it('reports a missing key without a request, and names the variable', async () => {
  const result = await probe(connectOpenRouter({ apiKey: undefined, baseUrl: gateway.url }));
  expect(result).toMatchObject({ ok: false, problem: expect.stringContaining('OPENROUTER_API_KEY') });
  expect(gateway.requests).toHaveLength(0);
});

it('reports an unreachable gateway', async () => {
  const gone = await createScriptedGateway();
  await gone.stop();
  const result = await probe(endpointAt(gone.url));
  expect(result).toMatchObject({ ok: false, problem: expect.stringContaining(gone.url) });
});

it('reports a gateway that answers with an error', async () => {
  gateway.scriptPath('/v1/models', { status: 503 });
  const result = await probe(connectCompatible({ apiKey: 'good-key', baseUrl: gateway.url }));
  expect(result).toMatchObject({ gateway: 'gateway', ok: false, problem: expect.stringContaining('503') });
});

it('calls the right path if the base URL ends with a slash', async () => {
  const result = await probe(connectCompatible({ apiKey: 'good-key', baseUrl: `${gateway.url}/` }));
  expect(result.ok).toBe(true);
  expect(gateway.requests.map(({ path }) => path)).toEqual(['/v1/models']);
});

it('sends no Authorization if there is no key', async () => {
  await probe(connectCompatible({ apiKey: undefined, baseUrl: gateway.url }));
  expect(gateway.requests[0]?.headers).not.toHaveProperty('authorization');
});

it('sends Portkey the headers that a call would have', async () => {
  const none = { config: undefined, virtualKey: undefined, provider: undefined, providerKey: undefined };
  await probe(connectPortkey({ apiKey: 'pk-1', baseUrl: gateway.url, ...none }));
  expect(gateway.requests[0]?.headers).toMatchObject({ 'x-portkey-api-key': 'pk-1' });
  expect(gateway.requests[0]?.headers).not.toHaveProperty('authorization');
});

describe('a gateway without a path that verifies the key', () => {
  it.each([404, 405, 501, 400, 429])('that answers %i counts as reachable', async (status) => {
    gateway.scriptPath('/v1/models', { status });
    const result = await probe(connectCompatible({ apiKey: 'good-key', baseUrl: gateway.url }));
    expect(result).toEqual({ gateway: 'gateway', ok: true, key: 'unproven' });
  });

  it('is not ok while calls report a rejected key, for some minutes', async () => {
    gateway.scriptPath('/v1/models', { status: 404 });
    const endpoint = connectCompatible({ apiKey: 'bad-key', baseUrl: gateway.url });
    const refused = { outcome: 'refused', message: 'It answered 401.' } as const;
    expect(await probe(endpoint, { ...refused, at: Date.now() })).toMatchObject({
      ok: false,
      problem: refused.message,
    });
    expect(await probe(endpoint, { ...refused, at: Date.now() - 3_600_000 })).toMatchObject({ ok: true });
  });
});

describe('a call', () => {
  const callHealth = () => createCallHealth();

  it.each([401, 403, 500, 503])('that is answered takes precedence over a probe that gets %i', async (status) => {
    const health = callHealth();
    const endpoint = connectCompatible({ apiKey: 'good-key', baseUrl: gateway.url });
    gateway.scriptPath('/v1/models', { status });
    expect(await probe(endpoint, health.lastCall('gateway'))).toMatchObject({ ok: false });
    await health.watch(() => Promise.resolve({} as ChatResult))({ endpoint } as ChatCall);
    expect(await probe(endpoint, health.lastCall('gateway'))).toEqual({ gateway: 'gateway', ok: true, key: 'proven' });
  });

  it('that fails afterwards lets the probe count again, and one that says nothing about the gateway does not', async () => {
    const health = callHealth();
    const endpoint = connectCompatible({ apiKey: 'good-key', baseUrl: gateway.url });
    const failWith = (code: FailureCode) =>
      health
        .watch(() => Promise.reject(new GatewayFailure(code, 'No.', { action: 'fail' }, undefined)))({
          endpoint,
        } as ChatCall)
        .catch(() => undefined);
    gateway.scriptPath('/v1/models', { status: 503 });
    await health.watch(() => Promise.resolve({} as ChatResult))({ endpoint } as ChatCall);
    await failWith('CONTENT_REFUSED');
    expect((await probe(endpoint, health.lastCall('gateway'))).ok).toBe(true);
    await failWith('GATEWAY_UNAVAILABLE');
    expect((await probe(endpoint, health.lastCall('gateway'))).ok).toBe(false);
  });

  it('that was answered long ago says nothing about an unreachable gateway', async () => {
    const gone = await createScriptedGateway();
    await gone.stop();
    const answered = { outcome: 'answered', message: '' } as const;
    expect((await probe(endpointAt(gone.url), { ...answered, at: Date.now() })).ok).toBe(true);
    expect((await probe(endpointAt(gone.url), { ...answered, at: Date.now() - 60_000 })).ok).toBe(false);
  });
});

it('reports a web page in place of the model list, and names the address without a login', async () => {
  gateway.scriptPath('/v1/models', { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>' });
  const baseUrl = gateway.url.replace('://', '://user:secret@');
  const { ok, problem } = await probe({ ...connectCompatible({ apiKey: undefined, baseUrl: gateway.url }), baseUrl });
  expect(ok).toBe(false);
  expect(problem).not.toContain('secret');
});
