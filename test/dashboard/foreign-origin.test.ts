/**
 * A page of another origin attacks a product that was started without keys, in a real browser: it can start, read and delete nothing. From
 * an allowed origin the same page can do all of that, which shows that the attacks themselves work.
 */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { get, post } from '../support/readers';
import { createStack, until, type Stack } from '../support/stack';
import { setScene } from './browser';

const scene = setScene({}, ['--host-resolver-rules=MAP evil.test 127.0.0.1']);

let pages: Server;
let pagePort: number;
beforeAll(async () => {
  pages = createServer((_request, reply) => {
    reply.setHeader('content-type', 'text/html').end('<!doctype html><title>A page</title><body></body>');
  }).listen(0, '127.0.0.1');
  await once(pages, 'listening');
  pagePort = (pages.address() as AddressInfo).port;
});
afterAll(() => {
  pages.closeAllConnections();
  pages.close();
});

/** The attempts of a page, by name. Each returns what it has read, or `nothing`. Runs in the browser. */
const ATTACKS = `async (api, target) => {
  const run = JSON.stringify({ swarm_id: 'one-voice', message: 'Started by a page', wait: false });
  const order = (type) => ({ method: 'POST', body: run, headers: type ? { 'content-type': type } : {} });
  const tell = async (name, attempt) => {
    const late = new Promise((resolve) => setTimeout(() => resolve('nothing'), 4000));
    const outcome = await Promise.race([late, attempt().catch(() => 'nothing')]);
    return [name, String(outcome).slice(0, 300) || 'nothing'];
  };
  const read = async (path, init) => {
    const reply = await fetch(api + path, init);
    return reply.type === 'opaque' || !reply.ok ? 'nothing' : reply.status === 204 ? 'done' : reply.text();
  };
  const submit = (action, enctype, fields, where) => new Promise((resolve) => {
    const frame = document.createElement('iframe');
    frame.name = 'frame' + Math.random();
    document.body.append(frame);
    const form = Object.assign(document.createElement('form'), { action: api + action, method: 'POST', enctype, target: frame.name });
    for (const [name, value] of fields) form.append(Object.assign(document.createElement('input'), { name, value }));
    document.body.append(form);
    frame.addEventListener('load', () => resolve('nothing'));
    form.submit();
    setTimeout(() => resolve('nothing'), 1500);
  });
  const load = (tag, path) => new Promise((resolve) => {
    const element = document.createElement(tag);
    element.onload = () => resolve(tag === 'iframe' ? 'nothing' : 'loaded');
    element.onerror = () => resolve('nothing');
    element[tag === 'link' ? 'href' : 'src'] = api + path;
    if (tag === 'link') element.rel = 'stylesheet';
    document.body.append(element);
  });
  const socket = (path, frame) => new Promise((resolve) => {
    const one = new WebSocket(api.replace('http', 'ws') + path);
    one.onopen = () => frame ? one.send(frame) : resolve('open');
    one.onmessage = ({ data }) => resolve(data);
    one.onerror = () => resolve('nothing');
  });
  const events = (path) => new Promise((resolve) => {
    const source = new EventSource(api + path);
    source.onmessage = ({ data }) => (source.close(), resolve(data));
    source.onerror = () => (source.close(), resolve('nothing'));
  });
  const xhr = () => new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.onload = () => resolve(request.status < 300 ? request.responseText : 'nothing');
    request.onerror = () => resolve('nothing');
    request.open('POST', api + '/swarm/execute');
    request.send(run);
  });
  const sandboxed = () => new Promise((resolve) => {
    const frame = document.createElement('iframe');
    frame.sandbox = 'allow-scripts allow-forms';
    const script = "fetch('" + api + "/runs').then((reply) => reply.ok && reply.text(), () => 'nothing').then((text) => parent.postMessage(text || 'nothing', '*'));" +
      "fetch('" + api + "/swarm/execute', { method: 'POST', mode: 'no-cors', body: '" + run + "' })";
    frame.srcdoc = '<script>' + script + '</' + 'script>';
    addEventListener('message', ({ data }) => resolve(data), { once: true });
    document.body.append(frame);
  });
  const rpc = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'one-voice', arguments: { message: 'By MCP' } } });
  const forMcp = { method: 'POST', body: rpc, headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' } };
  const attacks = {
    'fetch GET': () => read('/runs'),
    'fetch GET of a session': () => read('/sessions/' + target.session),
    'fetch GET of health': () => read('/healthz'),
    'fetch GET of metrics': () => read('/metrics'),
    'fetch GET, no-cors': () => read('/runs', { mode: 'no-cors' }),
    'fetch POST of text': () => read('/swarm/execute', order('text/plain')),
    'fetch POST of text, no-cors': () => read('/swarm/execute', { ...order('text/plain'), mode: 'no-cors' }),
    'fetch POST without a type, no-cors': () => read('/swarm/execute', { method: 'POST', mode: 'no-cors', body: new Blob([run]) }),
    'fetch POST, no referrer': () => read('/swarm/execute', { ...order('text/plain'), mode: 'no-cors', referrerPolicy: 'no-referrer' }),
    'fetch POST of JSON': () => read('/swarm/execute', order('application/json')),
    'fetch POST to OpenAI routes': () => read('/v1/chat/completions', { method: 'POST', body: JSON.stringify({ model: 'one-voice', messages: [{ role: 'user', content: 'Hi' }] }) }),
    'fetch POST to MCP': () => read('/mcp', forMcp),
    'fetch POST to MCP, no-cors': () => read('/mcp', { method: 'POST', mode: 'no-cors', body: rpc }),
    'fetch POST to cancel, no-cors': () => read('/runs/' + target.run + '/cancel', { method: 'POST', mode: 'no-cors' }),
    'XMLHttpRequest': xhr,
    'sendBeacon': async () => (navigator.sendBeacon(api + '/swarm/execute', run), navigator.sendBeacon(api + '/swarm/execute', new Blob([run], { type: 'text/plain' })), 'nothing'),
    'form of text': () => submit('/swarm/execute', 'text/plain', [['{"swarm_id":"one-voice","message":"By a form","x":"', '"}']]),
    'form, url-encoded': () => submit('/swarm/execute', 'application/x-www-form-urlencoded', [['swarm_id', 'one-voice'], ['message', 'Hi']]),
    'form, multipart': () => submit('/swarm/execute', 'multipart/form-data', [['swarm_id', 'one-voice'], ['message', 'Hi']]),
    'form to cancel': () => submit('/runs/' + target.run + '/cancel', 'text/plain', []),
    'image': () => load('img', '/runs'),
    'script': () => load('script', '/runs'),
    'style sheet': () => load('link', '/runs'),
    'frame': () => load('iframe', '/dashboard'),
    'EventSource': () => events('/runs/' + target.run + '/events'),
    'WebSocket that starts': () => socket('/ws/swarm', run),
    'WebSocket that follows': () => socket('/ws/swarm', JSON.stringify({ run_id: target.run })),
    'WebSocket that cancels': () => socket('/ws/swarm', JSON.stringify({ cancel: target.run })),
    'WebSocket of the bus': () => socket('/ws/bus'),
    'sandboxed frame': sandboxed,
    'fetch DELETE': () => read('/sessions/' + target.session, { method: 'DELETE' }),
  };
  const outcomes = [];
  for (const [name, attempt] of Object.entries(attacks)) outcomes.push(await tell(name, attempt));
  return Object.fromEntries(outcomes);
}`;

