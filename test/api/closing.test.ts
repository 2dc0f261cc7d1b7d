/** However many parts of the API handle a response, Node sees one listener, and every part is notified when the response closes. */
import { once } from 'node:events';
import { createServer, get, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import Koa, { type Context } from 'koa';
import { onClosing } from '../../src/api/closing';
import { createApiLimits, enforceRate, limitCallers } from '../../src/api/limits/middleware';
import { createApiMetrics } from '../../src/api/metrics';
import { createEventStreams, type EventStream } from '../../src/api/sse';
import { loadConfig } from '../../src/config/config';

let server: Server;
let route: (ctx: Context) => void | Promise<void>;
const warnings: Error[] = [];
const note = (warning: Error) => void warnings.push(warning);

/** One request at a time: if the previous test has not released its count, the next request is refused. */
const settings = { ...loadConfig({}, ''), MAX_OPEN_REQUESTS_PER_KEY: 1 };
const limits = { ...createApiLimits({} as never, settings), rate: { count: () => Promise.resolve(undefined) } };
const metrics = createApiMetrics();
const streams = createEventStreams(1024 * 1024);

beforeAll(async () => {
  process.on('warning', note);
  const app = new Koa();
  app.use(metrics.requests);
  app.use(limitCallers(limits));
  app.use(enforceRate);
  app.use((ctx) => route(ctx));
  app.on('error', () => undefined);
  server = createServer(app.callback()).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => {
  process.off('warning', note);
  server.closeAllConnections();
  server.close();
});
beforeEach(() => void (warnings.length = 0));

const request = () => get({ host: '127.0.0.1', port: (server.address() as AddressInfo).port, agent: false });

/** A streamed run as the API serves it, with its response once the client has received the first frame. */
async function openStream() {
  const left: string[] = [];
  let response: ServerResponse | undefined;
  let stream: EventStream | undefined;
  route = (ctx) => {
    response = ctx.res;
    stream = streams.open(ctx);
    stream.onLeave(() => left.push('following'));
    stream.onLeave(() => left.push('run'));
    stream.say({ content: 'Hi' });
  };
  const client = request();
  client.on('error', () => undefined);
  const [reply] = (await once(client, 'response')) as [NodeJS.ReadableStream];
  await once(reply, 'data');
  return { client, left, response: response!, stream: stream! };
}

it('keeps the number of listeners of a streamed run below Node’s warning threshold', async () => {
  const { client, response } = await openStream();
  expect(response.listenerCount('close')).toBeLessThan(10);
  client.destroy();
  await once(response, 'close');
  await new Promise((resolve) => setImmediate(resolve));
  expect(warnings).toEqual([]);
});

it('notifies every listener that the client of a stream has disconnected, and releases its counts', async () => {
  const { client, left, response } = await openStream();
  expect(streams.size).toBe(1);
  client.destroy();
  await once(response, 'close');
  expect(left).toEqual(['following', 'run']);
  expect(streams.size).toBe(0);
});

it('notifies every listener that a stream has ended', async () => {
  const { left, response, stream } = await openStream();
  stream.end();
  await once(response, 'close');
  expect([left, streams.size]).toEqual([['following', 'run'], 0]);
});

it('notifies a listener that is added after the client has left, and never a removed listener', async () => {
  const received: string[] = [];
  const isOver = new Promise<void>((resolve) => {
    route = async (ctx) => {
      const removed = onClosing(ctx.res, () => received.push('removed'));
      await once(ctx.res, 'close');
      onClosing(ctx.res, () => received.push('late'));
      onClosing(ctx.res, () => received.push('late and removed'))();
      removed();
      await new Promise((resolve) => setImmediate(resolve));
      resolve();
    };
  });
  const client = request();
  client.on('error', () => undefined);
  client.once('socket', (socket) => socket.once('connect', () => setTimeout(() => client.destroy(), 50)));
  await isOver;
  expect(received).toEqual(['removed', 'late']);
});
