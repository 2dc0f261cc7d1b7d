/** Which requests of browsers a server on this machine accepts, by their headers alone. */
import { once } from 'node:events';
import { createServer, IncomingMessage } from 'node:http';
import { connect, type AddressInfo, Socket } from 'node:net';
import { parseAuthority } from '../../src/access/authority';
import { createAccessPolicy, type AccessRules } from '../../src/access/policy';
import { expectFast } from '../support/reading-time';

const OPEN: AccessRules = { needsKey: false, allowedHosts: [], corsOrigins: undefined };

/** A request as Node's parser would make it of these header lines. */
function request(lines: Record<string, string | string[]>, url = '/runs', method = 'POST'): IncomingMessage {
  const message = new IncomingMessage(new Socket());
  Object.assign(message, { url, method });
  message.rawHeaders = Object.entries(lines).flatMap(([name, values]) => [values].flat().flatMap((one) => [name, one]));
  const distinct = Object.fromEntries(Object.entries(lines).map(([name, values]) => [name, [values].flat()]));
  const headers = Object.fromEntries(Object.entries(distinct).map(([name, [first]]) => [name, first]));
  Object.defineProperty(message, 'headersDistinct', { value: distinct });
  Object.defineProperty(message, 'headers', { value: headers });
  return message;
}

const readRefusal = (rules: Partial<AccessRules>, ...parts: Parameters<typeof request>) =>
  createAccessPolicy({ ...OPEN, ...rules }).refuse(request(...parts))?.code;

describe('Host without keys', () => {
  test.each(['localhost', 'LOCALHOST', 'localhost:8000', '127.0.0.1', '127.0.0.1:1', '[::1]', '[::1]:65535'])(
    '%s is this machine',
    (host) => expect(readRefusal({}, { host })).toBeUndefined(),
  );

  test.each([
    'evil.test',
    'evil.test:8000',
    'localhost.',
    '127.0.0.1.',
    '127.0.0.1.evil.test',
    'localhost.evil.test',
    'evil.test.localhost',
    'evil-localhost',
    '127.1',
    '127.0.1',
    '2130706433',
    '0x7f000001',
    '0177.0.0.1',
    '127.0.0.2',
    '0.0.0.0',
    '[::]',
    '[::1%lo]',
    '[::1%25lo]',
    '[::ffff:127.0.0.1]',
    '::1',
    '[::1',
    'user@localhost',
    'localhost@evil.test',
    'localhost:8000@evil.test',
    'localhost:',
    'localhost:x',
    'localhost:123456',
    'localhost:80:80',
    'localhost/evil.test',
    'localhost, evil.test',
    'localhost evil.test',
    ' ',
    'lоcalhost',
    'localhost\u0000',
    'a'.repeat(10_000),
  ])('%j is not', (host) => expect(readRefusal({}, { host })).toBe('FORBIDDEN_HOST'));

  test('none, an empty one and two are refused', () => {
    expect(readRefusal({}, {})).toBe('FORBIDDEN_HOST');
    expect(readRefusal({}, { host: '' })).toBe('FORBIDDEN_HOST');
    expect(readRefusal({}, { host: ['localhost', 'evil.test'] })).toBe('FORBIDDEN_HOST');
    expect(readRefusal({}, { host: ['localhost', 'localhost'] })).toBe('FORBIDDEN_HOST');
  });

  test('an absolute target must name the same host', () => {
    const host = 'localhost:8000';
    expect(readRefusal({}, { host }, 'http://localhost:8000/runs')).toBeUndefined();
    expect(readRefusal({}, { host }, 'http://evil.test/runs')).toBe('FORBIDDEN_HOST');
    expect(readRefusal({}, { host }, 'http://localhost:8000@evil.test/runs')).toBe('FORBIDDEN_HOST');
    expect(readRefusal({}, { host: 'evil.test' }, 'http://localhost:8000/runs')).toBe('FORBIDDEN_HOST');
  });

  test('ALLOWED_HOSTS adds names, for one port or for all', () => {
    const allowedHosts = ['Swarm.Example', 'other.example:8443'];
    const accepted = ['swarm.example', 'swarm.example:9', 'other.example:8443', 'localhost'];
    for (const host of accepted) expect(readRefusal({ allowedHosts }, { host })).toBeUndefined();
    for (const host of ['other.example', 'other.example:9', 'x.swarm.example'])
      expect(readRefusal({ allowedHosts }, { host })).toBe('FORBIDDEN_HOST');
  });

  test('with keys any name will do', () =>
    expect(readRefusal({ needsKey: true }, { host: 'evil.test' })).toBeUndefined());
});

