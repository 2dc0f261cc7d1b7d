/** `npm start -- "task"` follows its run across broken connections, however long the run was silent before. */
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { RunStream } from '../../src/cli/run-stream';

let api: Server;
let requests: string[];
let answer: (reply: ServerResponse, path: string) => void;
beforeAll(async () => {
  api = createServer((request, reply) => {
    requests.push(`${request.method} ${request.url}`);
    reply.writeHead(200, { 'content-type': 'text/event-stream' });
    answer(reply, request.url ?? '');
  }).listen(0, '127.0.0.1');
  await once(api, 'listening');
});
beforeEach(() => (requests = []));
afterAll(() => api.closeAllConnections());

const tell = (reply: ServerResponse, frame: object) =>
  reply.write(`data: ${JSON.stringify({ run_id: 'run', content: '', done: false, ...frame })}\n\n`);

/** Returns the received events, with `gave up` at the end if it gave up; `onFrame` is called after each. */
async function follow(onFrame: () => void): Promise<string[]> {
  const { port } = api.address() as AddressInfo;
  const environment = { apiUrl: `http://127.0.0.1:${port}`, env: {} };
  const events: string[] = [];
  try {
    const stream = new RunStream({ message: 'task', swarm: 'swarm', session: undefined }, environment);
    for await (const { event = '' } of stream.follow()) {
      events.push(event);
      onFrame();
    }
  } catch {
    events.push('gave up');
  }
  return events;
}

/** Sets the clock three minutes ahead. */
const moveClock = () => {
  const now = Date.now.bind(Date);
  jest.spyOn(Date, 'now').mockImplementation(() => now() + 180_000);
};
afterEach(() => jest.restoreAllMocks());

test('a connection that breaks after minutes without a frame is reopened', async () => {
  answer = (reply, path) => {
    const isFirst = path === '/swarm/execute';
    tell(reply, isFirst ? { event: 'turn.started', cursor: 'a-1' } : { event: 'run.completed', done: true });
    setTimeout(() => reply.destroy(), 300);
  };
  expect(await follow(moveClock)).toEqual(['turn.started', 'run.completed']);
  expect(requests).toEqual(['POST /swarm/execute', 'GET /runs/run/events?after=a-1']);
});

test('one that does not recover for minutes is abandoned', async () => {
  answer = (reply, path) => {
    if (path !== '/swarm/execute') return reply.destroy();
    tell(reply, { event: 'turn.started', cursor: 'a-1' });
    setTimeout(() => reply.destroy(), 300);
  };
  expect(await follow(() => setTimeout(moveClock, 1500))).toEqual(['turn.started', 'gave up']);
  expect(requests.length).toBeGreaterThan(2);
});
