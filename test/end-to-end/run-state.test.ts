/** The state of a run in `GET /runs` and `GET /runs/{id}`: what it is doing, whether it needs a person, and how its answer did. */
import { until, createStack, type Stack } from '../support/stack';
import { get, post } from '../support/readers';

let stack: Stack;
beforeAll(async () => (stack = await createStack()), 60_000);
afterAll(() => stack.stop());
beforeEach(() => stack.gateway.reset());

const fence = (code: string) => `\`\`\`python\n${code}\n\`\`\``;
const DOUBLE = 'Write a function double:\n>>> double(2)\n4\n>>> double(0)\n0\n';

interface Shown {
  run_id: string;
  state: string;
  state_label: string;
  needs_approval: boolean;
  waiting_until: number | null;
}

async function start(route: string, body: object): Promise<string> {
  const reply = await post(`${stack.url}${route}`, { wait: false, ...body });
  return reply.body.run_id as string;
}
const execute = (swarm_id: string, message: string, more: object = {}) =>
  start('/swarm/execute', { swarm_id, message, ...more });
const read = async (id: string) => (await get(`${stack.url}/runs/${id}`)).body;
const list = async (query = '') => (await get(`${stack.url}/runs?limit=100${query}`)).body.runs as Shown[];

/** Waits until the list and the description of a run both have a label. */
async function shows(id: string, label: string | RegExp, limitMs = 20_000): Promise<Shown> {
  const fits = ({ state_label: text }: Shown) => (typeof label === 'string' ? text === label : label.test(text));
  await until(async () => fits(await read(id)), limitMs);
  return until(async () => (await list()).find((run) => run.run_id === id && fits(run)), limitMs);
}
const cancel = (id: string) => post(`${stack.url}/runs/${id}/cancel`, {});

test('a run at a gate needs approval, in the list too, and the time at the gate is counted', async () => {
  stack.gateway.scriptWhen({ bodyIncludes: 'VERDICT: PASS' }, { tokens: ['VERDICT: PASS', ' fine'] });
  const id = await start('/swarm/coordinate', { message: 'Build it', approve_plan: true });
  const shown = await shows(id, 'Needs approval');
  expect(shown).toMatchObject({ state: 'needs_approval', needs_approval: true, waiting_until: null });
  await until(async () => (await list('&state=needs_approval')).some(({ run_id }) => run_id === id));
  expect((await list('&state=checks_failed')).map(({ run_id }) => run_id)).not.toContain(id);
  const { graph, verdict } = await read(id);
  expect(graph.stages.map(({ id: stage }: { id: string }) => stage)).toEqual(['plan', 'implement', 'review']);
  expect(verdict).toBeNull();
  await post(`${stack.url}/runs/${id}/approve`, {});
  await until(async () => (await list('&state=needs_approval')).every(({ run_id }) => run_id !== id));
  await until(async () => (await read(id)).status === 'completed', 30_000);
  const { waited_for_people_ms: waited, started_at, ended_at, gates, verdict: conclusion } = await read(id);
  expect(waited).toBe(gates[0].resolved_at - gates[0].opened_at);
  expect(waited).toBeLessThan(Date.parse(ended_at) - Date.parse(started_at));
  expect(conclusion).toMatchObject({ review: expect.stringMatching(/^(pass|revise)$/) });
});

test('an answer whose code fails its checks is listed as such, and its last event has the sentence', async () => {
  stack.gateway.always('coding-model', { tokens: [fence('def double(x):\n    return x')] });
  const failing = await execute('coding-swarm', DOUBLE);
  await shows(failing, /^Completed, 1 of \d checks failed$/, 90_000);
  const { checks_summary: summary, status, verification } = await read(failing);
  expect(status).toBe('completed');
  expect(summary).toMatchObject({ executed: true, passed: false, failed: 1 });
  expect(summary.sentence).toMatch(
    /^Executed \(python\): \d of \d checks passed after 3 repairs.* It does not work yet\.$/,
  );
  expect(summary.total).toBe(verification.checks.length);
  const { body } = await get(`${stack.url}/runs/${failing}/events?wait=0`);
  expect(body.frames.at(-1)).toMatchObject({ event: 'run.completed', checks_summary: summary });
  expect((await list('&state=checks_failed')).map(({ run_id }) => run_id)).toEqual([failing]);

  stack.gateway.always('coding-model', { tokens: [fence('def double(x):\n    return x + x')] });
  const passing = await execute('coding-swarm', DOUBLE);
  await shows(passing, 'Completed, all checks passed', 60_000);
  expect((await list('&state=checks_passed')).map(({ run_id }) => run_id)).toEqual([passing]);
}, 200_000);

test('a run is queued, waits for a rate limit, is paused while a turn finishes, and is without a worker', async () => {
  stack.gateway.script('balanced-model', [
    { tokens: { count: 2000 }, intervalMs: 20 },
    {
      status: 429,
      body: { error: { code: 429, message: 'Slow down', metadata: { error_type: 'rate_limit_exceeded' } } },
      wait: { ms: 30_000, as: 'retry-after' },
    },
  ]);
  const first = await execute('one-voice', 'Count', { session_id: 'shared' });
  await shows(first, 'Running');
  const second = await execute('one-voice', 'Count', { session_id: 'shared' });
  await shows(second, 'Queued behind 1 run');
  await post(`${stack.url}/runs/${first}/pause`, {});
  await shows(first, 'Paused (finishing 1 turn)');
  await cancel(first);
  await shows(first, 'Cancelled');
  const { waiting_until: until } = await shows(second, 'Waiting (rate limited)');
  expect(until).toBeGreaterThan(Date.now());
  await stack.worker.kill('SIGKILL');
  expect(await shows(second, 'No worker is running', 30_000)).toMatchObject({ state: 'no_worker' });
  await stack.startWorker();
  await cancel(second);
  await shows(second, 'Cancelled', 30_000);
}, 120_000);

test('a debate concludes with the decision, its confidence, and who dissents', async () => {
  const says = (position: string) => ({
    tokens: [`POSITION: ${position} CONFIDENCE: 80\n\n`, 'Because of the otters.'],
  });
  stack.gateway.always('optimistic-model', says('for'));
  stack.gateway.always('balanced-model', says('for'));
  stack.gateway.always('cautious-model', says('against'));
  const judge = {
    decision: 'accept',
    rationale: ['r'],
    runner_instructions: [],
    confidence_score: 0.7,
    quality_score: 0.9,
  };
  stack.gateway.scriptWhen({ bodyIncludes: 'quality_score' }, { tokens: [JSON.stringify(judge)] });
  const id = await execute('debate-swarm', 'Should we?');
  await shows(id, 'Completed');
  expect((await read(id)).verdict).toEqual({
    decision: 'accept',
    confidence: 0.7,
    stance: 'for',
    agreement: expect.any(Number),
    agreed: false,
    dissent: ['Cautious voice'],
    review: null,
  });
});
