/** `npm start -- "task"` beside another `npm start`: the task uses the other service once that is as ready as it will become. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
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
  while (!other.output()) await sleep(20);
});
afterAll(async () => {
  await other.stop();
  api.closeAllConnections();
  rmSync(folder, { recursive: true });
});

/** Another start that is running and stays. */
function holdLock(): Running {
  const [module, file] = ['../../bootstrap/lock.cjs', path.join(folder, 'run', 'supervisor.lock')];
  const script = `require(process.argv[1]).tryLock(process.argv[2]); console.log('held'); setInterval(() => {}, 1e6);`;
  return start(process.execPath, ['--eval', script, path.join(__dirname, module), file]);
}

/** Its clock runs twenty times as fast as ours. */
const FAST_CLOCK = 'data:text/javascript,const now=Date.now,t=now();Date.now=()=>t+(now()-t)*20';

function startTask(): Running {
  const { port } = api.address() as AddressInfo;
  const program = path.join(__dirname, '../../bootstrap/run.mjs');
  return start(process.execPath, ['--import', FAST_CLOCK, program, 'start', 'task'], {
    DATA_DIR: folder,
    PORT: String(port),
  });
}

test('a service that lacks only its gateway is not waited for indefinitely', async () => {
  systems = { redis: true, temporal: true, worker: true, gateway: false };
  const task = startTask();
  const [code] = await once(task.child, 'exit');
  expect(code).toBe(0);
  expect(task.output()).toContain(`waiting for process ${other.pid}, which runs it without: gateway The key is wrong.`);
  expect(asked).toContain('/swarm/execute');
});

test('one that lacks a worker is waited for, and the reason is shown', async () => {
  systems = { redis: true, temporal: true, worker: false, gateway: true };
  const task = startTask();
  while (!task.output().includes(`waiting for process ${other.pid}, which runs it without: worker`)) await sleep(20);
  expect(task.child.exitCode).toBeNull();
  systems = { ...systems, worker: true };
  expect(await once(task.child, 'exit')).toEqual([0, null]);
});
