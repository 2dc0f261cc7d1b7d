import { once } from 'node:events';
import { connect } from 'node:net';
import { createStack, type Stack } from '../support/stack';
import { get, post, Watcher } from '../support/readers';

let stack: Stack;
beforeAll(async () => (stack = await createStack()), 60_000);
afterAll(async () => {
  // no request of this file has started anything
  expect(stack.gateway.calls()).toEqual([]);
  await stack.stop();
});

const good = { swarm_id: 'one-voice', message: 'Hi' };

describe('POST /swarm/execute refuses', () => {
  test.each([
    ['bad JSON', '{"swarm_id":', 400, 'INVALID_JSON', /./],
    ['a JSON string', '"hello"', 400, 'INVALID_JSON', /./],
    ['an array', [], 400, 'INVALID_FIELD', /body/],
    ['no swarm', { message: 'Hi' }, 400, 'INVALID_FIELD', /swarm_id/],
    ['an unknown swarm', { ...good, swarm_id: 'nope' }, 404, 'UNKNOWN_SWARM', /swarm_id.*nope/],
    ['a swarm that is made of swarms, without them', { ...good, swarm_id: 'multi' }, 404, 'UNKNOWN_SWARM', /multi/],
    ['no message', { swarm_id: 'one-voice' }, 400, 'INVALID_FIELD', /message/],
    ['an empty message', { ...good, message: ' \n ' }, 400, 'INVALID_FIELD', /message/],
    ['a message of the wrong type', { ...good, message: 7 }, 400, 'INVALID_FIELD', /message/],
    ['an over-long message', { ...good, message: 'x'.repeat(6_000_001) }, 400, 'INVALID_FIELD', /message/],
    ['a body that is too large', { ...good, message: 'x'.repeat(21_000_000) }, 413, 'BODY_TOO_LARGE', /./],
    ['a wrong session id', { ...good, session_id: 'a b' }, 400, 'INVALID_FIELD', /session_id/],
    ['a wrong temperature', { ...good, temperature: 9 }, 400, 'INVALID_FIELD', /temperature/],
    ['a wrong token limit', { ...good, max_tokens: 0 }, 400, 'INVALID_FIELD', /max_tokens/],
    ['a wrong stream flag', { ...good, stream: 'yes' }, 400, 'INVALID_FIELD', /stream/],
  ])('%s', async (_what, body, status, code, message) => {
    const reply = await post(`${stack.url}/swarm/execute`, body);
    expect([reply.status, reply.body.error.code]).toEqual([status, code]);
    expect(reply.body.error.message).toMatch(message);
    expect(reply.body.detail).toBe(reply.body.error.message);
  });

  test('an empty body', async () => {
    const reply = await post(`${stack.url}/swarm/execute`, '');
    expect([reply.status, reply.body.error.code]).toEqual([400, 'INVALID_FIELD']);
  });
});

test('a JSON body is read whatever type the client declares', async () => {
  const reply = await post(
    `${stack.url}/swarm/execute`,
    { swarm_id: 'nope', message: 'Hi' },
    { 'content-type': 'text/plain' },
  );
  expect(reply.body.error.code).toBe('UNKNOWN_SWARM');
});

describe('the bytes of a body', () => {
  const send = (body: string | Buffer, type?: string) =>
    fetch(`${stack.url}/swarm/execute`, { method: 'POST', body, headers: type ? { 'content-type': type } : {} });
  const json = JSON.stringify({ swarm_id: 'käse', message: 'Hi' });

  test.each([
    ['a form', 'swarm_id=one-voice&message=Hi', 'application/x-www-form-urlencoded'],
    [
      'a form of parts',
      '--x\r\ncontent-disposition: form-data; name="message"\r\n\r\nHi\r\n--x--',
      'multipart/form-data; boundary=x',
    ],
    ['an unknown charset', json, 'application/json; charset=klingon'],
  ])('%s is refused because of its type, and the message says what to send', async (_what, body, type) => {
    const response = await send(body, type);
    const { error } = (await response.json()) as { error: { code: string; message: string } };
    expect([response.status, error.code]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
    expect(error.message).toMatch(/application\/json|utf-8/);
  });

  test.each([
    ['UTF-8', Buffer.from(json), undefined],
    ['UTF-8 with a byte order mark', Buffer.from(`\uFEFF${json}`), 'application/json'],
    ['UTF-8 that curl declares a form', Buffer.from(json), 'application/x-www-form-urlencoded'],
    ['the charset that is declared', Buffer.from(json, 'latin1'), 'application/json; charset=ISO-8859-1'],
    ['UTF-16', Buffer.from(json, 'utf16le'), 'text/plain; charset=utf-16le'],
  ])('are read as %s', async (_what, body, type) => {
    const response = await send(body, type);
    expect(response.status).toBe(404);
    expect(((await response.json()) as { detail: string }).detail).toContain('"käse"');
  });

  test('that are not UTF-8 are refused, and not decoded as other characters', async () => {
    const response = await send(Buffer.from(json, 'latin1'), 'application/json');
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      error: { code: 'INVALID_JSON', message: expect.stringContaining('UTF-8') },
    });
  });
});

