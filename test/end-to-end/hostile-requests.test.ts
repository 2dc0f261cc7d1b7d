/** Requests made to break the API: each gets a clear refusal at once, and affects no one else. */
import { request } from 'node:http';
import { gzipSync } from 'node:zlib';
import { sendRaw, toRequest } from '../support/raw-http';
import { get, post, Watcher } from '../support/readers';
import { createStack, type Stack } from '../support/stack';

let stack: Stack;
let host: string;
beforeAll(async () => {
  stack = await createStack();
  ({ host } = new URL(stack.url));
});
afterAll(() => stack.stop());
afterEach(async () => expect((await get(`${stack.url}/readyz`)).body.ready).toBe(true));

const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
const order = (more: string) => `{"swarm_id":"one-voice","message":"Hi",${more}}`;

describe('too deeply nested JSON is refused with a reason', () => {
  test.each([
    ['/teams/run', `{"team_id":"one-voice","message":"Hi","context":${nested(100_000)}}`],
    ['/workflows/run', `{"workflow_id":"one-voice","inputs":{"message":"Hi","context":${nested(100_000)}}}`],
    ['/swarm/execute', order(`"x":${nested(200_000)}`)],
    ['/swarm/coordinate', `{"message":${nested(101)}}`],
    ['/v1/chat/completions', `{"model":"one-voice","messages":${nested(100_000)}}`],
    ['/mcp', `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":${nested(100_000)}}`],
    ['/runs/x/fork', `{"from":"x","edit":${nested(100_000)}}`],
    ['/swarm/execute', '{"a":'.repeat(100_000)],
  ])('POST %s', async (path, body) => {
    const reply = await post(stack.url + path, body);
    expect([reply.status, reply.body.error.code]).toEqual([400, 'INVALID_JSON']);
    expect(reply.body.error.message).toBe('The body is nested deeper than 100 levels.');
  });

  test('WebSocket', async () => {
    const watcher = await Watcher.connect(stack.url);
    watcher.send(order(`"x":${nested(100_000)}`));
    const { error } = await watcher.frame(() => true);
    expect(error).toEqual({ code: 'INVALID_JSON', message: 'The frame is nested deeper than 100 levels.' });
    watcher.close();
  });

  test('usual nesting depths are accepted', async () => {
    const reply = await post(`${stack.url}/teams/run`, {
      ...{ team_id: 'one-voice', message: 'Hi', stream: false },
      context: JSON.parse(nested(90)) as unknown,
    });
    expect(reply.status).toBe(200);
  });
});

test.each(['__proto__', 'constructor', 'prototype', 'toString', '\\u005f_proto__'])(
  'a field called %s changes nothing',
  async (name) => {
    const reply = await post(`${stack.url}/swarm/execute`, order(`"${name}":{"stream":true,"session_id":"a b"}`));
    expect([reply.status, reply.body.status]).toEqual([200, 'complete']);
  },
);

test('a compressed body is read, and one that decompresses to too many bytes is refused', async () => {
  const send = (body: Buffer, encoding: string) =>
    new Promise<[number, string]>((resolve, reject) => {
      const headers = { 'content-type': 'application/json', 'content-encoding': encoding };
      const sent = request(`${stack.url}/swarm/execute`, { method: 'POST', headers }, (reply) => {
        let text = '';
        reply.on('data', (part: Buffer) => (text += String(part)));
        reply.on('end', () => resolve([reply.statusCode ?? 0, text]));
      });
      sent.on('error', reject);
      sent.end(body);
    });
  expect((await send(gzipSync(order('"x":1')), 'gzip'))[0]).toBe(200);
  expect(await send(gzipSync(order(`"x":"${'x'.repeat(30_000_000)}"`)), 'gzip')).toMatchObject([413, /BODY_TOO_LARGE/]);
  expect(await send(Buffer.from('no gzip'), 'gzip')).toMatchObject([400, /INVALID_JSON/]);
  expect(await send(Buffer.from('{}'), 'zstd')).toMatchObject([415, /UNSUPPORTED_MEDIA_TYPE/]);
});

describe('invalid paths', () => {
  const ODD = [
    '..%2f',
    '%2e%2e%2f%2e%2e',
    '%',
    '%zz',
    '%c0%ae',
    '%ff',
    '%00',
    '..%5c',
    '%2f',
    '.',
    '..',
    '%0d%0aX:y',
    'é',
  ];
  const LONG = [...ODD, 'a'.repeat(10_000), '%41'.repeat(3000), '../'.repeat(2000), '%2e/'.repeat(2000)];
  const PLACES = ['/dashboard/assets/', '/dashboard/', '/runs/', '/sessions/', '/teams/', '/v1/models/', '/'];

  test.each(PLACES)('below %s are refused by the client', async (place) => {
    for (const odd of LONG) {
      const reply = await sendRaw(stack.url, toRequest(`GET ${place}${odd}`, { Host: host }));
      expect([200, 302, 400, 404]).toContain(reply.status);
      // Node's parser refuses some itself, without a body
      if (place.endsWith('assets/') && reply.text)
        expect(JSON.parse(reply.text)).toMatchObject({ error: { code: 'NOT_FOUND' } });
    }
  });

  test('are also refused in the ids of actions', async () => {
    for (const odd of LONG)
      for (const action of ['cancel', 'pause', 'fork', 'message'])
        expect([400, 404]).toContain(
          (await sendRaw(stack.url, toRequest(`POST /runs/${odd}/${action}`, { Host: host }))).status,
        );
  });
});

test('replies have headers against caching, sniffing and framing', async () => {
  for (const path of [
    '/runs',
    '/swarms',
    '/nothing',
    '/healthz',
    '/metrics',
    '/sessions/none',
    '/v1/models',
    '/v1/x',
  ]) {
    const { headers } = await fetch(stack.url + path);
    expect({ path, cache: headers.get('cache-control') }).toEqual({ path, cache: 'no-store' });
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
  }
  const missing = await fetch(`${stack.url}/dashboard/assets/none.js`);
  expect([missing.status, missing.headers.get('cache-control')]).toEqual([404, 'no-store']);
});
