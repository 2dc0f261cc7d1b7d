/** Requests and frames generated from a seed (`FUZZ_SEED`), for every route: no reply is late, and none is a server error. */
import { createChance, type Chance } from '../support/chance';
import { sendRaw, toRequest, type RawReply } from '../support/raw-http';
import { get, Watcher } from '../support/readers';
import { createStack, type Stack } from '../support/stack';

let stack: Stack;
beforeAll(async () => (stack = await createStack()), 60_000);
afterAll(() => stack.stop());
afterEach(async () => {
  expect((await get(`${stack.url}/readyz`)).body.ready).toBe(true);
  expect(stack.api.output()).not.toMatch(/"level":[56]0/);
});

/** Values that often break parsers, stores and servers. */
const VALUES: readonly unknown[] = [
  ...[
    null,
    true,
    0,
    -1,
    1e308,
    -0,
    2 ** 53,
    0.1,
    '',
    ' ',
    '0',
    'null',
    '\u0000',
    '\ud800',
    '\u202e',
    '\u001b[2J',
    '*',
    "' OR 1=1 --",
  ],
  ...[
    '../../etc/passwd',
    '%00',
    '{{x}}',
    '${x}',
    'a'.repeat(5000),
    '🦦'.repeat(500),
    [],
    {},
    [[]],
    { toString: 1 },
    { length: -1 },
  ],
  ...['one-voice', 'coordinate', 'multi', 'session-1', 'text/plain', '1-1', '9999999999999999-9999999999999999'],
];
const NAMES = [
  ...[
    'swarm_id',
    'message',
    'session_id',
    'stream',
    'wait',
    'temperature',
    'max_tokens',
    'teams',
    'strategy',
    'drafts',
    'cache',
  ],
  ...[
    'session_policy',
    'budget_usd',
    'approve_plan',
    'from',
    'edit',
    'gate',
    'reason',
    'content',
    'interrupt',
    'model',
    'messages',
  ],
  ...[
    'inputs',
    'workflow_id',
    'team_id',
    'context',
    'timeout',
    'jsonrpc',
    'id',
    'method',
    'params',
    'run_id',
    'after',
    'cancel',
  ],
  ...[
    '__proto__',
    'constructor',
    'page',
    'limit',
    'status',
    'swarm',
    'session',
    'forked_from',
    'max_rounds',
    'metadata',
    'n',
  ],
];
const PATHS = [
  ...[
    '/swarm/execute',
    '/swarm/coordinate',
    '/swarms/multi',
    '/teams/run',
    '/workflows/run',
    '/v1/chat/completions',
    '/mcp',
  ],
  ...[
    '/runs',
    '/runs/{}',
    '/runs/{}/events',
    '/runs/{}/prompts',
    '/runs/{}/fork',
    '/runs/{}/cancel',
    '/runs/{}/approve',
  ],
  ...[
    '/runs/{}/reject',
    '/runs/{}/message',
    '/runs/{}/pause',
    '/runs/{}/resume',
    '/sessions/{}',
    '/teams/{}',
    '/v1/models/{}',
  ],
  ...[
    '/swarms',
    '/swarms/schema.json',
    '/gateways',
    '/models',
    '/stats',
    '/teams',
    '/agents',
    '/workflows',
    '/mcp/swarm-status',
  ],
  ...[
    '/healthz',
    '/readyz',
    '/health',
    '/metrics',
    '/docs',
    '/openapi.json',
    '/events.schema.json',
    '/dashboard/{}',
    '/{}',
  ],
];
const METHODS = ['GET', 'POST', 'DELETE', 'PUT', 'PATCH', 'HEAD', 'OPTIONS', 'TRACE', 'PROPFIND'];
const ROUNDS = Number(process.env.FUZZ_ROUNDS ?? 1200);
/** Number of concurrent requests. */
const AT_ONCE = 4;
const SEED = Number(process.env.FUZZ_SEED ?? 20261130);

const SLOWEST_MS = 1000;
const PATIENCE_MS = 3000;
/** No time limit for runs that are waited for or streamed. */
const WAITS = /^(?:POST \/(?:swarm|teams|workflows|v1|mcp)|GET \/runs\/.*events)/;

interface Shot {
  start: string;
  headers: Record<string, string>;
  body: string;
}

/** A generator of requests. */
class Fuzzer {
  private readonly chance: Chance;

