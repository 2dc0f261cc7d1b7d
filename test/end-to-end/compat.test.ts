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
});
afterAll(() => stack.stop());
beforeEach(() => stack.gateway.reset());

const run = (body: object, headers: Record<string, string> = {}) =>
  collectSse(`${stack.url}/teams/run`, { method: 'POST', headers, body: JSON.stringify(body) });
const listPhases = (frames: AnyFrame[]) => [...new Set(frames.map(({ phase }) => phase))];
const readText = (frames: AnyFrame[]) => frames.map(({ content }) => content).join('');

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

test('a run streams in phases, its tokens form its answer, and unused parts are null', async () => {
  stack.gateway.always('balanced-model', { tokens: { count: 12 }, intervalMs: 5 });
  const frames = await run({ team_id: 'one-voice', message: 'Count', session_id: '', anything: { else: true } });
  expect(listPhases(frames)).toEqual([
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
  expect(readText(frames)).toBe((last.final as { message: string }).message);
  const { body } = await get(`${stack.url}/runs/${last.run_id}`);
  expect(readText(frames)).toBe(body.responses[0]);
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
])('gates and tool calls report the result of the sandbox: $status', async ({ works, expression, status, rounds }) => {
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
});

test.each([
  ['coding-team', 'coding-model', `${PROGRAM('2 * x')}\nVERDICT: REVISE`],
  ['strategic', 'strategic-model', planText('plan')],
])(
  'the critic of %s has the findings of its reviewer, and is requested only for earlier clients',
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
);

test('code that cannot be executed is not allowed, and no tool call is reported', async () => {
  stack.gateway.always('coding-model', { tokens: ['```haskell\ndouble x = 2 * x\n```\nVERDICT: PASS'] });
  const frames = await run({ team_id: 'coding-team', message: DOUBLE });
  expect(frames[frames.length - 1]?.final).toMatchObject({
    gates: { allowed: false, status: 'not executed', scores: { checks: 0, passed: 0 } },
    tool_calls: [],
  });
});

test('parallel voices are streamed one after another, and no text is lost', async () => {
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
  const speakers = spoken.map(({ label }) => label).filter((turn, i, all) => turn !== all[i - 1]);
  expect(new Set(speakers).size).toBe(speakers.length);
  const { body } = await get(`${stack.url}/runs/${frames[0]?.run_id}`);
  for (const { turn, label, text } of body.turns) {
    const pieces = spoken.filter((frame) => frame.turn === turn && frame.label === label);
    expect(readText(pieces)).toBe(label.endsWith('as data') ? '' : `\n\n### ${label}\n\n${text}`);
  }
  expect(readText(frames).endsWith(`### Answer\n\n${body.responses.join('\n\n')}`)).toBe(true);
  const { final } = frames[frames.length - 1] as unknown as { final: { judge: object } };
  expect(final.judge).toEqual(body.judge);
  expect(final.judge).toMatchObject({ decision: 'accept', confidence_score: 0.9 });
});

test('heartbeats are sent within two seconds, and [DONE] in a separate write', async () => {
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

test('a failed run sends an error frame, and then [DONE]', async () => {
  stack.gateway.always('balanced-model', { status: 401, body: { error: { code: 401, message: 'no' } } });
  const frames = await run({ team_id: 'one-voice', message: 'Fail' });
  const last = frames[frames.length - 1];
  expect(last).toMatchObject({ phase: 'error', done: true, content: '', code: 'GATEWAY_KEY_REFUSED' });
  expect(typeof last?.error).toBe('string');
  expect(readText(frames)).toContain(`[Failed: ${String(last?.error)}]`);
});

test('bodies may be text/plain, unknown teams are not found, and without streaming the reply is JSON', async () => {
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

test('the bus reports finished turns of all runs', async () => {
  const bus = await Watcher.connect(stack.url, '/ws/bus');
  bus.send({ type: 'ping' });
  await bus.frame(({ type }) => type === 'pong');
  bus.frames.length = 0;
  await until(async () => {
    await post(`${stack.url}/swarm/execute`, { swarm_id: 'one-voice', message: 'Hi', session_id: 'bus' });
    return bus.frames.length > 0;
  });
  const [message] = bus.frames;
  // a front end finds the sender in the list of agents
  const agents = (await get(`${stack.url}/agents`)).body.map(({ id }: { id: string }) => id);
  expect(agents).toContain(message?.sender);
  expect(message).toMatchObject({
    ...{ sender: 'one-voice', team_id: 'one-voice', thread_id: 'bus', role: 'speaker', label: 'Speaker' },
    message: { sender_agent_id: 'one-voice', content: message?.content },
  });
  const { body } = await get(`${stack.url}/runs/${message?.run_id}`);
  expect(message?.content).toBe(body.responses[0]);
  bus.close();
});

test.each([
  ['code_review', 'debate-swarm'],
  ['pr-lifecycle', 'coordinate'],
  ['PR_LIFECYCLE', 'coordinate'],
  ['bug_fix', 'coding-swarm'],
  ['coding_swarm', 'coding-swarm'],
  ['Coding Team', 'coding-swarm'],
  ['coding-swarm-fast', 'coding-swarm'],
  ['strategic_team', 'strategic-swarm'],
  ['one_voice', 'one-voice'],
])('the earlier name %s refers to %s', async (name, swarm) => {
  expect((await get(`${stack.url}/teams/${encodeURIComponent(name)}`)).body.id).toBe(swarm);
});

test('workflows run under their earlier names, and unknown ones are not found', async () => {
  stack.gateway.always('coding-model', { tokens: [`${PROGRAM('2 * x')}\nVERDICT: PASS`] });
  const reply = await post(`${stack.url}/workflows/run`, { workflow_id: 'bug_fix', message: DOUBLE, stream: false });
  expect([reply.status, reply.body.team_id]).toEqual([200, 'coding-swarm']);
  const unknown = await post(`${stack.url}/workflows/run`, { workflow_id: 'lunch', message: 'Hi', stream: false });
  expect([unknown.status, unknown.body]).toEqual([404, { detail: "Workflow 'lunch' not found" }]);
});

test.each([
  ['swarm_type and task', { swarm_type: 'one_voice', task: 'Hi' }],
  ['team_id and message', { team_id: 'one-voice', message: 'Hi' }],
  ['camel case', { swarmId: 'one-voice', message: 'Hi', sessionId: 'camel', maxTokens: 7 }],
  ['both, of which the first counts', { swarm_id: 'one-voice', team_id: 'nobody', message: 'Hi', task: 'Bye' }],
])('POST /swarm/execute accepts %s', async (_what, body) => {
  const reply = await post(`${stack.url}/swarm/execute`, body);
  expect([reply.status, reply.body.team_id]).toEqual([200, 'one-voice']);
  const [call] = stack.gateway.calls();
  expect(JSON.stringify(call?.body)).toContain('"Hi"');
  if ('maxTokens' in body) {
    expect(call?.body).toMatchObject({ max_tokens: 7 });
    expect(reply.body.session_id).toBe('camel');
  }
});

test.each([
  ['/teams/run', { swarm_type: 'one_voice', task: 'Hi', sessionId: 'other' }],
  ['/teams/run', { teamId: 'one-voice', prompt: 'Hi', session_id: 'other' }],
  ['/workflows/run', { workflow_id: 'one-voice', inputs: { task: 'Hi' }, session_id: 'other' }],
])('POST %s accepts %j', async (path, body) => {
  const reply = await post(stack.url + path, { ...body, stream: false });
  expect([reply.status, reply.body.team_id, reply.body.session_id]).toEqual([200, 'one-voice', 'other']);
  const wrong = await post(stack.url + path, { ...body, task: 7, prompt: 7, inputs: {}, stream: false });
  expect([wrong.status, wrong.body.detail]).toEqual([400, expect.stringMatching(/^(task|prompt): /)]);
});

test('/swarm/status returns the same as /mcp/swarm-status', async () => {
  const { status, body } = await get(`${stack.url}/swarm/status`);
  expect([status, body.status]).toEqual([200, 'ok']);
  expect(body.agents.map(({ id }: { id: string }) => id)).toContain('coding-swarm');
});

test('models, stats and the swarm status are measured; the status is returned within 50 ms', async () => {
  stack.gateway.script('balanced-model', { tokens: { count: 200 }, intervalMs: 20 });
  const before = (await get(`${stack.url}/stats`)).body;
  const running = run({ team_id: 'one-voice', message: 'Long' });
  const readAgent = async () =>
    (await get(`${stack.url}/mcp/swarm-status`)).body.agents.find(({ id }: { id: string }) => id === 'one-voice');
  await until(async () => (await readAgent()).status === 'active');
  const times: number[] = [];
  for (let i = 0; i < 20; i++) {
    const asked = performance.now();
    await get(`${stack.url}/mcp/swarm-status`);
    times.push(performance.now() - asked);
  }
  expect(times.sort((a, b) => a - b)[10]).toBeLessThan(50);
  expect((await get(`${stack.url}/stats`)).body.open_streams.sse).toBe(1);
  await running;
  await until(async () => (await readAgent()).status === 'idle');
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

test('the second port serves the same, and a plain OPTIONS request gets its header', async () => {
  expect((await get(`${secondUrl}/teams`)).body).toEqual((await get(`${stack.url}/teams`)).body);
  const watcher = await Watcher.connect(secondUrl);
  watcher.close();
  const options = await fetch(`${stack.url}/teams/run`, {
    method: 'OPTIONS',
    headers: { origin: 'http://localhost:3000' },
  });
  expect(options.headers.get('access-control-allow-origin')).toBe('http://localhost:3000');
  expect((await get(`${stack.url}/health`)).body).toMatchObject({ status: 'healthy', systems: { redis: true } });
});
