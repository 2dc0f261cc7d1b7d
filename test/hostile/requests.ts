/** Hostile HTTP: malformed, unusual, huge or slow heads and bodies, and requests for other callers' resources. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Chance } from '../support/chance';
import type { Kind } from './action';
import type { Site } from './site';
import { SHAPES } from './shapes';

const PATHS = [
  '/swarm/execute',
  '/swarm/coordinate',
  '/swarms/multi',
  '/teams/run',
  '/v1/chat/completions',
  '/mcp',
  '/workflows/run',
];
const READS = [
  '/runs',
  '/swarms',
  '/healthz',
  '/readyz',
  '/health',
  '/metrics',
  '/openapi.json',
  '/dashboard',
  '/gateways',
  '/v1/models',
  '/teams',
];

const kind = (name: string, attack: (site: Site, chance: Chance) => Promise<unknown>): Kind => ({
  name: `request: ${name}`,
  // random parts are drawn in the order in which the attack needs them, which is always the same
  make: (chance) => ({ attack: async (site) => void (await attack(site, chance)) }),
});

const asking = (name: string, paths: readonly string[], method = 'GET', headers: Record<string, string> = {}): Kind =>
  kind(name, async (site) => {
    for (const path of paths) await site.ask({ method, path, headers });
  });

/** Sends bodies to every route that accepts one. */
const posting = (name: string, body: (chance: Chance) => string | Buffer, headers: Record<string, string> = {}): Kind =>
  kind(name, async (site, chance) => {
    const all = { accept: 'application/json, text/event-stream', ...headers };
    for (const path of PATHS) await site.ask({ method: 'POST', path, body: body(chance), headers: all });
  });

