/** What `npm start -- "task"` prints of a run, where, in which order, and with which exit code. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { spawn } from 'node:child_process';
import path from 'node:path';

let frames: object[];
let run: object;
let hasWorker: boolean;
/** Ends the stream; until then it stays open after its frames. */
let endStream: () => void;
let api: Server;
beforeAll(async () => {
  api = createServer((request, reply) => {
    const systems = { redis: true, temporal: true, worker: hasWorker, gateway: true, sandbox: true, background: true };
    if (request.url === '/healthz') return reply.end(JSON.stringify({ status: 'ok', systems }));
    if (request.url?.startsWith('/runs/run')) return reply.end(JSON.stringify(run));
    reply.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const frame of frames) reply.write(`data: ${JSON.stringify(frame)}\n\n`);
    if (frames.some((frame) => 'done' in frame && frame.done)) return reply.end();
    endStream = () => {
      reply.write(
        `data: ${JSON.stringify(ended({ event: 'run.cancelled', code: 'CANCELLED', message: 'Stopped.' }))}\n\n`,
      );
      reply.end();
    };
  }).listen(0, '127.0.0.1');
  await once(api, 'listening');
});
afterAll(() => api.closeAllConnections());
beforeEach(() => {
  run = {};
  hasWorker = true;
});

const scope = {
  v: 1,
  run_id: 'run',
  session_id: 's',
  team_id: 'coding-swarm',
  at: 1,
  cursor: 'a-1',
  content: '',
  done: false,
};
const indices = new Map<string, number>();
beforeEach(() => indices.clear());

function said(turn: string, event: string, more: object = {}): object {
  const index = indices.get(turn) ?? 0;
  indices.set(turn, index + 1);
  const place = index === 0 ? { place: { stage: null, step: 'draft', try: 1, ...more } } : {};
  const about = { turn, role: 'coder', label: `Label of ${turn}`, model: 'one', epoch: 1, index, offset: 0 };
  return { ...scope, ...about, ...place, event, gateway: 'g', ...more };
}
const speak = (turn: string, text: string, more: object = {}) => [
  said(turn, 'turn.started', more),
  said(turn, 'turn.delta', { content: text }),
  said(turn, 'turn.completed', { usage: { prompt_tokens: 1, completion_tokens: 2 } }),
];
const ended = (more: object) => ({
  ...{ ...scope, done: true, event: 'run.completed', answers: [] },
  ...{ usage: { prompt_tokens: 1200, completion_tokens: 300 }, cost_usd: 0.02, turns: 1 },
  ...more,
});
const check = (about: string, event: string, more: object) => ({ ...scope, event, about, language: 'python', ...more });
const counts = (passed: number, failed: number, errors: string[]) => ({
  executed: true,
  passed,
  failed,
  errors,
  output: '',
  ms: 1,
});

interface Output {
  code: number | null;
  out: string;
  lines: string[];
}

async function runTask(onNote: (lines: string) => void = () => undefined): Promise<Output> {
  const { port } = api.address() as AddressInfo;
  const program = path.join(__dirname, '../../bootstrap/run.mjs');
  const env = { ...process.env, DATA_DIR: '/nonexistent', PORT: String(port), API_KEYS: '' };
  const child = spawn(process.execPath, [program, 'start', 'task'], { env });
  let [out, notes] = ['', ''];
  child.stdout.on('data', (data) => (out += String(data)));
  child.stderr.on('data', (data) => onNote((notes += String(data))));
  await once(child, 'close');
  const lines = notes
    .split('\n')
    .map((line) => line.replace(`127.0.0.1:${port}`, 'HOST').replace(`localhost:${port}`, 'HOST'));
  return { code: child.exitCode, out, lines: lines.filter((line) => line.trim() !== '') };
}

const SUMMARY = { executed: true, passed: false, tested: true, total: 10, failed: 1 };
const SENTENCE = 'Executed (python): 9 of 10 checks passed after 3 repairs. It does not work yet.';

test('an answer whose code fails its checks exits with 3, and the verification comes last', async () => {
  frames = [
    { ...scope, event: 'run.started', swarm_id: 'coding-swarm', message: 'task' },
    ...speak('draft', 'def double(x): return x'),
    check('draft', 'check.started', {}),
    check('draft', 'check.failed', counts(9, 1, ['double(2) returned 2, expected 4'])),
    ...speak('review', 'VERDICT: PASS'),
    ended({ checks_summary: { ...SUMMARY, sentence: SENTENCE } }),
  ];
  const { code, out, lines } = await runTask();
  expect(code).toBe(3);
  expect(out.trim().split(/\n+/)).toEqual([
    '## Label of draft (one)',
    'def double(x): return x',
    '## Label of review (one)',
    'VERDICT: PASS',
  ]);
  expect(lines.slice(-6)).toEqual([
    '-- executing the code of Label of draft (one) (python)',
    '-- 9 of 10 checks passed: Label of draft (one)',
    '-- double(2) returned 2, expected 4',
    'run: one; 1200 tokens read + 300 written = 1500; $0.0200; ' + lines.at(-3)?.split('; ').at(-1),
    'http://HOST/dashboard/runs/run',
    `Completed, 1 of 10 checks failed. ${SENTENCE}`,
  ]);
});

test('an answer whose checks pass exits with 0; the verdict of a debate is told, data for the run is not', async () => {
  const verdict = {
    decision: 'merge',
    confidence: 0.7,
    stance: 'for',
    agreement: 0.5,
    agreed: false,
    dissent: ['Cautious voice'],
    review: null,
  };
  run = { verdict };
  frames = [
    { ...scope, event: 'run.started', swarm_id: 'debate-swarm', message: 'task' },
    ...speak('summary', 'We should.'),
    ...speak('judge', '{"decision": "merge"}', { yields: 'data' }),
    ended({
      checks_summary: { ...SUMMARY, passed: true, failed: 0, sentence: 'Executed (python): 10 of 10 checks passed.' },
    }),
  ];
  const { code, out, lines } = await runTask();
  expect(code).toBe(0);
  expect(out).not.toContain('decision');
  expect(lines).toContain('Verdict: merge (70% confident); most voices: for; agreement 50%; dissent: Cautious voice');
  expect(lines.at(-1)).toBe('Completed, all checks passed. Executed (python): 10 of 10 checks passed.');
});

test('a run that waits says for what: its session, a person with the address, a worker', async () => {
  hasWorker = false;
  frames = [
    { ...scope, event: 'run.started', swarm_id: 'coding-swarm', message: 'task' },
    { ...scope, event: 'run.queued', behind: ['a', 'b'] },
    ...speak('plan', 'The plan.'),
    { ...scope, event: 'gate.opened', gate: 'plan', question: 'Approve this plan?', about: 'plan' },
    { ...scope, event: 'gate.resolved', gate: 'plan', decision: 'approved', reason: '' },
  ];
  const { code, lines } = await runTask((notes) => notes.includes('No worker') && endStream());
  expect(code).toBe(1);
  expect(lines.filter((line) => line.startsWith('-- '))).toEqual([
    '-- Queued behind 2 runs',
    '-- Needs approval: Approve this plan? Decide at http://HOST/dashboard/runs/run',
    '-- No worker is running',
  ]);
  expect(lines.at(-1)).toBe('Cancelled, CANCELLED: Stopped.');
});