test.each([
  ['/swarm/execute', 'POST'],
  ['/swarm/coordinate', 'POST'],
  ['/swarms/multi', 'POST'],
  ['/teams/run', 'POST'],
  ['/workflows/run', 'POST'],
  ['/v1/chat/completions', 'POST'],
  ['/mcp', 'POST'],
  ['/runs/any/cancel', 'POST'],
])('GET and HEAD %s are 405 and name %s', async (path, allowed) => {
  for (const method of ['GET', 'HEAD', 'PUT']) {
    const response = await fetch(stack.url + path, { method });
    expect([response.status, response.headers.get('allow')]).toEqual([405, expect.stringContaining(allowed)]);
    if (method !== 'HEAD') expect(await response.json()).toHaveProperty('error');
  }
});

test('HEAD replies like GET without a body, and a trailing slash changes nothing', async () => {
  for (const path of ['/swarms', '/healthz', '/runs?limit=1', '/teams']) {
    const response = await fetch(stack.url + path, { method: 'HEAD' });
    expect([path, response.status, await response.text()]).toEqual([path, 200, '']);
  }
  expect((await get(`${stack.url}/swarms/`)).status).toBe(200);
  expect((await post(`${stack.url}/swarm/execute/`, { ...good, swarm_id: 'nope' })).status).toBe(404);
  (await Watcher.connect(stack.url, '/ws/swarm/')).close();
});

test('a plain GET of a WebSocket address explains what it is', async () => {
  const { status, body } = await get(`${stack.url}/ws/swarm`);
  expect([status, body.error.message]).toEqual([404, expect.stringContaining('WebSocket')]);
});

test.each([
  ['task', { swarm_id: 'one-voice', task: 7 }],
  ['maxTokens', { swarm_id: 'one-voice', message: 'Hi', maxTokens: 0 }],
  ['team_id', { team_id: 7, message: 'Hi' }],
])('an error names the field as it was sent: %s', async (field, body) => {
  const reply = await post(`${stack.url}/swarm/execute`, body);
  expect([reply.status, reply.body.detail]).toEqual([400, expect.stringContaining(`${field}: `)]);
});

test.each([
  ['/swarm/coordinate', { message: '' }, /message/],
  ['/swarm/execute', { swarm_id: 'coding-swarm', message: 'Hi', drafts: 99 }, /drafts/],
  ['/swarm/coordinate', { message: 'Hi', max_rounds: 99 }, /max_rounds/],
  ['/teams/run', { team_id: 'one-voice', message: 'Hi', context: 'x'.repeat(6_000_001) }, /message/],
])('POST %s names the field that is wrong', async (path, body, field) => {
  const reply = await post(stack.url + path, body);
  expect([reply.status, reply.body.error.code]).toEqual([400, 'INVALID_FIELD']);
  expect(reply.body.error.message).toMatch(field);
});

describe('GET', () => {
  test.each([
    ['/runs/nope', 404, 'UNKNOWN_RUN'],
    ['/runs/nope/events', 404, 'UNKNOWN_RUN'],
    ['/runs/nope/events?after=soon', 400, 'INVALID_CURSOR'],
    ['/runs?limit=many', 400, 'INVALID_FIELD'],
    ['/runs?page=abc', 400, 'INVALID_FIELD'],
    ['/runs?page=AAAA', 400, 'INVALID_FIELD'],
    [`/runs?page=${'A'.repeat(4000)}`, 400, 'INVALID_FIELD'],
    ["/runs?swarm='%20OR%20''='", 400, 'INVALID_FIELD'],
    ['/runs?status=odd', 400, 'INVALID_FIELD'],
    ['/nothing/here', 404, 'NOT_FOUND'],
  ])('%s is %i %s', async (path, status, code) => {
    const reply = await get(stack.url + path);
    expect([reply.status, reply.body.error.code]).toEqual([status, code]);
  });
});