const WELL_FORMED: readonly Kind[] = [
  asking(
    'odd pages of runs',
    ['AAAA', '%00', 'e30=', '0', 'A'.repeat(3000), '__proto__', '%ff%fe'].map((page) => `/runs?page=${page}`),
  ),
  asking(
    'odd queries of runs',
    [
      'limit=-1',
      'limit=1e9',
      'status=__proto__',
      'swarm=%27%20OR%201=1',
      'session=%00',
      'forked_from=..',
      'limit=1&limit=2',
      'limit[]=1',
    ].map((query) => `/runs?${query}`),
  ),
  asking(
    'odd cursors',
    ['AAAA', '-1', '1-1-1', '99999999999999999999-1', '%00', '0%0d%0aX:1'].map(
      (after) => `/runs/nothing/events?after=${after}`,
    ),
  ),
  asking(
    'odd waits',
    ['-1', '1e9', 'NaN', 'Infinity', '61'].map((wait) => `/runs/nothing/events?wait=${wait}`),
  ),
  asking(
    'odd ids',
    [
      '..',
      '%2e%2e',
      '..%2f..%2fetc',
      '%00',
      '%ff',
      'a'.repeat(300),
      '__proto__',
      'temporal-sys-scheduler:x',
      '%F0%9F%90%A6',
      "'",
    ].flatMap((id) => [`/runs/${id}`, `/sessions/${id}`, `/runs/${id}/prompts`]),
  ),
  asking('bad percent-encoding', [
    '/%',
    '/%zz',
    '/runs/%',
    '/runs/%e0%a4%a',
    '/sessions/%c0%ae',
    '/dashboard/assets/..%2f',
    '/dashboard/..%5c..%5c',
    '/dashboard/%00',
    '//',
    '/./../',
  ]),
  asking('paths without an end', [
    `/${'a/'.repeat(3000)}`,
    `/runs/${'%41'.repeat(2000)}`,
    `/?${'a&'.repeat(5000)}`,
    `/runs?${'page=1&'.repeat(900)}`,
  ]),
  asking(
    'DELETE of sessions of others',
    ['session-1', 'x'.repeat(128), '*', '%2a', 'innocent', 'a:b@c.d'].map((id) => `/sessions/${id}`),
    'DELETE',
  ),
  asking(
    'cancels of runs of others',
    ['nothing', 'one-voice-1', '*', '%2a', '__proto__'].map((id) => `/runs/${id}/cancel`),
    'POST',
  ),
  asking(
    'steering of runs of others',
    ['approve', 'reject', 'message', 'pause', 'resume', 'fork'].map((verb) => `/runs/nothing/${verb}`),
    'POST',
  ),
  kind('wrong methods', async (site, chance) => {
    for (const method of ['PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD', 'TRACE', 'PROPFIND', 'PURGE'])
      await site.ask({ method, path: chance.pick([...PATHS, ...READS]) });
  }),
  kind('odd Host and Origin', async (site) => {
    const heads = [
      { host: 'evil.example' },
      { host: '' },
      { host: '[::ffff:127.0.0.1]' },
      { origin: 'http://evil.example' },
      { origin: 'null' },
      { origin: 'http://localhost.evil.example' },
    ];
    for (const head of heads)
      for (const path of ['/runs', '/swarms']) await site.ask({ path, headers: head as Record<string, string> });
    for (const head of heads)
      await site.ask({ method: 'POST', path: '/swarm/execute', body: '{}', headers: head as Record<string, string> });
  }),
  kind('odd keys', async (site) => {
    for (const authorization of [
      '',
      'Bearer',
      'Bearer  ',
      `Bearer ${'x'.repeat(7000)}`,
      'Basic AAAA',
      'Bearer null',
      'Bearer __proto__',
    ])
      await site.ask({ path: '/runs', headers: { authorization } });
    await site.ask({ path: '/runs?api_key=%00', headers: { authorization: '' } });
  }),
  kind('odd headers', async (site) => {
    const heads: Record<string, string>[] = [
      { accept: '*/*;q=NaN' },
      { 'last-event-id': 'AAAA' },
      { 'idempotency-key': 'k'.repeat(5000) },
      { prefer: 'respond-async, wait=-1' },
      { 'x-session-id': '../..' },
      { 'x-forwarded-for': '127.0.0.1, evil', 'x-forwarded-host': 'evil.example' },
      { 'accept-encoding': 'gzip;q=1e9, __proto__' },
      { 'content-encoding': 'gzip' },
      { range: 'bytes=0-1,5-2' },
      { 'if-none-match': '"'.repeat(2000) },
      { cookie: '='.repeat(4000) },
    ];
    for (const headers of heads) {
      await site.ask({ path: '/runs', headers });
      await site.ask({ method: 'POST', path: '/swarm/execute', body: '{"swarm_id":"nope","message":"Hi"}', headers });
    }
  }),
];

const deep = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;

