/** `npm start -- "task"` follows its run over broken connections, however quiet the run was before. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

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

/**
 * The events that are heard, and `gave up` where that is the end, by a clock that goes on with each frame as the script says. Jest
 * itself cannot import the module.
 */
async function follow(onFrame: string): Promise<string[]> {
  const { port } = api.address() as AddressInfo;
  const module = pathToFileURL(path.join(__dirname, '../../bootstrap/run-stream.mjs'));
  const script = `
    import { RunStream } from '${module}';
    const now = Date.now;
    let ahead = 0;
    Date.now = () => now() + ahead;
    const place = { apiUrl: 'http://127.0.0.1:${port}', env: {} };
    try {
      for await (const { event } of new RunStream({ message: 'task', swarm: 'swarm' }, place).follow()) {
        console.log(event);
        ${onFrame}
      }
    } catch {
      console.log('gave up');
    }
    process.exit();`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script]);
  return stdout.trim().split('\n');
}

const THREE_MINUTES_LATER = 'ahead += 180_000;';

test('a connection that breaks after minutes without a frame is made anew', async () => {
  answer = (reply, path) => {
    const isFirst = path === '/swarm/execute';
    tell(reply, isFirst ? { event: 'turn.started', cursor: 'a-1' } : { event: 'run.completed', done: true });
    setTimeout(() => reply.destroy(), 300);
  };
  expect(await follow(THREE_MINUTES_LATER)).toEqual(['turn.started', 'run.completed']);
  expect(requests).toEqual(['POST /swarm/execute', 'GET /runs/run/events?after=a-1']);
});

test('one that does not come back for minutes is given up', async () => {
  answer = (reply, path) => {
    if (path !== '/swarm/execute') return reply.destroy();
    tell(reply, { event: 'turn.started', cursor: 'a-1' });
    setTimeout(() => reply.destroy(), 300);
  };
  expect(await follow('setTimeout(() => (ahead += 180_000), 1500);')).toEqual(['turn.started', 'gave up']);
  expect(requests.length).toBeGreaterThan(2);
});