test.each(['Connection: close', 'Connection: Upgrade\r\nUpgrade: websocket'])(
  'an invalid address is 404, with %j',
  async (header) => {
    const { hostname, port } = new URL(stack.url);
    const socket = connect(Number(port), hostname);
    socket.write(`GET // HTTP/1.1\r\nHost: localhost\r\n${header}\r\n\r\n`);
    const reply = String((await once(socket, 'data'))[0]);
    socket.destroy();
    expect(reply).toMatch(/^HTTP\/1\.1 404 /);
    expect((await get(`${stack.url}/swarms`)).status).toBe(200);
  },
);

test('a known path under another method is 405 and names the methods', async () => {
  const response = await fetch(`${stack.url}/swarms`, { method: 'PUT' });
  expect(response.status).toBe(405);
  expect(response.headers.get('allow')).toContain('GET');
});

test.each([
  ['PUT', '/v1/chat/completions', 405],
  ['PROPFIND', '/v1/models', 501],
])('%s %s is refused in the format of OpenAI', async (method, path, status) => {
  const response = await fetch(`${stack.url}${path}`, { method });
  const { error } = (await response.json()) as { error: object };
  expect([response.status, error]).toEqual([
    status,
    { message: expect.stringContaining(method), type: expect.any(String), param: null, code: 'METHOD_NOT_ALLOWED' },
  ]);
});

test('cancelling an unknown run is a 404', async () => {
  const reply = await post(`${stack.url}/runs/nope/cancel`, {});
  expect([reply.status, reply.body.error.code]).toEqual([404, 'UNKNOWN_RUN']);
});

test.each(['http://localhost:3000', 'https://127.0.0.1', 'http://[::1]:5173'])(
  'pages of %s may read the replies, errors included',
  async (origin) => {
    const response = await fetch(`${stack.url}/runs/nope`, { headers: { origin } });
    expect(response.headers.get('access-control-allow-origin')).toBe(origin);
    expect(response.headers.get('vary')).toMatch(/origin/i);
  },
);

describe('WS /ws/swarm', () => {
  test.each([
    ['text that is not JSON', 'hello', 'INVALID_JSON', {}],
    ['a number', '7', 'INVALID_FIELD', {}],
    ['an empty object', {}, 'INVALID_FIELD', {}],
    ['a start without a message', { swarm_id: 'one-voice' }, 'INVALID_FIELD', {}],
    ['an unknown swarm', { ...good, swarm_id: 'nope' }, 'UNKNOWN_SWARM', { team_id: 'nope' }],
    [
      'an unknown swarm in a session',
      { ...good, swarm_id: 'nope', session_id: 's' },
      'UNKNOWN_SWARM',
      { team_id: 'nope', session_id: 's' },
    ],
    ['an unknown run', { run_id: 'nope' }, 'UNKNOWN_RUN', { run_id: 'nope' }],
    ['a bad cursor', { run_id: 'nope', after: 'x' }, 'INVALID_CURSOR', {}],
    ['a cancel of an unknown run', { cancel: 'nope' }, 'UNKNOWN_RUN', { run_id: 'nope' }],
  ])('answers %s with an error frame and stays open', async (_what, frame, code, ids) => {
    const watcher = await Watcher.connect(stack.url);
    watcher.send(frame);
    const answer = await watcher.frame(({ event }) => (event as string) === 'error');
    expect(answer.error?.code).toBe(code);
    const { receivedAt: _at, error, ...rest } = answer;
    const content = `\n\n[Failed: ${error?.message}]`;
    expect(rest).toEqual({ event: 'error', content, done: true, detail: error?.message, ...ids });
    watcher.send('again');
    await watcher.frame((one) => one !== answer);
    expect(watcher.socket.readyState).toBe(watcher.socket.OPEN);
    watcher.close();
  });

  test('closes only a connection whose frame is too large', async () => {
    const [loud, quiet] = [await Watcher.connect(stack.url), await Watcher.connect(stack.url)];
    const closed = new Promise((resolve) => loud.socket.once('close', resolve));
    loud.send('x'.repeat(21_000_000));
    expect(await closed).toBe(1009);
    quiet.send('hello');
    await quiet.frame(({ error }) => error?.code === 'INVALID_JSON');
    quiet.close();
  });

  test('is not found under another path', async () => {
    await expect(Watcher.connect(stack.url, '/ws/other')).rejects.toThrow('404');
  });
});
