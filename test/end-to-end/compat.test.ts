import { createStack, until, type Stack } from '../support/stack';
import { planText } from '../support/plan';
import { freePort } from '../support/processes';
import { collectSse, get, post, Watcher, type AnyFrame } from '../support/readers';

let stack: Stack;
let secondUrl: string;
beforeAll(async () => {
  const port = await freePort();
  secondUrl = `http://127.0.0.1:${port}`;
  stack = await createStack({ PORT_MCP: String(port) });
  await until(async () => (await get(`${stack.url}/health`)).status === 200);
}, 60_000);
afterAll(() => stack.stop());
beforeEach(() => stack.gateway.reset());

const run = (body: object, headers: Record<string, string> = {}) =>
  collectSse(`${stack.url}/teams/run`, { method: 'POST', headers, body: JSON.stringify(body) });
const phasesOf = (frames: AnyFrame[]) => [...new Set(frames.map(({ phase }) => phase))];
const textOf = (frames: AnyFrame[]) => frames.map(({ content }) => content).join('');

test('teams, agents and workflows are bare arrays, and a team is found under its earlier names', async () => {
  const { body: teams } = await get(`${stack.url}/teams`);
  expect(Array.isArray(teams)).toBe(true);
  for (const { id, name, members, status } of teams) {
    expect([id, name]).not.toContain('');
    expect(members.length).toBeGreaterThan(0);
    expect(status).toBe('active');
  }
  expect((await get(`${stack.url}/agents`)).body).toEqual(teams);
  const [coordination] = (await get(`${stack.url}/workflows`)).body;
  expect(coordination).toMatchObject({
    id: 'coordinate',
    inputs: { message: expect.anything() },
    steps: expect.any(Array),
  });
  expect((await get(`${stack.url}/teams/CONSENSUS`)).body.id).toBe('debate-swarm');
  expect(teams.find(({ id }: { id: string }) => id === 'debate-swarm').model_pool).toBe(
    'optimistic-model, cautious-model, balanced-model, strategic-model',
  );
  expect(await get(`${stack.url}/teams/nobody`)).toMatchObject({
    status: 404,
    body: { detail: "Team 'nobody' not found" },
  });
});

test('a run streams in phases, its tokens are its answer, and what it did not do is null', async () => {
  stack.gateway.always('balanced-model', { tokens: { count: 12 }, intervalMs: 5 });
  const frames = await run({ team_id: 'one-voice', message: 'Count', session_id: '', anything: { else: true } });
  expect(phasesOf(frames)).toEqual([
    'planning',
    'memory',
    'setup',
    'generation',
    'critic',
    'judge',
    'gates',
    'complete',
  ]);
  for (const { token, content } of frames) expect(token).toBe(content);
  const last = frames[frames.length - 1]!;
  expect(last).toMatchObject({ phase: 'complete', done: true, content: '' });
  expect(last.final).toMatchObject({ success: true, critic: null, judge: null, gates: null, tool_calls: [] });
  expect(textOf(frames)).toBe((last.final as { message: string }).message);
  const { body } = await get(`${stack.url}/runs/${last.run_id}`);
  expect(textOf(frames)).toBe(body.responses[0]);
});

const PROGRAM = (expression: string) => ['```python', 'def double(x):', `    return ${expression}`, '```'].join('\n');
const NO_FINDINGS = {
  ...{ security: [], data_integrity: [], logic_correctness: [] },
  ...{ performance: [], usability: [], maintainability: [] },
};
const DOUBLE = 'Write double(x), which doubles a number.\ndouble(2) -> 4';

test.each([
  { works: true, expression: '2 * x', status: 'passed', rounds: 0 },
  { works: false, expression: 'x', status: 'failed', rounds: 3 },
])(
  'gates and tool calls are what the sandbox found: $status',
  async ({ works, expression, status, rounds }) => {
    stack.gateway.always('coding-model', { tokens: [`${PROGRAM(expression)}\nVERDICT: ${works ? 'PASS' : 'REVISE'}`] });
    const frames = await run({ team_id: 'coding-team', message: DOUBLE });
    const [last] = frames.slice(-1) as unknown as [{ run_id: string; final: Record<string, unknown> }];
    const { verification } = (await get(`${stack.url}/runs/${last.run_id}`)).body;
    const checks = verification.checks as { passed: boolean }[];
    const passed = checks.filter((check) => check.passed).length;
    expect(passed === checks.length).toBe(works);
    const gates = { allowed: works, status, scores: { checks: checks.length, passed } };
    expect(frames.filter(({ phase }) => phase === 'gates')).toMatchObject([{ gates }]);
    const { turn, language, output, ms } = verification;
    const result = { passed: works, checks, output, ms };
    expect(last.final).toMatchObject({
      gates,
      tool_calls: [{ name: 'sandbox', args: { turn, language, rounds }, result }],
      real_execution: true,
    });
  },
  60_000,
);

