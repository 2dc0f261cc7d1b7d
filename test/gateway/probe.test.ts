/** The probe tells whether a gateway is there and takes the key, and spends nothing to find out. */
import { compatible } from '../../src/gateway/endpoints/compatible';
import { openrouter } from '../../src/gateway/endpoints/openrouter';
import { portkey } from '../../src/gateway/endpoints/portkey';
import { probe } from '../../src/gateway/probe';
import { endpointAt } from '../support/endpoints';
import { createScriptedGateway, type ScriptedGateway } from '../support/scripted-gateway';

let gateway: ScriptedGateway;

beforeAll(async () => {
  gateway = await createScriptedGateway({ requireKey: 'good-key' });
});
afterEach(() => gateway.reset());
afterAll(() => gateway.stop());

it('finds OpenRouter well when it takes the key, without asking a model', async () => {
  const result = await probe(openrouter({ apiKey: 'good-key', baseUrl: gateway.url }));
  expect(result).toEqual({ gateway: 'openrouter', ok: true });
  expect(gateway.requests.map(({ method, path }) => `${method} ${path}`)).toEqual(['GET /v1/key']);
});

it('finds that a key is refused', async () => {
  const result = await probe(openrouter({ apiKey: 'bad-key', baseUrl: gateway.url }));
  expect(result).toEqual({ gateway: 'openrouter', ok: false, problem: expect.stringContaining('401') });
});

it('finds that a key is missing without a request, and names the variable', async () => {
  const result = await probe(openrouter({ apiKey: undefined, baseUrl: gateway.url }));
  expect(result).toMatchObject({ ok: false, problem: expect.stringContaining('OPENROUTER_API_KEY') });
  expect(gateway.requests).toHaveLength(0);
});

it('finds that nobody is there', async () => {
  const gone = await createScriptedGateway();
  await gone.stop();
  const result = await probe(endpointAt(gone.url));
  expect(result).toMatchObject({ ok: false, problem: expect.stringContaining(gone.url) });
});

it('finds that a gateway answers, but not well', async () => {
  gateway.scriptPath('/v1/models', { status: 503 });
  const result = await probe(compatible({ apiKey: 'good-key', baseUrl: gateway.url }));
  expect(result).toMatchObject({ gateway: 'gateway', ok: false, problem: expect.stringContaining('503') });
});

it('asks at the right path when the base URL ends with a slash', async () => {
  const result = await probe(compatible({ apiKey: 'good-key', baseUrl: `${gateway.url}/` }));
  expect(result.ok).toBe(true);
  expect(gateway.requests.map(({ path }) => path)).toEqual(['/v1/models']);
});

it('sends no Authorization where there is no key', async () => {
  await probe(compatible({ apiKey: undefined, baseUrl: gateway.url }));
  expect(gateway.requests[0]?.headers).not.toHaveProperty('authorization');
});

it('shows Portkey the headers that a call would have', async () => {
  const none = { config: undefined, virtualKey: undefined, provider: undefined, providerKey: undefined };
  await probe(portkey({ apiKey: 'pk-1', baseUrl: gateway.url, ...none }));
  expect(gateway.requests[0]?.headers).toMatchObject({ 'x-portkey-api-key': 'pk-1' });
  expect(gateway.requests[0]?.headers).not.toHaveProperty('authorization');
});
