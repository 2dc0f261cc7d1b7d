/** Starts the run of a hostile action over its route, waits for its end, and compares the result with the expectation. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Route, RunAction } from './action';
import type { Answer, Site } from './site';
import { judgeRun, type Judgement, type RunReply } from './judge';

/** A run that takes longer is cancelled. */
const RUN_LIMIT_MS = 45_000;
/** Runs that must be recognised as right prove nothing if they are cancelled: they get the time that a slow machine needs. */
const RIGHT_RUN_LIMIT_MS = 120_000;
/** A run must end within this time after its cancellation. */
const CANCEL_LIMIT_MS = 25_000;
const POLL_MS = 1000;
/** A client that is told to retry later does so a few times: the product's limits must not prevent the attack. */
const TRIES = 6;
const LONGEST_WAIT_MS = 10_000;
/** How long a client of a streaming route stays; longer if a disconnect cancels the run. */
const STAY_MS = 1500;
const STAY_WITH_RUN_MS = 8000;

export interface RunOutcome {
  /** Undefined if nothing was started. */
  runId?: string;
  status?: string;
  judgement?: Judgement;
}

export async function playRun(site: Site, action: RunAction, message: string): Promise<RunOutcome> {
  const runId = await startPatiently(site, action, message);
  if (!runId) return {};
  const run = await waitForEnd(site, runId, limitOf(action));
  if (!run) return { runId };
  const judgement = action.expectation && run.status === 'completed' ? judgeRun(action.expectation, run) : undefined;
  return { runId, ...(run.status ? { status: run.status } : {}), ...(judgement ? { judgement } : {}) };
}

const LATER = [429, 503];

async function startPatiently(site: Site, action: RunAction, message: string): Promise<string | undefined> {
  for (let left = TRIES; left > 0; left--) {
    const before = site.replies.length;
    const runId = await STARTERS[action.route ?? 'execute'](site, action, message);
    const reported = site.replies.slice(before).find(({ status }) => LATER.includes(status));
    if (runId || !reported) return runId;
    await sleep(Math.min(LONGEST_WAIT_MS, (reported.retryAfterSeconds ?? 1) * 1000));
  }
  return undefined;
}

type Starter = (site: Site, action: RunAction, message: string) => Promise<string | undefined>;

const STARTERS: Record<Route, Starter> = {
  execute: (site, action, message) =>
    startQuietly(site, '/swarm/execute', { swarm_id: action.swarm, message, ...action.more }),
  coordinate: (site, action, message) => startQuietly(site, '/swarm/coordinate', { message, ...action.more }),
  multi: (site, action, message) =>
    startQuietly(site, '/swarms/multi', { message, teams: [action.swarm], strategy: 'parallel', ...action.more }),
  async stream(site, { swarm, more }, message) {
    const body = JSON.stringify({ swarm_id: swarm, message, stream: true, ...more });
    return runIdIn(await site.ask({ method: 'POST', path: '/swarm/execute', body, leaveAfterMs: STAY_MS }));
  },
  async teams(site, { swarm, more }, message) {
    const body = JSON.stringify({ team_id: swarm, message, stream: true, ...more });
    return runIdIn(await site.ask({ method: 'POST', path: '/teams/run', body, leaveAfterMs: STAY_MS }));
  },
  async chat(site, { swarm, more }, message) {
    const body = JSON.stringify({
      model: swarm,
      messages: [{ role: 'user', content: message }],
      stream: true,
      ...more,
    });
    const answer = await site.ask({
      method: 'POST',
      path: '/v1/chat/completions',
      body,
      leaveAfterMs: STAY_WITH_RUN_MS,
    });
    return header(answer, 'x-run-id') ?? /"chatcmpl-([\w.-]+)"/.exec(answer.text.slice(0, 4000))?.[1];
  },
  async mcp(site, { swarm, more }, message) {
    const call = { name: swarm, arguments: { message, ...more }, _meta: { progressToken: 1 } };
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: call });
    const headers = { accept: 'application/json, text/event-stream' };
    const answer = await site.ask({ method: 'POST', path: '/mcp', body, headers, leaveAfterMs: STAY_WITH_RUN_MS });
    return runIdIn(answer);
  },
  async socket(site, { swarm, more }, message) {
    const socket = await site.openSocket();
    if (!socket) return undefined;
    const first = new Promise<string>((resolve) => socket.once('message', (data) => resolve(String(data))));
    socket.send(JSON.stringify({ swarm_id: swarm, message, ...more }));
    const frame = await Promise.race([first, sleep(10_000, '', { ref: false })]);
    setTimeout(() => socket.terminate(), STAY_MS);
    return idIn(frame);
  },
};

async function startQuietly(site: Site, path: string, order: object): Promise<string | undefined> {
  return runIdIn(await site.askJson('POST', path, { ...order, wait: false }));
}

const header = ({ headers }: Answer, name: string) => {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
};

function runIdIn(answer: Answer): string | undefined {
  if (answer.status >= 400) return undefined;
  return header(answer, 'x-run-id') ?? idIn(answer.text);
}

function idIn(text: string): string | undefined {
  return /"run_id":\s*"([\w.-]+)"/.exec(text.slice(0, 100_000))?.[1];
}

function limitOf({ expectation }: RunAction): number {
  if (!expectation) return RUN_LIMIT_MS;
  const isRight =
    ('verdict' in expectation && expectation.verdict === 'right') ||
    ('review' in expectation && expectation.review === 'pass');
  return isRight ? RIGHT_RUN_LIMIT_MS : RUN_LIMIT_MS;
}

const isOver = ({ status }: RunReply) => status !== undefined && status !== 'running';

/** The run's reply once it has ended; it is cancelled if it takes too long. Undefined if it does not end even then, which is a fault. */
async function waitForEnd(site: Site, runId: string, limitMs: number): Promise<RunReply | undefined> {
  const ended = await poll(site, runId, limitMs);
  if (ended) return ended;
  const { status } = await site.askJson('POST', `/runs/${runId}/cancel`, {});
  const cancelled = await poll(site, runId, CANCEL_LIMIT_MS);
  if (!cancelled) site.faults.push(`run ${runId} goes on, and a cancel (${status}) does not end it`);
  return cancelled;
}

async function poll(site: Site, runId: string, limitMs: number): Promise<RunReply | undefined> {
  for (const end = Date.now() + limitMs; Date.now() < end; await sleep(POLL_MS)) {
    const { status, headers, text } = await site.askJson('GET', `/runs/${runId}`);
    if (LATER.includes(status)) await sleep(Math.min(LONGEST_WAIT_MS, Number(headers['retry-after'] ?? 1) * 1000));
    const run = status === 200 ? parse(text) : undefined;
    if (run && isOver(run)) return run;
  }
  return undefined;
}

function parse(text: string): RunReply | undefined {
  try {
    return JSON.parse(text) as RunReply;
  } catch {
    return undefined;
  }
}
