/** Output of a model, a gateway or another program reaches a terminal as text, never as control sequences. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { start } from '../support/processes';

/** Control characters of several kinds: ESC, the single character CSI, bell, backspace, return, DEL; and bidirectional overrides. */
const HOSTILE = '\u001b[2J\u009b31m\u0007\u0008\r\u007f\u0000\u202eevil\u2066';
const UNSAFE = /(?![\t\n])\p{Cc}|[\u202A-\u202E\u2066-\u2069]/u;

let frames: object[];
let health: object;
let refusal: object | undefined;
let api: Server;
beforeAll(async () => {
  api = createServer((request, reply) => {
    if (request.url === '/healthz') return reply.end(JSON.stringify(health));
    if (refusal) return reply.writeHead(404).end(JSON.stringify(refusal));
    reply.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const frame of frames) reply.write(`data: ${JSON.stringify(frame)}\n\n`);
    return reply.end();
  }).listen(0, '127.0.0.1');
  await once(api, 'listening');
});
afterAll(() => api.closeAllConnections());

async function runTask(): Promise<string> {
  const { port } = api.address() as AddressInfo;
  const program = path.join(__dirname, '../../bootstrap/run.mjs');
  const task = start(process.execPath, [program, 'start', 'task'], { DATA_DIR: '/nonexistent', PORT: String(port) });
  await once(task.child, 'close');
  return task.output();
}

beforeEach(() => {
  refusal = undefined;
  health = { status: 'ok', systems: { redis: true, temporal: true } };
});

const about = {
  run_id: `run${HOSTILE}`,
  turn: 't',
  label: `Voice${HOSTILE}`,
  role: `role${HOSTILE}`,
  model: `m${HOSTILE}`,
};

test('answers keep their lines and tabs, and no other non-text characters', async () => {
  const content = `one${HOSTILE}\n\ttwo\n`;
  frames = [
    { ...about, event: 'turn.started', content: '', done: false },
    { ...about, event: 'turn.delta', content, done: false },
    { ...about, event: 'turn.completed', content: '', done: false },
    { run_id: about.run_id, event: 'run.completed', content: '', done: true },
  ];
  const output = await runTask();
  expect(output).not.toMatch(UNSAFE);
  expect(output).toContain('one[2J31mevil\n\ttwo\n');
});

test.each([
  ['turn.waiting', { until: 0, message: `full${HOSTILE}\n-- run completed` }],
  ['turn.rerouted', { from: `a${HOSTILE}`, to: `b${HOSTILE}`, message: `down${HOSTILE}\nrun completed` }],
  ['turn.failed', { code: `C${HOSTILE}`, message: `gone${HOSTILE}\nrun completed` }],
  ['turn.restarted', {}],
])('a note of %s is one line of text', async (event, more) => {
  frames = [
    { ...about, event: 'turn.started', content: '', done: false },
    { ...about, event, content: '', done: false, ...more },
    {
      run_id: about.run_id,
      event: 'run.failed',
      content: '',
      done: true,
      code: 'X',
      message: `m${HOSTILE}\nfake line`,
    },
  ];
  const output = await runTask();
  expect(output).not.toMatch(UNSAFE);
  expect(output).not.toMatch(/^(?:-- )?run completed|^fake line/m);
});

test('so is an error reply', async () => {
  refusal = { error: { code: `NO${HOSTILE}`, message: `none${HOSTILE}\nfake line` } };
  const output = await runTask();
  expect(output).toContain('none');
  expect(output).not.toMatch(UNSAFE);
  expect(output).not.toMatch(/^fake line/m);
});
