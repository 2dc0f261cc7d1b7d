/** The connection to a gateway: timeouts, redirects, proxies and certificates. */
import { rmSync } from 'node:fs';
import http, { type IncomingMessage, type RequestListener, type Server } from 'node:http';
import https, { type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { constants, createBrotliCompress, createDeflate, createGzip } from 'node:zlib';
import { Agent } from 'undici';
import { loadConfig } from '../../src/config/config';
import type { Endpoint } from '../../src/gateway/adapters/endpoint';
import { connectPortkey } from '../../src/gateway/adapters/portkey';
import { probe } from '../../src/gateway/probe';
import { createEndpoints } from '../../src/gateway/configured-gateways';
import { AUTHORITY, SERVER, writeCertificates } from '../support/certificates';
import { startConnectProxy, type ConnectProxy } from '../support/connect-proxy';
import { endpointAt, readFailure, hear } from '../support/endpoints';

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

const files = writeCertificates();
afterAll(() => rmSync(files.folder, { recursive: true }));

const chunk = (delta: object, finish_reason: string | null = null) =>
  `data: ${JSON.stringify({ id: 'c', model: 'm', choices: [{ index: 0, delta, finish_reason }] })}\n\n`;
const ANSWER = `${chunk({ content: 'Hi' })}${chunk({}, 'stop')}data: [DONE]\n\n`;

interface Listening {
  url: string;
  port: number;
  requests: IncomingMessage[];
}

async function listen(server: Server, scheme: string, requests: IncomingMessage[] = []): Promise<Listening> {
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stops.push(() => (server.closeAllConnections(), server.close()));
  const { port } = server.address() as AddressInfo;
  return { url: `${scheme}://127.0.0.1:${port}/v1`, port, requests };
}

/** Handles each request with `answer`, and records it. */
function noting(requests: IncomingMessage[], answer: RequestListener): RequestListener {
  return (request, response) => {
    requests.push(request);
    answer(request, response);
  };
}

const speak: RequestListener = (request, response) => {
  request.resume();
  const type = request.method === 'GET' ? 'application/json' : 'text/event-stream';
  response.writeHead(200, { 'content-type': type }).end(request.method === 'GET' ? '{"data":[]}' : ANSWER);
};

function serve(answer: RequestListener): Promise<Listening> {
  const requests: IncomingMessage[] = [];
  return listen(http.createServer(noting(requests, answer)), 'http', requests);
}

function serveTls(options: ServerOptions = {}): Promise<Listening> {
  const requests: IncomingMessage[] = [];
  return listen(https.createServer({ ...SERVER, ...options }, noting(requests, speak)), 'https', requests);
}

async function startProxy(options: Parameters<typeof startConnectProxy>[0] = {}): Promise<ConnectProxy> {
  const proxy = await startConnectProxy(options);
  stops.push(() => proxy.stop());
  return proxy;
}

/** Returns the first gateway of these settings. */
function configured(env: NodeJS.ProcessEnv): Endpoint {
  const [endpoint] = createEndpoints(loadConfig({ ...env, FIRST_TOKEN_TIMEOUT_SECONDS: '5' }, '/nonexistent/.env'));
  return endpoint!;
}

describe('the limits of fetch', () => {
  // the global object of Node's own `fetch`, which differs from a suite's, with less than its 300 s
  const outside = fetch.constructor('return globalThis')() as Record<symbol, unknown>;
  const dispatcher = Symbol.for('undici.globalDispatcher.1');
  const before = outside[dispatcher];
  beforeEach(() => void (outside[dispatcher] = new Agent({ headersTimeout: 200, bodyTimeout: 200 })));
  afterEach(() => void (outside[dispatcher] = before));
  const SILENCE_MS = 2500;

  it('do not apply to the first token', async () => {
    const { url } = await serve((request, response) => void setTimeout(() => speak(request, response), SILENCE_MS));
    expect((await hear(endpointAt(url, { firstTokenTimeoutMs: 10_000 }))).text).toBe('Hi');
  });

  it('do not apply between two tokens', async () => {
    const { url } = await serve((request, response) => {
      request.resume();
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(chunk({ content: 'H' }));
      setTimeout(() => response.end(`${chunk({ content: 'i' })}${chunk({}, 'stop')}data: [DONE]\n\n`), SILENCE_MS);
    });
    expect((await hear(endpointAt(url, { idleTimeoutMs: 10_000 }))).text).toBe('Hi');
  });
});

it.each([{ reasoning_content: null }, { reasoning: '' }, { content: '' }, { reasoning_details: [] }, {}])(
  'a stream of nothing but %j is silent',
  async (delta) => {
    const { url } = await serve((request, response) => {
      request.resume();
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(chunk({ content: 'Hi' }));
      const timer = setInterval(() => response.write(chunk(delta)), 30);
      response.on('close', () => clearInterval(timer));
    });
    const received = await hear(endpointAt(url, { idleTimeoutMs: 300 }), { signal: AbortSignal.timeout(4000) });
    expect(readFailure(received).code).toBe('STREAM_STALLED');
  },
);

it.each([
  ['gzip', () => createGzip({ flush: constants.Z_SYNC_FLUSH })],
  ['deflate', () => createDeflate({ flush: constants.Z_SYNC_FLUSH })],
  ['br', () => createBrotliCompress({ flush: constants.BROTLI_OPERATION_FLUSH })],
])('an answer compressed as %s is passed on while it arrives', async (encoding, createEncoder) => {
  let isFirst = () => {};
  const first = new Promise<void>((resolve) => (isFirst = resolve));
  const { url } = await serve((request, response) => {
    request.resume();
    response.writeHead(200, { 'content-type': 'text/event-stream', 'content-encoding': encoding });
    const encoder = createEncoder();
    encoder.pipe(response);
    encoder.write(chunk({ content: 'H' }));
    void first.then(() => encoder.end(`${chunk({ content: 'i' })}${chunk({}, 'stop')}data: [DONE]\n\n`));
  });
  const received: string[] = [];
  const { error } = await hear(endpointAt(url, { firstTokenTimeoutMs: 5000 }), {
    onText(text) {
      received.push(text);
      isFirst();
    },
  });
  expect([error, received]).toEqual([undefined, ['H', 'i']]);
});

it('sequential calls use few connections', async () => {
  const { url, requests } = await serve(speak);
  for (let i = 0; i < 10; i++) expect((await hear(endpointAt(url))).text).toBe('Hi');
  expect(new Set(requests.map(({ socket }) => socket)).size).toBeLessThanOrEqual(2);
});

describe('a redirect', () => {
  const keys = { config: undefined, virtualKey: 'virtual', provider: undefined, providerKey: undefined };
  const redirecting = (status: number, to: string): RequestListener => {
    return (request, response) => {
      request.resume();
      response.writeHead(status, { location: to }).end();
    };
  };

  it.each([301, 302, 303, 307, 308])('with %i to another origin is not followed, and is reported', async (status) => {
    const elsewhere = await serve(speak);
    const { url } = await serve(redirecting(status, `${elsewhere.url.replace('://', '://u:secret@')}/x?key=secret`));
    const endpoint = { ...connectPortkey({ apiKey: 'pk-1', baseUrl: url, ...keys }), firstTokenTimeoutMs: 3000 };
    const failure = readFailure(await hear(endpoint));
    expect(elsewhere.requests).toHaveLength(0);
    expect(failure).toMatchObject({ code: 'GATEWAY_UNAVAILABLE', isRefusal: true });
    expect(failure.message).toContain(`redirects from ${url}/chat/completions to ${elsewhere.url}/x`);
    expect(failure.message).toContain('PORTKEY_BASE_URL');
    expect(failure.message).not.toContain('secret');
    expect(await probe(endpoint)).toMatchObject({ ok: false, problem: expect.stringContaining('redirects') });
    expect(elsewhere.requests).toHaveLength(0);
  });

  it('within the origin is followed with the same request', async () => {
    const { url, requests } = await serve((request, response) => {
      if (request.url?.startsWith('/v1/')) redirecting(308, '/other/place')(request, response);
      else speak(request, response);
    });
    expect((await hear(endpointAt(url))).text).toBe('Hi');
    expect(requests.map(({ method, url: path }) => `${method} ${path}`)).toEqual([
      'POST /v1/chat/completions',
      'POST /other/place',
    ]);
    expect(requests[1]?.headers.authorization).toBe('Bearer test-key');
  });

  it('within the origin that drops the request body is not followed', async () => {
    const { url, requests } = await serve(redirecting(302, '/login'));
    expect(readFailure(await hear(endpointAt(url))).message).toContain('/login');
    expect(requests).toHaveLength(1);
  });

  it('that loops ends', async () => {
    const { url, requests } = await serve(redirecting(307, '/v1/chat/completions'));
    expect(readFailure(await hear(endpointAt(url))).code).toBe('GATEWAY_UNAVAILABLE');
    expect(requests.length).toBeLessThan(10);
  });
});

describe('a proxy', () => {
  it.each(['HTTPS_PROXY', 'https_proxy'])('in %s connects to a gateway that only it can reach', async (variable) => {
    const gateway = await serveTls();
    const proxy = await startProxy({ names: { 'gateway.test': '127.0.0.1' } });
    const endpoint = configured({
      GATEWAY_URL: `https://gateway.test:${gateway.port}/v1`,
      GATEWAY_TLS_CA: files.ca,
      [variable]: proxy.url,
    });
    expect((await hear(endpoint)).text).toBe('Hi');
    expect(await probe(endpoint)).toMatchObject({ ok: true });
    expect(proxy.tunnels[0]).toEqual({ to: `gateway.test:${gateway.port}`, authorization: undefined });
  });

  it.each(['HTTP_PROXY', 'http_proxy'])('in %s is used for http addresses, with its login', async (variable) => {
    const gateway = await serve(speak);
    const proxy = await startProxy({ names: { 'gateway.test': '127.0.0.1' } });
    const endpoint = configured({
      GATEWAY_URL: `http://gateway.test:${gateway.port}/v1`,
      [variable]: proxy.url.replace('://', '://user:p%40ss@'),
    });
    expect((await hear(endpoint)).text).toBe('Hi');
    expect(proxy.tunnels[0]?.authorization).toBe(`Basic ${Buffer.from('user:p@ss').toString('base64')}`);
  });

  it('that refuses the connection is reported without its login, and nothing was sent', async () => {
    const proxy = await startProxy({ status: 403 });
    const endpoint = configured({
      GATEWAY_URL: 'http://gateway.test/v1',
      HTTP_PROXY: proxy.url.replace('://', '://user:secret@'),
    });
    const failure = readFailure(await hear(endpoint));
    expect([failure.message, failure.isRefusal]).toEqual([expect.any(String), true]);
    expect(failure.message).toContain(`through the proxy ${proxy.url} (the proxy answered 403)`);
    expect(failure.message).not.toContain('secret');
  });

  it('that is unreachable is reported', async () => {
    const proxy = await startProxy();
    await proxy.stop();
    const endpoint = configured({ GATEWAY_URL: 'http://gateway.test/v1', HTTP_PROXY: proxy.url });
    expect(readFailure(await hear(endpoint)).message).toContain(`through the proxy ${proxy.url} (ECONNREFUSED)`);
  });

  it('is not used for a host in NO_PROXY', async () => {
    const gateway = await serve(speak);
    const proxy = await startProxy({ status: 403 });
    const endpoint = configured({ GATEWAY_URL: gateway.url, HTTP_PROXY: proxy.url, NO_PROXY: 'x.test, 127.0.0.0/8' });
    expect((await hear(endpoint)).text).toBe('Hi');
    expect(proxy.tunnels).toHaveLength(0);
  });

  it('is not used for the local model on this machine', async () => {
    const model = await serve(speak);
    const proxy = await startProxy({ status: 403 });
    const endpoint = configured({ GATEWAYS: 'local', LOCAL_MODEL_URL: model.url, HTTP_PROXY: proxy.url });
    expect((await hear(endpoint)).text).toBe('Hi');
    expect(proxy.tunnels).toHaveLength(0);
  });

  it.each(['http://local-model:8009/v1', 'https://models.test/v1', 'http://192.168.1.5/v1'])(
    'is not used for the local model at %s',
    (LOCAL_MODEL_URL) => {
      const proxies = { HTTP_PROXY: 'http://proxy.test', HTTPS_PROXY: 'http://proxy.test' };
      expect(configured({ GATEWAYS: 'local', LOCAL_MODEL_URL, ...proxies }).network).toEqual({ tls: {} });
      expect(configured({ GATEWAY_URL: LOCAL_MODEL_URL, ...proxies }).network.proxy?.address).toBe('http://proxy.test');
    },
  );

  it.each(['socks5://127.0.0.1:1080', 'http://', 'not a proxy'])('that is invalid prevents the start: %s', (proxy) => {
    expect(() => configured({ GATEWAY_URL: 'https://gateway.test/v1', HTTPS_PROXY: proxy })).toThrow(/HTTPS_PROXY/);
  });
});

describe('certificates', () => {
  it('of an unknown authority are rejected, and the setting is named', async () => {
    const { url } = await serveTls();
    const failure = readFailure(await hear(configured({ GATEWAY_URL: url })));
    expect(failure.message).toMatch(/UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER|SELF_SIGNED/);
    expect(failure.message).toContain('GATEWAY_TLS_CA');
    expect(failure.isRefusal).toBe(true);
  });

  it('of the authority in GATEWAY_TLS_CA are accepted', async () => {
    const { url } = await serveTls();
    expect((await hear(configured({ GATEWAY_URL: url, GATEWAY_TLS_CA: files.ca }))).text).toBe('Hi');
  });

  it('of ours are sent to a gateway that requests them', async () => {
    const { url } = await serveTls({ requestCert: true, rejectUnauthorized: true, ca: AUTHORITY });
    const env = { GATEWAY_URL: url, GATEWAY_TLS_CA: files.ca };
    expect(readFailure(await hear(configured(env))).code).toBe('GATEWAY_UNAVAILABLE');
    const own = { GATEWAY_TLS_CERT: files.cert, GATEWAY_TLS_KEY: files.key };
    expect((await hear(configured({ ...env, ...own }))).text).toBe('Hi');
  });

  it.each([
    ['GATEWAY_TLS_CA', { GATEWAY_TLS_CA: '/nonexistent/ca.pem' }],
    ['GATEWAY_TLS_CA', { GATEWAY_TLS_CA: files.key }],
    ['GATEWAY_TLS_CERT', { GATEWAY_TLS_CERT: files.cert }],
    ['GATEWAY_TLS_KEY', { GATEWAY_TLS_CERT: files.cert, GATEWAY_TLS_KEY: files.serverKey }],
  ])('that are unusable prevent the start, with the name %s', (name, env) => {
    expect(() => configured({ GATEWAY_URL: 'https://gateway.test/v1', ...env })).toThrow(name);
  });
});