const BODIES: readonly Kind[] = [
  posting('bodies that are no JSON', (chance) => chance.pick(SHAPES).text(chance)),
  posting('bodies of odd types', (chance) =>
    chance.pick(['null', '[]', '1', '"x"', '{}', 'true', '[{}]', '', ' ', '{"message":{}}']),
  ),
  posting(
    'deep bodies',
    () => `{"swarm_id":"one-voice","message":"Hi","context":${deep(100_000)},"messages":${deep(1000)}}`,
  ),
  posting(
    'deep messages',
    () => `{"swarm_id":"one-voice","model":"one-voice","message":${deep(50_000)},"messages":${deep(50_000)}}`,
  ),
  posting(
    'prototype keys',
    () => '{"__proto__":{"swarm_id":"one-voice"},"constructor":{"prototype":{}},"message":"","swarm_id":"__proto__"}',
  ),
  posting('duplicate keys', () => `{${'"message":1,'.repeat(20_000)}"message":""}`),
  posting(
    'odd numbers',
    () => '{"swarm_id":"one-voice","message":"Hi","temperature":1e999,"max_tokens":9007199254740993,"drafts":-0}',
  ),
  posting('wrong content types', () => '{"swarm_id":"nope","message":"Hi"}', {
    'content-type': 'multipart/form-data; boundary=x',
  }),
  posting('odd character sets', () => '{"swarm_id":"nope","message":"Hi"}', {
    'content-type': 'application/json; charset=utf-7',
  }),
  posting('bodies that are no UTF-8', () => Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0xc3, 0x28, 0x22, 0x3a, 0x31, 0x7d])),
  posting('bodies that say they are compressed', () => Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3]), {
    'content-encoding': 'gzip',
  }),
  kind('a body above the limit', (site) =>
    site.ask({ method: 'POST', path: '/swarm/execute', body: Buffer.alloc(21 * 1024 * 1024, 0x20) }),
  ),
  kind('a compressed bomb', async (site) => {
    const { gzipSync } = await import('node:zlib');
    const body = gzipSync(Buffer.alloc(60 * 1024 * 1024, 0x20));
    await site.ask({ method: 'POST', path: '/swarm/execute', body, headers: { 'content-encoding': 'gzip' } });
  }),
  kind('odd orders', async (site) => {
    const orders = [
      { swarm_id: 'nope', message: 'Hi' },
      { swarm_id: '__proto__', message: 'Hi' },
      { swarm_id: 'x'.repeat(100_000), message: 'Hi' },
      { swarm_id: 'one-voice', message: ' \n\u2028 ' },
      { swarm_id: 'one-voice', message: 'x'.repeat(6_000_001) },
      { swarm_id: 'one-voice', message: 'Hi', session_id: '../../x' },
      { swarm_id: 'one-voice', message: 'Hi', session_id: 's'.repeat(129) },
      { swarm_id: 'multi', message: 'Hi' },
    ];
    for (const order of orders) await site.askJson('POST', '/swarm/execute', { ...order, wait: false });
    await site.askJson('POST', '/swarms/multi', {
      message: 'Hi',
      teams: Array.from({ length: 10_000 }, (_, i) => `t${i}`),
      strategy: 'parallel',
    });
  }),
  kind('odd calls of MCP', async (site) => {
    const headers = { accept: 'application/json, text/event-stream' };
    const calls: unknown[] = [
      { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: '__proto__', arguments: {} } },
      { jsonrpc: '1.0', id: {}, method: [], params: null },
      Array.from({ length: 2000 }, (_, id) => ({ jsonrpc: '2.0', id, method: 'ping' })),
      {
        jsonrpc: '2.0',
        id: 2,
        method: 'initialize',
        params: { protocolVersion: 'x'.repeat(9000), capabilities: [], clientInfo: 0 },
      },
      { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: '__proto__' } },
      { jsonrpc: '2.0', id: 3, method: 'resources/read', params: { uri: 'file:///etc/passwd' } },
    ];
    for (const call of calls) await site.askJson('POST', '/mcp', call, headers);
  }),
];

const CRLF = '\r\n';
const head = (site: Site, first: string, ...lines: string[]) =>
  [first, `Host: ${site.authority}`, `Authorization: Bearer ${site.target.key}`, ...lines, '', ''].join(CRLF);

