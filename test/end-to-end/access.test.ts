/** A web page in a browser on this machine cannot use the API, unless its origin is allowed. */
import { randomUUID } from 'node:crypto';
import WebSocket from 'ws';
import { freePort } from '../support/processes';
import { sendRaw, toRequest } from '../support/raw-http';
import { get, post } from '../support/readers';
import { createStack, until, type Stack } from '../support/stack';

const KEY = 'a-long-enough-key';
let stack: Stack;
let keyed: Stack;
let own: string;
let secondUrl: string;
beforeAll(async () => {
  const second = await freePort();
  [stack, keyed] = await Promise.all([
    createStack({ PORT_MCP: String(second), CORS_ORIGINS: 'http://localhost:3000', ALLOWED_HOSTS: 'swarm.test' }),
    createStack({ API_KEYS: `me:${KEY}` }),
  ]);
  own = new URL(stack.url).host;
  secondUrl = `http://127.0.0.1:${second}`;
});
afterAll(async () => {
  await stack.stop();
  await keyed.stop();
});

const RUN = JSON.stringify({ swarm_id: 'one-voice', message: 'Hi', session_id: 'mine', wait: false });
const TOOLS = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' });
const JSON_BODY = { 'Content-Type': 'application/json', Accept: 'application/json, text/event-stream' };
const readCode = (text: string) => (JSON.parse(text) as { error: { code: string } }).error.code;

/** Requests that start, read or delete something, or return information about the service. */
const REQUESTS: [start: string, body: string][] = [
  ['POST /swarm/execute', RUN],
  ['POST /swarm/coordinate', RUN],
  ['POST /swarms/multi', RUN],
  ['POST /teams/run', RUN],
  ['POST /v1/chat/completions', RUN],
  ['POST /mcp', TOOLS],
  ['GET /runs', ''],
  ['GET /sessions/mine', ''],
  ['DELETE /sessions/mine', ''],
  ['GET /healthz', ''],
  ['GET /readyz', ''],
  ['GET /metrics', ''],
  ['GET /openapi.json', ''],
  ['GET /dashboard', ''],
  ['GET /nothing/here', ''],
  ['OPTIONS /swarm/execute', ''],
];