describe('Origin without keys', () => {
  const host = 'localhost:8000';

  test.each([
    'http://localhost:8000',
    'http://localhost:3000',
    'https://localhost',
    'http://127.0.0.1:5173',
    'http://[::1]:3000',
  ])('%s may use the API', (origin) => expect(readRefusal({}, { host, origin })).toBeUndefined());

  test.each([
    'https://evil.test',
    'http://evil.test:8000',
    'http://localhost.evil.test',
    'http://localhost:3000.evil.test',
    'http://localhost@evil.test',
    'http://evil.test/http://localhost',
    'http://127.0.0.1.evil.test',
    'http://127.1',
    'http://localhost.',
    'file://',
    'null',
    '',
    '*',
    'chrome-extension://abc',
    'http://localhost:3000, http://evil.test',
    'ws://localhost:3000',
  ])('%j may not', (origin) => expect(readRefusal({}, { host, origin })).toBe('FORBIDDEN_ORIGIN'));

  test("an allowed host's own pages may, under either scheme: a proxy may speak TLS", () => {
    const allowedHosts = ['swarm.example'];
    const own = (name: string, origin: string) => readRefusal({ allowedHosts }, { host: name, origin });
    expect(own('swarm.example', 'https://swarm.example')).toBeUndefined();
    expect(own('swarm.example:443', 'https://swarm.example')).toBeUndefined();
    expect(own('swarm.example:8443', 'https://swarm.example:8443')).toBeUndefined();
    expect(own('swarm.example', 'https://swarm.example:9')).toBe('FORBIDDEN_ORIGIN');
    expect(own('swarm.example', 'ftp://swarm.example')).toBe('FORBIDDEN_ORIGIN');
  });

  test('CORS_ORIGINS takes the place of the default, and * lets all in', () => {
    const corsOrigins = ['https://App.example'];
    expect(readRefusal({ corsOrigins }, { host, origin: 'https://app.example' })).toBeUndefined();
    expect(readRefusal({ corsOrigins }, { host, origin: 'http://localhost:8000' })).toBeUndefined();
    expect(readRefusal({ corsOrigins }, { host, origin: 'http://localhost:3000' })).toBe('FORBIDDEN_ORIGIN');
    expect(readRefusal({ corsOrigins: ['*'] }, { host, origin: 'null' })).toBeUndefined();
    expect(readRefusal({ corsOrigins: ['*'] }, { host: 'evil.test' })).toBe('FORBIDDEN_HOST');
  });

  test('a request without an origin is refused where the browser says that another site sends it', () => {
    const from = (site: string, more = {}) =>
      readRefusal({}, { host, 'sec-fetch-site': site, ...more }, '/runs', 'GET');
    for (const site of ['none', 'same-origin', 'same-site']) expect(from(site)).toBeUndefined();
    expect(from('cross-site')).toBe('FORBIDDEN_ORIGIN');
    expect(from('cross-site', { origin: 'http://127.0.0.1:3000' })).toBeUndefined();
  });

  test('a link on another site opens a page in a tab, and nothing else', () => {
    const link = { host, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
    const follow = (url: string, more = {}, method = 'GET') =>
      readRefusal({ isPage: (path) => path === '/dashboard' }, { ...link, ...more }, url, method);
    expect(follow('/dashboard?x=1')).toBeUndefined();
    expect(follow('/runs')).toBe('FORBIDDEN_ORIGIN');
    expect(follow('/dashboard', { 'sec-fetch-dest': 'iframe' })).toBe('FORBIDDEN_ORIGIN');
    expect(follow('/dashboard', { 'sec-fetch-mode': 'no-cors' })).toBe('FORBIDDEN_ORIGIN');
    expect(follow('/dashboard', {}, 'POST')).toBe('FORBIDDEN_ORIGIN');
  });
});

describe('with keys', () => {
  const policy = createAccessPolicy({ ...OPEN, needsKey: true });
  const foreign = request({ host: 'swarm.example', origin: 'https://evil.test' });

  test('a WebSocket of a foreign page is refused, a request of it is not', () => {
    expect(policy.refuse(foreign)).toBeUndefined();
    expect(policy.refuseWebSocket(foreign)?.code).toBe('FORBIDDEN_ORIGIN');
    expect(policy.refuseWebSocket(request({ host: 'swarm.example', origin: 'https://swarm.example' }))).toBeUndefined();
    expect(policy.refuseWebSocket(request({ host: 'swarm.example' }))).toBeUndefined();
  });

  test('a foreign page may not read', () => expect(policy.corsOrigin(foreign)).toBe(''));
});

test('a refusal names the setting, and quotes what came without its control characters', () => {
  const policy = createAccessPolicy(OPEN);
  expect(policy.refuse(request({ host: 'evil\u001b.test' }))?.message).toBe(
    'Host: "evil\\u001b.test" is not an address of this server; add it to ALLOWED_HOSTS if it is.',
  );
  const origin = `http://${'x'.repeat(500)}`;
  expect(policy.refuse(request({ host: 'localhost', origin }))?.message).toMatch(
    /^Origin: "http:\/\/x{93}" .*CORS_ORIGINS/,
  );
});

test('no text holds the parser up', async () => {
  for (const text of [
    'a.'.repeat(200_000),
    '-'.repeat(200_000),
    `[${':'.repeat(200_000)}`,
    `a:${'1'.repeat(200_000)}`,
  ]) {
    expect(parseAuthority(text)).toBeUndefined();
    await expectFast(text.slice(0, 5), () => parseAuthority(text), 100);
  }
});

test("Node's parser hands on what the policy must see: two hosts, and the target of a proxy request", async () => {
  const policy = createAccessPolicy(OPEN);
  const server = createServer((incoming, reply) => reply.end(policy.refuse(incoming)?.code ?? 'accepted'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const ask = async (head: string) => {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    socket.write(`${head}\r\nConnection: close\r\n\r\n`);
    let reply = '';
    for await (const part of socket) reply += String(part);
    return reply;
  };
  expect(await ask('GET / HTTP/1.1\r\nHost: localhost')).toMatch(/accepted$/);
  expect(await ask('GET http://localhost/x HTTP/1.1\r\nHost: localhost')).toMatch(/accepted$/);
  expect(await ask('GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.test')).not.toMatch(/accepted$/);
  expect(await ask('GET / HTTP/1.1\r\nHost: localhost\r\nhost: localhost')).not.toMatch(/accepted$/);
  expect(await ask('GET http://evil.test/ HTTP/1.1\r\nHost: localhost')).toMatch(/FORBIDDEN_HOST$/);
  expect(await ask('GET / HTTP/1.0')).toMatch(/FORBIDDEN_HOST$/);
  expect(await ask('GET / HTTP/1.1')).toMatch(/^HTTP\/1.1 400 /);
  server.close();
});
