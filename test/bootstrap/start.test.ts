/** `npm start -- "task"` beside another `npm start`: the task goes to the service of that one as soon as it is as ready as it will become. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { start, type Running } from '../support/processes';

let folder: string;
let api: Server;
let other: Running;
let systems: Record<string, boolean>;
const asked: string[] = [];
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'murmuration-start-'));
  api = createServer((request, reply) => {
    asked.push(request.url ?? '');
    const isWell = Object.values(systems).every(Boolean);
    if (request.url === '/healthz')
      return reply
        .writeHead(isWell ? 200 : 503)
        .end(JSON.stringify({ status: isWell ? 'ok' : 'degraded', systems, problems: ['The key is wrong.'] }));
    const last = { run_id: 'run', content: '', done: true, event: 'run.completed' };
    reply.writeHead(200, { 'content-type': 'text/event-stream' }).end(`data: ${JSON.stringify(last)}\n\n`);
  }).listen(0, '127.0.0.1');
  await once(api, 'listening');
  other = holdLock();
  while (!other.said()) await sleep(20);
});
afterAll(async () => {
  await other.stop();
  api.closeAllConnections();
  rmSync(folder, { recursive: true });
});

/** A start that is up and stays. */
function holdLock(): Running {
  const module = pathToFileURL(path.join(__dirname, '../../bootstrap/lock.mjs'));
  const file = JSON.stringify(path.join(folder, 'run', 'supervisor.lock'));
  const script = `import { tryLock } from '${module}'; tryLock(${file}); console.log('held'); setInterval(() => {}, 1e6);`;
  return start(process.execPath, ['--input-type=module', '--eval', script]);
}

/** Its clock runs twenty times as fast as ours. */
const FAST_CLOCK = 'data:text/javascript,const now=Date.now,t=now();Date.now=()=>t+(now()-t)*20';

function startTask(): Running {
  const { port } = api.address() as AddressInfo;
  const program = path.join(__dirname, '../../bootstrap/start.mjs');
  return start(process.execPath, ['--import', FAST_CLOCK, program, 'task'], { DATA_DIR: folder, PORT: String(port) });
}

test('a service that lacks nothing but its gateway is not waited for without end', async () => {
  systems = { redis: true, temporal: true, worker: true, gateway: false };
  const task = startTask();
  const [code] = await once(task.child, 'exit');
  expect(code).toBe(0);
  expect(task.said()).toContain(`waiting for process ${other.pid}, which runs it without: gateway The key is wrong.`);
  expect(asked).toContain('/swarm/execute');
});

test('one that lacks a worker is waited for, and it is said for what', async () => {
  systems = { redis: true, temporal: true, worker: false, gateway: true };
  const task = startTask();
  while (!task.said().includes(`waiting for process ${other.pid}, which runs it without: worker`)) await sleep(20);
  expect(task.child.exitCode).toBeNull();
  systems = { ...systems, worker: true };
  expect(await once(task.child, 'exit')).toEqual([0, null]);
});