  constructor(seed: number) {
    this.chance = createChance(seed);
  }

  shoot(host: string): Shot {
    const method = this.isOneIn(2) ? 'POST' : this.chance.pick(METHODS);
    const path = this.chance.pick(PATHS).replace('{}', () => this.text());
    const query = this.isOneIn(3)
      ? `?${this.chance.pick(NAMES)}=${this.text()}&${this.chance.pick(NAMES)}=${this.text()}`
      : '';
    const headers = {
      Host: host,
      ...(this.isOneIn(5) ? { 'Idempotency-Key': this.text() } : {}),
      ...(this.isOneIn(3) ? { 'Content-Type': this.chance.pick(['application/json', 'text/plain', 'x', '']) } : {}),
      ...(this.isOneIn(5) ? { 'Last-Event-ID': this.text() } : {}),
      ...(this.isOneIn(5) ? { 'X-Session-Id': this.text() } : {}),
      ...(this.isOneIn(3) ? { Accept: this.chance.pick(['application/json, text/event-stream', '*/*', 'x']) } : {}),
    };
    const hasBody = !['GET', 'HEAD', 'TRACE'].includes(method);
    return { start: `${method} ${path}${query}`, headers, body: hasBody ? this.json() : '' };
  }

  /** A body or a frame: an object with known field names, sometimes truncated. */
  json(): string {
    const fields = this.isOneIn(10) ? this.value(0) : { ...this.object(0), wait: false };
    const whole = JSON.stringify(fields) ?? '';
    return this.isOneIn(7) ? whole.slice(0, this.chance.below(whole.length + 1)) : whole;
  }

  private object(depth: number): object {
    const count = 1 + this.chance.below(6);
    return Object.fromEntries(Array.from({ length: count }, () => [this.chance.pick(NAMES), this.value(depth + 1)]));
  }

  private value(depth: number): unknown {
    if (depth > 3 || !this.isOneIn(3)) return this.chance.pick(VALUES);
    if (this.isOneIn(2)) return this.object(depth);
    return Array.from({ length: this.chance.below(4) }, () => this.value(depth + 1));
  }

  private text(): string {
    const value = this.value(2);
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    return encodeURIComponent(text.replace(/\p{Surrogate}/gu, '')).slice(0, 2000);
  }

  private isOneIn(count: number): boolean {
    return this.chance.below(count) === 0;
  }
}

/** The problem with a reply, if there is one. */
function findFault({ start }: Shot, { status }: RawReply, ms: number): string | undefined {
  if (status === 0) return 'no reply';
  if (status >= 500 && status !== 501) return `status ${status}`;
  return ms > SLOWEST_MS && !WAITS.test(start) ? `${Math.round(ms)} ms` : undefined;
}

test(`${ROUNDS} generated requests (seed ${SEED}) get an immediate reply, and none is a server error`, async () => {
  const fuzzer = new Fuzzer(SEED);
  const { host } = new URL(stack.url);
  const faults: object[] = [];
  const shots = Array.from({ length: ROUNDS }, () => fuzzer.shoot(host));
  const shootAll = async () => {
    for (let shot = shots.pop(); shot; shot = shots.pop()) {
      const startedAt = performance.now();
      const reply = await sendRaw(stack.url, toRequest(shot.start, shot.headers, shot.body), PATIENCE_MS);
      const ms = performance.now() - startedAt;
      const fault = findFault(shot, reply, ms);
      if (fault) faults.push({ fault, ...shot, text: reply.text.slice(0, 300) });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, shootAll));
  expect(faults).toEqual([]);
}, 300_000);

test(`generated frames (seed ${SEED}) get error frames, and the connection stays open`, async () => {
  const fuzzer = new Fuzzer(SEED + 1);
  const watcher = await Watcher.connect(stack.url);
  for (let round = 0; round < 300; round++) watcher.send(fuzzer.json());
  watcher.send('last');
  await watcher.frame(({ error }) => error !== undefined);
  watcher.send({ run_id: 'the-last-one' });
  await watcher.frame(({ run_id }) => run_id === 'the-last-one');
  expect(watcher.frames.filter(({ error }) => error?.code === 'INTERNAL')).toEqual([]);
  expect(watcher.socket.readyState).toBe(watcher.socket.OPEN);
  watcher.close();
});