interface Target {
  run: string;
  session: string;
}

/** A session with an answer in it, and a running run. */
async function prepareTarget(stack: Stack, session: string): Promise<Target> {
  stack.gateway.script('balanced-model', [{ tokens: { text: 'The secret answer.' } }]);
  await post(`${stack.url}/swarm/execute`, {
    swarm_id: 'one-voice',
    message: 'The secret question',
    session_id: session,
  });
  stack.gateway.script('balanced-model', [{ tokens: { count: 100_000 }, intervalMs: 100 }]);
  const { body } = await post(`${stack.url}/swarm/execute`, { swarm_id: 'one-voice', message: 'Long', wait: false });
  const run = body.run_id as string;
  await until(async () => (await get(`${stack.url}/runs/${run}`)).body.turns.length > 0);
  return { run, session };
}

/** Everything that a page could have changed. */
async function measure(stack: Stack, { run, session }: Target) {
  const runs = (await get(`${stack.url}/runs?limit=100`)).body.runs as { run_id: string }[];
  return {
    runs: runs.map(({ run_id }) => run_id).sort(),
    calls: stack.gateway.calls().length,
    status: (await get(`${stack.url}/runs/${run}`)).body.status as string,
    session: (await get(`${stack.url}/sessions/${session}`)).status,
  };
}

