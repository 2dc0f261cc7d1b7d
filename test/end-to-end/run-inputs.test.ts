/** What a run was started with: the request that starts it again, and the edit of a fork. */
import { planText } from '../support/plan';
import { get, post } from '../support/readers';
import { createStack, until, type Stack } from '../support/stack';

let stack: Stack;
beforeAll(async () => (stack = await createStack()), 60_000);
afterAll(() => stack.stop());
beforeEach(() => stack.gateway.reset());

const read = async (id: string, what: string) => (await get(`${stack.url}/runs/${id}/${what}`)).body;
const isEnded = async (id: string) => (await get(`${stack.url}/runs/${id}`)).body.status !== 'running';

async function start(path: string, order: object): Promise<string> {
  const { body } = await post(stack.url + path, { ...order, wait: false });
  return body.run_id as string;
}

const limits = { temperature: 0.4, max_tokens: 500, budget_usd: 2, budget_tokens: 9000, budget_calls: 30, cache: 'ok' };
const ORDERS: [path: string, order: object][] = [
  ['/swarm/execute', { swarm_id: 'one-voice', message: 'Say it' }],
  ['/swarm/execute', { swarm_id: 'one-voice', message: 'Say it', ...limits, approve_above_usd: 1, tags: ['a', 'b'] }],
  ['/swarm/execute', { swarm_id: 'one-voice', message: 'Say it', session_id: 'mine', session_policy: 'interrupt' }],
  ['/swarm/execute', { swarm_id: 'coding-swarm', message: 'Code it', session_id: 'mine', drafts: 3 }],
  ['/swarm/execute', { swarm_id: 'coding-swarm', message: 'Code it' }],
  ['/swarm/coordinate', { message: 'Build it', max_rounds: 2, approve_plan: true }],
  ['/swarms/multi', { message: 'Say it', teams: ['one-voice', 'coding-swarm'], strategy: 'sequential' }],
];

test.each(ORDERS)('%s can be sent again: %j', async (path, order) => {
  const id = await start(path, order);
  const again = await read(id, 'request');
  expect(again).toEqual({ path, body: order });
  const second = await start(again.path, again.body);
  expect(await read(second, 'request')).toEqual(again);
  await Promise.all([id, second].map((run) => post(`${stack.url}/runs/${run}/cancel`, {})));
});

test('a fork tells what it has changed and what that was; a retry has changed nothing and reuses what was finished', async () => {
  stack.gateway.script('strategic-model', [
    { tokens: [planText('draft')] },
    { status: 400, body: { error: { code: 400, message: 'No otters allowed' } } },
    { tokens: ['CRITIQUE'] },
    { tokens: [planText('plan')] },
  ]);
  const id = await start('/swarm/execute', { swarm_id: 'strategic-swarm', message: 'Plan it' });
  await until(() => isEnded(id));
  expect((await get(`${stack.url}/runs/${id}/edit`)).status).toBe(400);
  const retry = (await post(`${stack.url}/runs/${id}/fork`, { from: 'critique' })).body.run_id;
  await until(() => isEnded(retry));
  const edit = { instruction: 'Be brief.', alias: 'fast' };
  const fork = (await post(`${stack.url}/runs/${retry}/fork`, { from: 'critique', edit })).body.run_id;
  await until(() => isEnded(fork));
  const second = (await post(`${stack.url}/runs/${fork}/fork`, { from: 'critique', edit: { system: 'You nod.' } })).body
    .run_id;
  await until(() => isEnded(second));

  const origin = { run_id: id, from: 'critique' };
  expect(await read(retry, 'edit')).toEqual({ run_id: retry, forked_from: origin, edit: null, replaced: null });
  const system = expect.stringMatching(/\w/);
  expect(await read(fork, 'edit')).toMatchObject({ edit, replaced: { system, alias: 'strategic' } });
  expect(await read(second, 'edit')).toMatchObject({
    edit: { system: 'You nod.' },
    replaced: { system, alias: 'fast' },
  });
  const { body } = await get(`${stack.url}/runs/${retry}`);
  expect(body.status).toBe('completed');
  expect(body.turns.map(({ reused_from }: { reused_from?: string }) => reused_from === id)).toEqual([
    true,
    false,
    false,
  ]);
});

interface Input {
  messages: { role: string; source: string; parts: { text: string; turn?: string }[] }[];
  parameters: object;
  memory: string;
  lost: string[];
}
const readInput = async (id: string, turn: string): Promise<Input> =>
  read(id, `input?turn=${encodeURIComponent(turn)}`);
/** The messages as a gateway receives them. */
const plain = ({ messages }: Input) =>
  messages.map(({ role, parts }) => ({ role, content: parts.map(({ text }) => text).join('') }));

test('the input of each turn equals what the gateway received, word for word, with the turns whose texts it quotes', async () => {
  stack.gateway.script('strategic-model', [
    { tokens: [planText('draft')] },
    { tokens: ['CRITIQUE'] },
    { tokens: [planText('plan')] },
  ]);
  const order = { swarm_id: 'strategic-swarm', message: 'Plan it', temperature: 0.1 };
  const id = await start('/swarm/execute', order);
  await until(() => isEnded(id));
  const calls = stack.gateway.calls('strategic-model').map(({ body }) => body as { messages: object[] });
  for (const [index, turn] of ['draft', 'critique', 'plan'].entries()) {
    const input = await readInput(id, turn);
    expect(plain(input)).toEqual(calls[index]?.messages);
    expect(input).toMatchObject({ memory: 'none', lost: [], parameters: { alias: 'strategic', temperature: 0.1 } });
  }
  const quoted = (await readInput(id, 'plan')).messages.flatMap(({ parts }) => parts.flatMap(({ turn }) => turn ?? []));
  expect(new Set(quoted)).toEqual(new Set(['draft', 'critique']));
});

test('the input of a running turn holds the memory of its session and the guidance that it was given', async () => {
  const one = { swarm_id: 'one-voice', session_id: 'remembering' };
  stack.gateway.script('balanced-model', [
    { tokens: ['Otters', ' hold', ' hands.'] },
    { tokens: { count: 3000 }, intervalMs: 20 },
    { tokens: { count: 3000 }, intervalMs: 20 },
  ]);
  const first = await start('/swarm/execute', { ...one, message: 'What do otters do?' });
  await until(() => isEnded(first));
  const id = await start('/swarm/execute', { ...one, message: 'Really?' });
  await until(() => stack.gateway.open() === 1);
  await post(`${stack.url}/runs/${id}/message`, { content: 'Mind the eagles.', interrupt: true });
  await until(() => stack.gateway.calls('balanced-model').length === 3);
  const input = await readInput(id, 'answer~2');
  expect(plain(input)).toEqual((stack.gateway.calls('balanced-model')[2]?.body as { messages: object[] }).messages);
  expect(input.memory).toBe('included');
  expect(input.messages.map(({ source }) => source)).toEqual(['role', 'memory', 'memory', 'run']);
  expect(JSON.stringify(input.messages.at(-1))).toContain('Mind the eagles.');
  const unknown = await get(`${stack.url}/runs/${id}/input?turn=nobody`);
  expect([unknown.status, unknown.body.error.message]).toEqual([
    400,
    expect.stringMatching(/turn: .*answer, answer~2/),
  ]);
  await post(`${stack.url}/runs/${id}/cancel`, {});
});

test('an unknown run has no input', async () => {
  for (const what of ['request', 'edit', 'input?turn=answer']) {
    const { status, body } = await get(`${stack.url}/runs/nobody/${what}`);
    expect([status, body.error.code]).toEqual([404, 'UNKNOWN_RUN']);
  }
});