test.each([
  ['coding-team', 'coding-model', `${PROGRAM('2 * x')}\nVERDICT: REVISE`],
  ['strategic', 'strategic-model', planText('plan')],
])(
  'the critic of %s is what its reviewer found, and only earlier clients pay for it',
  async (team_id, model, text) => {
    const critic = {
      ...{ verdict: 'revise', must_fix: ['Say why.'], nice_to_have: [], confidence_score: 0.7 },
      findings: { ...NO_FINDINGS, usability: ['It says nothing.'] },
    };
    stack.gateway.always(model, { tokens: [text] });
    stack.gateway.scriptWhen({ lastMessageIncludes: 'JSON object' }, { tokens: [JSON.stringify(critic)] });
    const frames = await run({ team_id, message: DOUBLE });
    expect(frames.filter(({ phase }) => phase === 'critic')).toMatchObject([{ critic }]);
    expect(frames.at(-1)?.final).toMatchObject({ critic, judge: null });
    const asked = () => stack.gateway.calls().filter(({ body }) => JSON.stringify(body).includes('JSON object'));
    expect(asked()).toHaveLength(1);
    const { body } = await post(`${stack.url}/teams/run`, { team_id, message: DOUBLE, stream: false });
    expect(body.critic).toEqual(critic);
    expect(asked()).toHaveLength(2);
    const order = { swarm_id: body.team_id as string, message: DOUBLE };
    expect((await post(`${stack.url}/swarm/execute`, order)).body.critic).toBeUndefined();
    expect(asked()).toHaveLength(2);
  },
  60_000,
);

test('code that cannot be executed here is not allowed, and no tool call is claimed', async () => {
  stack.gateway.always('coding-model', { tokens: ['```haskell\ndouble x = 2 * x\n```\nVERDICT: PASS'] });
  const frames = await run({ team_id: 'coding-team', message: DOUBLE });
  expect(frames[frames.length - 1]?.final).toMatchObject({
    gates: { allowed: false, status: 'not executed', scores: { checks: 0, passed: 0 } },
    tool_calls: [],
  });
});

test('of voices that speak at once one is heard at a time, and no word is lost', async () => {
  for (const voice of ['optimistic-model', 'cautious-model', 'balanced-model'])
    stack.gateway.always(voice, { tokens: { text: `POSITION: for. ${voice} speaks `.repeat(5) }, intervalMs: 5 });
  stack.gateway.always('strategic-model', {
    tokens: {
      text: JSON.stringify({
        ...{ decision: 'accept', rationale: ['all agree'], runner_instructions: [] },
        ...{ confidence_score: 0.9, quality_score: 0.8 },
      }),
    },
  });
  const frames = await run({ team_id: 'consensus', message: 'Decide', stream: true });
  const spoken = frames.filter(({ phase }) => phase === 'generation');
  const speakers = spoken.map(({ turn }) => turn).filter((turn, i, all) => turn !== all[i - 1]);
  expect(new Set(speakers).size).toBe(speakers.length);
  const { body } = await get(`${stack.url}/runs/${frames[0]?.run_id}`);
  for (const { turn, label, text } of body.turns)
    expect(textOf(spoken.filter((frame) => frame.turn === turn))).toBe(`\n\n### ${label}\n\n${text}`);
  const { final } = frames[frames.length - 1] as unknown as { final: { judge: object } };
  expect(final.judge).toEqual(body.judge);
  expect(final.judge).toMatchObject({ decision: 'accept', confidence_score: 0.9 });
});

test('heartbeats come within two seconds, and [DONE] in a write of its own', async () => {
  stack.gateway.script('balanced-model', { tokens: { count: 3 }, firstTokenMs: 2500 });
  const response = await fetch(`${stack.url}/teams/run`, {
    method: 'POST',
    body: JSON.stringify({ team_id: 'one-voice', message: 'Slowly' }),
  });
  const chunks: { at: number; text: string }[] = [];
  for await (const chunk of response.body!)
    chunks.push({ at: Date.now(), text: Buffer.from(chunk as Uint8Array).toString() });
  for (const [i, { at }] of chunks.entries()) expect(at - (chunks[i - 1]?.at ?? at)).toBeLessThan(2000);
  const text = chunks.map((chunk) => chunk.text).join('');
  expect(text).toMatch(/^: /m);
  expect(text).not.toMatch(/^id:/m);
  expect(text.endsWith('}\n\ndata: [DONE]\n\n')).toBe(true);
});