const RAW: readonly Kind[] = [
  kind('bytes that are no HTTP', (site, chance) =>
    site.exchange(Buffer.from(Array.from({ length: 4000 }, () => chance.below(256))), { forMs: 2000 }),
  ),
  kind('odd request lines', async (site) => {
    for (const line of [
      'GET',
      'GET  /',
      'GET / HTTP/9.9',
      'get / HTTP/1.1',
      '/ GET HTTP/1.1',
      'GET http://evil.example/ HTTP/1.1',
      'GET * HTTP/1.1',
      'CONNECT evil.example:443 HTTP/1.1',
      'GET /\u0000 HTTP/1.1',
      `GET /${'x'.repeat(100_000)} HTTP/1.1`,
      'PRI * HTTP/2.0',
    ])
      await site.exchange(head(site, line), { forMs: 500 });
  }),
  kind('odd header lines', async (site) => {
    for (const line of [
      'X: \u0000',
      'X',
      ': x',
      'X y: z',
      ' folded: x',
      `X: ${'x'.repeat(100_000)}`,
      'Host: evil.example',
      'Content-Length: -1',
      'Content-Length: 1\r\nContent-Length: 2',
      'Transfer-Encoding: x',
      'Transfer-Encoding: chunked\r\nContent-Length: 5',
      'Expect: x',
    ])
      await site.exchange(head(site, 'GET /runs HTTP/1.1', line), { forMs: 700 });
  }),
  kind('thousands of headers', (site) =>
    site.exchange(head(site, 'GET /runs HTTP/1.1', ...Array.from({ length: 3000 }, (_, i) => `X-${i}: 1`)), {
      forMs: 2000,
    }),
  ),
  kind('pipelined requests', (site) =>
    site.exchange(head(site, 'GET /swarms HTTP/1.1').repeat(300), { mustAnswer: true }),
  ),
  kind('pipelined garbage', (site) =>
    site.exchange(`${head(site, 'GET /swarms HTTP/1.1')}${'x'.repeat(50_000)}`, { mustAnswer: true }),
  ),
  kind('odd chunks', async (site) => {
    const start = head(
      site,
      'POST /swarm/execute HTTP/1.1',
      'Content-Type: application/json',
      'Transfer-Encoding: chunked',
    );
    for (const chunk of ['zz\r\n', 'ffffffffffffffff\r\nx', '-1\r\n', '5;x="y\r\nhello\r\n0\r\n\r\n', '1\r\nxx\r\n'])
      await site.exchange(start + chunk, { forMs: 1000 });
  }),
  kind('a body that is too short', (site) =>
    site.exchange(
      head(site, 'POST /swarm/execute HTTP/1.1', 'Content-Type: application/json', 'Content-Length: 1000') +
        '{"swarm_id"',
      { forMs: 3000 },
    ),
  ),
  kind('a head that drips', async (site) => {
    const sockets = await Promise.all(Array.from({ length: 20 }, () => site.openConnection()));
    for (let i = 0; i < 15; i++) {
      for (const socket of sockets) socket?.write(i === 0 ? 'GET /runs HTTP/1.1\r\n' : `X-${i}: 1\r\n`);
      await sleep(300);
    }
    for (const socket of sockets) socket?.destroy();
  }),
  kind('a body that drips', async (site) => {
    const sockets = await Promise.all(Array.from({ length: 20 }, () => site.openConnection()));
    const start = head(
      site,
      'POST /swarm/execute HTTP/1.1',
      'Content-Type: application/json',
      'Content-Length: 100000',
    );
    for (const socket of sockets) socket?.write(start);
    for (let i = 0; i < 15; i++) {
      for (const socket of sockets) socket?.write(' ');
      await sleep(300);
    }
    for (const socket of sockets) socket?.destroy();
  }),
  kind('connections that say nothing', async (site) => {
    const sockets = await Promise.all(Array.from({ length: 150 }, () => site.openConnection()));
    await sleep(3000);
    for (const socket of sockets) socket?.destroy();
  }),
  kind('an answer that nobody reads', async (site) => {
    const socket = await site.openConnection();
    socket?.pause();
    socket?.write(head(site, 'GET /openapi.json HTTP/1.1').repeat(200));
    await sleep(4000);
    socket?.destroy();
  }),
  kind('requests that are cut', async (site) => {
    for (let i = 0; i < 40; i++) {
      const socket = await site.openConnection();
      socket?.write(head(site, 'POST /swarm/execute HTTP/1.1', 'Content-Type: application/json', 'Content-Length: 40'));
      socket?.resetAndDestroy();
    }
  }),
  kind('streams that are left', async (site) => {
    for (let i = 0; i < 15; i++) await site.ask({ path: '/runs/nothing/events?after=0', leaveAfterMs: 20 });
  }),
  kind('a burst of reads', async (site, chance) => {
    await Promise.all(Array.from({ length: 120 }, () => site.ask({ path: chance.pick(READS) })));
  }),
];

export const REQUESTS: readonly Kind[] = [...WELL_FORMED, ...BODIES, ...RAW];