/** Opens the page at an address and lets it make all its attempts. */
async function attack(address: string, api: string, target: Target): Promise<Record<string, string>> {
  const { page, close } = await scene.visit(address);
  const outcomes = await page.evaluate(`(${ATTACKS})(${JSON.stringify(api)}, ${JSON.stringify(target)})`);
  await close();
  return outcomes as Record<string, string>;
}

const successes = (outcomes: Record<string, string>) =>
  Object.entries(outcomes).flatMap(([name, outcome]) => (outcome === 'nothing' ? [] : [name]));

const FROM_ALLOWED_ORIGINS = [
  'fetch GET',
  'fetch GET of a session',
  'fetch POST of text',
  'fetch POST of JSON',
  'XMLHttpRequest',
  'EventSource',
  'WebSocket that starts',
  'WebSocket that follows',
  'WebSocket of the bus',
  'fetch DELETE',
];

test('a page of another origin starts, reads, cancels and deletes nothing', async () => {
  const { stack } = scene;
  const target = await prepareTarget(stack, 'attacked');
  const before = await measure(stack, target);
  const port = new URL(stack.url).port;
  for (const api of [`http://127.0.0.1:${port}`, `http://localhost:${port}`]) {
    const outcomes = await attack(`http://evil.test:${pagePort}/`, api, target);
    expect(Object.keys(outcomes).length).toBeGreaterThan(25);
    expect(successes(outcomes)).toEqual([]);
  }
  expect(await measure(stack, target)).toEqual(before);
  expect(before).toMatchObject({ status: 'running', session: 200 });
}, 180_000);

test('the same holds for a page whose host name resolves to this machine at the port of the API', async () => {
  const { stack, browser } = scene;
  const target = await prepareTarget(stack, 'rebound');
  const before = await measure(stack, target);
  const api = `http://evil.test:${new URL(stack.url).port}`;
  const context = await browser.newContext();
  const page = await context.newPage();
  // as if the name had resolved to another host when the page was loaded
  await page.route(`${api}/page`, (route) =>
    route.fulfill({ contentType: 'text/html', body: '<!doctype html><body></body>' }),
  );
  await page.goto(`${api}/page`);
  expect(await page.evaluate('location.origin')).toBe(api);
  const outcomes = await page.evaluate<Record<string, string>>(
    `(${ATTACKS})(${JSON.stringify(api)}, ${JSON.stringify(target)})`,
  );
  expect(successes(outcomes)).toEqual([]);
  expect((await page.goto(`${api}/dashboard`))?.status()).toBe(403);
  await context.close();
  expect(await measure(stack, target)).toEqual(before);
}, 120_000);

test('the same page can do all of that from an origin on localhost', async () => {
  const { stack } = scene;
  const target = await prepareTarget(stack, 'open');
  const before = await measure(stack, target);
  const outcomes = await attack(`http://localhost:${pagePort}/`, `http://localhost:${new URL(stack.url).port}`, target);
  expect(successes(outcomes)).toEqual(expect.arrayContaining(FROM_ALLOWED_ORIGINS));
  expect(outcomes['fetch GET of a session']).toContain('The secret answer.');
  const after = await measure(stack, target);
  expect(after.runs.length).toBeGreaterThan(before.runs.length + 5);
  expect(after).toMatchObject({ status: 'cancelled', session: 404 });
}, 120_000);

test('the same page can do all of that from an origin in CORS_ORIGINS', async () => {
  const stack = await createStack({ CORS_ORIGINS: `http://evil.test:${pagePort}` });
  const target = await prepareTarget(stack, 'named');
  const outcomes = await attack(`http://evil.test:${pagePort}/`, stack.url, target);
  expect(successes(outcomes)).toEqual(expect.arrayContaining(FROM_ALLOWED_ORIGINS));
  expect(await measure(stack, target)).toMatchObject({ session: 404 });
  await stack.stop();
}, 120_000);

test('a link on another site opens the dashboard, and the dashboard works', async () => {
  const { page, close } = await scene.visit(`http://evil.test:${pagePort}/`);
  await page.evaluate(`document.body.innerHTML = '<a href="${scene.stack.url}/">Open</a>'`);
  await page.click('a');
  await page.locator('.composer').waitFor();
  await close();
});