describe('without keys', () => {
  test.each(REQUESTS)('%s requires a Host of this machine, on each port', async (start, body) => {
    for (const [url, host] of [stack.url, secondUrl].flatMap((at) =>
      ['evil.test', '127.1', 'localhost.'].map((name) => [at, name] as const),
    )) {
      const reply = await sendRaw(url, toRequest(start, { Host: `${host}:${new URL(url).port}`, ...JSON_BODY }, body));
      expect([reply.status, readCode(reply.text)]).toEqual([403, 'FORBIDDEN_HOST']);
      expect(reply.text).toContain('ALLOWED_HOSTS');
    }
  });

  test.each(REQUESTS)('%s is refused for pages of other origins', async (start, body) => {
    for (const origin of ['https://evil.test', 'null', 'http://localhost:3001']) {
      const reply = await sendRaw(stack.url, toRequest(start, { Host: own, Origin: origin, ...JSON_BODY }, body));
      expect([reply.status, readCode(reply.text)]).toEqual([403, 'FORBIDDEN_ORIGIN']);
      expect(reply.text).toContain('CORS_ORIGINS');
      expect(reply.headers).not.toHaveProperty('access-control-allow-origin');
    }
  });

  test.each([
    ['text/plain', RUN],
    ['application/x-www-form-urlencoded', RUN],
    ['multipart/form-data; boundary=x', RUN],
    ['', RUN],
  ])('a body of type %j from a foreign page starts nothing', async (type, body) => {
    const headers = { Host: own, Origin: 'https://evil.test', ...(type ? { 'Content-Type': type } : {}) };
    expect((await sendRaw(stack.url, toRequest('POST /swarm/execute', headers, body))).status).toBe(403);
  });

  test('a preflight of another origin, or to another host, gets no permission', async () => {
    const ask = (host: string, origin: string) =>
      sendRaw(
        stack.url,
        toRequest('OPTIONS /sessions/mine', { Host: host, Origin: origin, 'Access-Control-Request-Method': 'DELETE' }),
      );
    expect((await ask(own, 'http://localhost:3000')).headers['access-control-allow-origin']).toBe(
      'http://localhost:3000',
    );
    for (const reply of [await ask(own, 'https://evil.test'), await ask('evil.test', 'http://localhost:3000')]) {
      expect(reply.status).toBe(403);
      expect(reply.headers).not.toHaveProperty('access-control-allow-origin');
    }
  });

  test('a request caused by a page of another site without an Origin header is refused', async () => {
    const reply = await get(`${stack.url}/runs`, { 'sec-fetch-site': 'cross-site' });
    expect([reply.status, reply.body.error.code]).toEqual([403, 'FORBIDDEN_ORIGIN']);
    // this HTTP client sets these headers itself
    const link = { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document' };
    for (const path of ['/', '/dashboard', '/dashboard/runs/x', '/docs'])
      expect((await sendRaw(stack.url, toRequest(`GET ${path}`, { Host: own, ...link }))).status).toBeLessThan(400);
    for (const path of ['/runs', '/healthz', '/dashboardx', '/docs/x'])
      expect((await sendRaw(stack.url, toRequest(`GET ${path}`, { Host: own, ...link }))).status).toBe(403);
  });

  test('the API itself, allowed origins and allowed hosts are served', async () => {
    for (const headers of [{ Origin: stack.url }, { Origin: 'http://localhost:3000' }, {}]) {
      const reply = await sendRaw(stack.url, toRequest('GET /swarms', { Host: own, ...headers }));
      expect(reply.status).toBe(200);
    }
    expect((await sendRaw(stack.url, toRequest('GET /swarms', { Host: 'swarm.test' }))).status).toBe(200);
    expect(
      (await sendRaw(secondUrl, toRequest('POST /mcp', { Host: 'localhost', ...JSON_BODY }, TOOLS))).text,
    ).toContain('one-voice');
    // an earlier front end avoids the preflight
    const headers = { Host: own, Origin: 'http://localhost:3000', 'Content-Type': 'text/plain' };
    expect(
      (await sendRaw(stack.url, toRequest('POST /swarm/execute', headers, '{"swarm_id":"nope","message":"Hi"}')))
        .status,
    ).toBe(404);
  });

  test.each(['/ws/swarm', '/ws/bus'])('WS %s is refused for foreign pages and hosts', async (path) => {
    const refused = async (headers: Record<string, string>) => {
      const socket = new WebSocket(stack.url.replace('http', 'ws') + path, { headers });
      socket.on('error', () => undefined);
      return new Promise((resolve) => {
        socket.on('unexpected-response', (_request, { statusCode }) => resolve(statusCode));
        socket.on('open', () => (socket.terminate(), resolve('open')));
      });
    };
    for (const origin of ['https://evil.test', 'null', 'http://localhost:3001'])
      expect(await refused({ origin })).toBe(403);
    for (const host of ['evil.test', '127.1', 'localhost.']) expect(await refused({ host })).toBe(403);
    for (const origin of [stack.url, 'http://localhost:3000']) expect(await refused({ origin })).toBe('open');
    expect(await refused({})).toBe('open');
  });

  test('the refused requests have started nothing', async () => {
    expect((await get(`${stack.url}/runs`)).body.runs).toEqual([]);
    expect(stack.gateway.calls()).toEqual([]);
  });

  test('health returns all details to a caller on this machine', async () => {
    const { body } = await get(`${stack.url}/healthz`);
    expect(Object.keys(body)).toEqual(expect.arrayContaining(['status', 'timestamp', 'systems', 'workers']));
  });
});

describe('with keys', () => {
  const bearer = { authorization: `Bearer ${KEY}` };

  test('any host is served, and other origins cannot read replies', async () => {
    const reply = await sendRaw(
      keyed.url,
      toRequest('GET /swarms', { Host: 'swarm.example', Authorization: `Bearer ${KEY}` }),
    );
    expect(reply.status).toBe(200);
    const foreign = await get(`${keyed.url}/swarms`, { ...bearer, origin: 'https://evil.test' });
    expect(foreign.headers.has('access-control-allow-origin')).toBe(false);
  });

  test('a non-JSON body with a foreign origin is refused', async () => {
    const execute = (headers: Record<string, string>) =>
      post(`${keyed.url}/swarm/execute?api_key=${KEY}`, { swarm_id: 'nope', message: 'Hi' }, headers);
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp', 'text/json']) {
      const reply = await execute({ origin: 'https://evil.test', 'content-type': type });
      expect([reply.status, reply.body.error.code]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
    }
    for (const type of ['application/json', 'Application/JSON; charset=utf-8', 'application/ld+json'])
      expect((await execute({ origin: 'https://evil.test', 'content-type': type })).status).toBe(404);
    expect((await execute({ origin: 'http://localhost:3000', 'content-type': 'text/plain' })).status).toBe(404);
    expect((await execute({ 'content-type': 'text/plain' })).status).toBe(404);
  });

  test('a WebSocket of a foreign page is refused even with the key', async () => {
    const open = (origin: string) => {
      const socket = new WebSocket(`${keyed.url.replace('http', 'ws')}/ws/swarm?api_key=${KEY}`, {
        headers: { origin },
      });
      socket.on('error', () => undefined);
      return new Promise((resolve) => {
        socket.on('unexpected-response', (_request, { statusCode }) => resolve(statusCode));
        socket.on('open', () => (socket.terminate(), resolve('open')));
      });
    };
    expect(await open('https://evil.test')).toBe(403);
    expect(await open('null')).toBe(403);
    expect(await open(keyed.url)).toBe('open');
  });

  test('health returns only states without the key, and all details with it', async () => {
    await until(async () => (await get(`${keyed.url}/healthz`)).status === 200);
    for (const path of ['/healthz', '/health']) {
      const { body } = await get(keyed.url + path);
      expect(Object.keys(body).sort()).toEqual(['status', 'systems', 'timestamp']);
      expect((await get(keyed.url + path, bearer)).body.workers).toBeGreaterThan(0);
      expect(Object.keys((await get(keyed.url + path, { authorization: 'Bearer wrong-key' })).body)).toHaveLength(3);
    }
    expect((await get(`${keyed.url}/readyz`)).body).toEqual({ ready: true, systems: { redis: true, temporal: true } });
  });
});

describe('wrong keys', () => {
  let guessed: Stack;
  beforeAll(async () => {
    guessed = await createStack({ API_KEYS: `me:${KEY},you:another-good-key` });
  });
  afterAll(() => guessed.stop());

  const ask = (key: string) => get(`${guessed.url}/swarms`, { authorization: `Bearer ${key}` });

  test('are logged without the key and delayed; a known caller is not delayed', async () => {
    expect((await ask(KEY)).status).toBe(200);
    expect((await get(`${guessed.url}/swarms`)).status).toBe(401);
    const guesses = [];
    for (let guess = 0; guess < 15; guess++) guesses.push((await ask(`guess-${guess}-${randomUUID()}`)).status);
    expect(guesses).toEqual([...Array<number>(10).fill(401), ...Array<number>(5).fill(429)]);
    const waiting = await ask('guess-again');
    expect(waiting.body.error.code).toBe('TOO_MANY_WRONG_KEYS');
    expect(Number(waiting.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(Number(waiting.headers.get('retry-after'))).toBeLessThanOrEqual(60);
    // a reply to a right key would reveal that it is right
    expect((await ask('another-good-key')).status).toBe(429);
    expect((await ask(KEY)).status).toBe(200);
    // the open paths do not reveal it either
    expect((await get(`${guessed.url}/healthz`, { authorization: 'Bearer another-good-key' })).body).not.toHaveProperty(
      'workers',
    );
    const socket = new WebSocket(`${guessed.url.replace('http', 'ws')}/ws/swarm?api_key=guess-by-socket`);
    socket.on('error', () => undefined);
    const status = await new Promise((resolve) =>
      socket.on('unexpected-response', (_request, { statusCode, headers }) =>
        resolve([statusCode, Number(headers['retry-after']) > 0]),
      ),
    );
    expect(status).toEqual([429, true]);
    const lines = guessed.api
      .output()
      .split('\n')
      .filter((line) => line.includes('rejected'));
    expect(lines).toHaveLength(2);
    for (const line of lines) expect(JSON.parse(line)).toMatchObject({ level: 40, address: '127.0.0.1' });
    expect(guessed.api.output()).not.toMatch(/guess-|another-good-key/);
  });
});

test('CORS_ORIGINS=* opens the API to all pages, and the log warns about it', async () => {
  const open = await createStack({ CORS_ORIGINS: '*' });
  const response = await fetch(`${open.url}/runs/nope`, { headers: { Origin: 'https://evil.test' } });
  expect(response.headers.get('access-control-allow-origin')).toBe('*');
  const reply = await post(
    `${open.url}/swarm/execute`,
    { swarm_id: 'nope', message: 'Hi' },
    { 'content-type': 'text/plain', origin: 'null' },
  );
  expect(reply.status).toBe(404);
  expect(open.api.output()).toMatch(/"level":40.*CORS_ORIGINS=\*/);
  await open.stop();
  expect(stack.api.output()).not.toMatch(/CORS_ORIGINS/);
});