test('a run that fails says so in a frame of its own, and then [DONE]', async () => {
  stack.gateway.always('balanced-model', { status: 401, body: { error: { code: 401, message: 'no' } } });
  const frames = await run({ team_id: 'one-voice', message: 'Fail' });
  const last = frames[frames.length - 1];
  expect(last).toMatchObject({ phase: 'error', done: true, content: '', code: 'GATEWAY_KEY_REFUSED' });
  expect(typeof last?.error).toBe('string');
});

test('bodies come as text/plain, unknown teams are not found, and without a stream there is JSON', async () => {
  const plain = { 'content-type': 'text/plain' };
  const url = `${stack.url}/teams/run`;
  const reply = await post(url, { team_id: 'one-voice', message: 'Hi', stream: false, context: 'CONTEXT-7' }, plain);
  expect(reply).toMatchObject({ status: 200, body: { team_id: 'one-voice', success: true } });
  expect(reply.body.message).toBe(reply.body.responses[0]);
  expect(JSON.stringify(stack.gateway.calls()[0]?.body)).toContain('CONTEXT-7');
  const unknown = await post(url, { team_id: 'nobody', message: 'Hi' });
  expect([unknown.status, unknown.body]).toEqual([404, { detail: "Team 'nobody' not found" }]);
  const workflow = { workflow_id: 'one-voice', inputs: { message: 'Hi' }, stream: false };
  expect((await post(`${stack.url}/workflows/run`, workflow)).body.success).toBe(true);
});

test('the bus tells of finished turns, whoever started the run', async () => {
  const bus = await Watcher.connect(stack.url, '/ws/bus');
  await until(async () => {
    await post(`${stack.url}/swarm/execute`, { swarm_id: 'one-voice', message: 'Hi', session_id: 'bus' });
    return bus.frames.length > 0;
  });
  const [message] = bus.frames;
  expect(message).toMatchObject({ sender: 'speaker', thread_id: 'bus', message: { sender_agent_id: 'speaker' } });
  const { body } = await get(`${stack.url}/runs/${message?.run_id}`);
  expect(message?.content).toBe(body.responses[0]);
  bus.close();
});

test('models, stats and the swarm status are measured; the status comes within 50 ms', async () => {
  stack.gateway.script('balanced-model', { tokens: { count: 200 }, intervalMs: 20 });
  const before = (await get(`${stack.url}/stats`)).body;
  const running = run({ team_id: 'one-voice', message: 'Long' });
  const agentOf = async () =>
    (await get(`${stack.url}/mcp/swarm-status`)).body.agents.find(({ id }: { id: string }) => id === 'one-voice');
  await until(async () => (await agentOf()).status === 'active');
  const times: number[] = [];
  for (let i = 0; i < 20; i++) {
    const asked = performance.now();
    await get(`${stack.url}/mcp/swarm-status`);
    times.push(performance.now() - asked);
  }
  expect(times.sort((a, b) => a - b)[10]).toBeLessThan(50);
  expect((await get(`${stack.url}/stats`)).body.open_streams.sse).toBe(1);
  await running;
  await until(async () => (await agentOf()).status === 'idle');
  const after = await until(async () => {
    const { body } = await get(`${stack.url}/stats`);
    return body.completion_tokens - before.completion_tokens >= 200 ? body : undefined;
  });
  expect(after.turns).toBeGreaterThan(before.turns);
  const { body: models } = await get(`${stack.url}/models`);
  expect(models.favorites).toContain('balanced-model');
  expect(models.available).toEqual(expect.arrayContaining(['strategic-model', 'balanced-model']));
  expect(models.routing.fast).toBe('balanced-model');
});

test('the second port serves the same, and a bare OPTIONS gets its header', async () => {
  expect((await get(`${secondUrl}/teams`)).body).toEqual((await get(`${stack.url}/teams`)).body);
  const watcher = await Watcher.connect(secondUrl);
  watcher.close();
  const options = await fetch(`${stack.url}/teams/run`, {
    method: 'OPTIONS',
    headers: { origin: 'http://else.where' },
  });
  expect(options.headers.get('access-control-allow-origin')).toBe('*');
  expect((await get(`${stack.url}/health`)).body).toMatchObject({ status: 'healthy', systems: { redis: true } });
});
