import { once } from 'node:events';
import { request } from 'node:http';
import { createEngine, type ModelEngine } from '../../src/local-model/engine';
import { sendRaw, toRequest } from '../support/raw-http';
import { post } from './openai-client';
import { createScriptedModel } from './scripted-model';
import { ASK, closeServers, serve, serveEngine, STORY } from './served-model';

afterEach(closeServers);

async function refusal(response: Response) {
  return { status: response.status, ...((await response.json()) as { error: Record<string, unknown> }) };
}

test.each([
  ['{', null],
  ['[]', null],
  [JSON.stringify({ model: 'tiny' }), 'messages'],
  [JSON.stringify({ ...ASK, messages: [] }), 'messages'],
  [JSON.stringify({ ...ASK, model: 7 }), 'model'],
  [JSON.stringify({ ...ASK, messages: [{ role: 'wizard', content: '' }] }), 'messages[0].role'],
  [JSON.stringify({ ...ASK, messages: [{ role: 'user', content: 7 }] }), 'messages[0].content'],
  [JSON.stringify({ ...ASK, temperature: 'hot' }), 'temperature'],
  [JSON.stringify({ ...ASK, max_tokens: 0 }), 'max_tokens'],
  [JSON.stringify({ ...ASK, stream_options: { include_usage: 1 } }), 'stream_options.include_usage'],
])('a request is rejected for %s: 400 that names the field', async (body, param) => {
  const { url } = await serve();
  expect(await refusal(await post(url, body))).toEqual({
    status: 400,
    error: { message: expect.any(String) as string, type: 'invalid_request_error', param, code: 'invalid_request' },
  });
});

test('a request for an unknown model is rejected: 404', async () => {
  const { url } = await serve();
  expect(await refusal(await post(url, { ...ASK, model: 'huge' }))).toMatchObject({
    status: 404,
    error: { type: 'invalid_request_error', code: 'model_not_found' },
  });
});

test('a request longer than the context is rejected: 400, also for a stream', async () => {
  const { url } = await serve({ contextLength: 20 });
  expect(await refusal(await post(url, { ...ASK, stream: true }))).toMatchObject({
    status: 400,
    error: { code: 'context_length_exceeded', param: 'messages' },
  });
});

test('a request with too large a body is rejected: 413, announced or not', async () => {
  const { url } = await serve();
  const megabytes = Buffer.alloc(17 * 1024 * 1024, ' ');
  for (const headers of [{ 'content-length': megabytes.length }, { 'transfer-encoding': 'chunked' }]) {
    const outgoing = request(`${url}/v1/chat/completions`, { method: 'POST', headers });
    outgoing.on('error', () => undefined).end(megabytes);
    const [response] = (await once(outgoing, 'response')) as [{ statusCode: number }];
    expect(response.statusCode).toBe(413);
    outgoing.destroy();
  }
});

test('a request to an unknown path is rejected: 404, with a wrong method: 405', async () => {
  const { url } = await serve();
  expect((await fetch(`${url}/v1/embeddings`)).status).toBe(404);
  const wrongMethod = await fetch(`${url}/v1/chat/completions`);
  expect([wrongMethod.status, wrongMethod.headers.get('allow')]).toEqual([405, 'POST']);
});

test('a request waits while the model loads, and the health check reports it: 503 with Retry-After', async () => {
  let finishLoading: (engine: ModelEngine) => void = () => undefined;
  const url = await serveEngine(new Promise((resolve) => (finishLoading = resolve)));
  const early = post(url, ASK);
  const health = await fetch(`${url}/health`);
  expect(health.headers.get('retry-after')).toBe('1');
  const loading = { code: 503, message: 'Loading model', type: 'unavailable_error' };
  expect(await refusal(health)).toEqual({ status: 503, error: loading });
  finishLoading(createEngine(createScriptedModel({ answer: () => STORY })));
  expect((await early).status).toBe(200);
  expect((await fetch(`${url}/health`)).status).toBe(200);
});

test('a request for a model that cannot be loaded is rejected: 503', async () => {
  const url = await serveEngine(Promise.reject(new Error('No such file.')));
  const error = { code: 503, message: 'The model could not be loaded.', type: 'unavailable_error' };
  expect(await refusal(await post(url, ASK))).toEqual({ status: 503, error });
});

test('a request is rejected if the queue is full: 429 with Retry-After', async () => {
  const { url, model } = await serve({ slots: 1, answer: () => 'x'.repeat(3_000) }, 1);
  const leave = new AbortController();
  const running = await post(url, { ...ASK, stream: true }, leave.signal);
  const queued = await post(url, { ...ASK, stream: true }, leave.signal);
  const refused = await post(url, ASK);
  expect(refused.headers.get('retry-after')).toBe('5');
  expect(await refusal(refused)).toMatchObject({ status: 429, error: { code: 'rate_limit_exceeded' } });
  expect([running.status, queued.status, model.seen.mostAtOnce]).toEqual([200, 200, 1]);
  leave.abort();
});

test('a web page of another origin or host name cannot use the model: 403', async () => {
  const { url, model } = await serve();
  const ask = (headers: Record<string, string>) =>
    sendRaw(url, toRequest('POST /v1/chat/completions', { Host: new URL(url).host, ...headers }, JSON.stringify(ASK)));
  for (const headers of [{ Host: 'evil.test' }, { Origin: 'https://evil.test' }, { Origin: 'null' }]) {
    const reply = await ask({ 'Content-Type': 'text/plain', ...headers });
    const { error } = JSON.parse(reply.text) as { error: { type: string; code: string } };
    expect([reply.status, error.type]).toEqual([403, 'permission_error']);
  }
  expect((await ask({ 'Sec-Fetch-Site': 'cross-site' })).status).toBe(403);
  expect((await sendRaw(url, toRequest('GET /v1/models', { Host: 'evil.test' }))).status).toBe(403);
  expect(model.seen.mostAtOnce).toBe(0);
  expect((await ask({})).status).toBe(200);
});
