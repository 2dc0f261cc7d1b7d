/** The served OpenAPI document is correct: real replies are validated against it, as a client generator would read it. */
import Ajv2020, { type ValidateFunction } from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import type { OpenApiDocument } from '../../src/api/openapi/document';
import { ROUTES } from '../../src/api/routes';
import { createRouter } from '../../src/api/routing/router';
import type { Services } from '../../src/api/services';
import { cases } from '../support/scripted-gateway';
import { createChecker } from '../support/recorded-replies';
import { collectSse, get, post, toEvent, Watcher, type JsonReply } from '../support/readers';
import { createStack, until, type Stack } from '../support/stack';

let stack: Stack;
let document: OpenApiDocument;
const ajv = addFormats(new Ajv2020({ strict: false, allErrors: true }));
beforeAll(async () => {
  stack = await createStack();
  document = (await get(`${stack.url}/openapi.json`)).body;
  ajv.addSchema({ $id: 'api', ...document });
});
afterAll(() => stack.stop());
beforeEach(() => stack.gateway.reset());

function holds(validate: ValidateFunction | undefined, value: unknown): void {
  expect(validate).toBeDefined();
  validate?.(value);
  expect({ errors: validate?.errors ?? [], of: value }).toEqual({ errors: [], of: value });
}

/** Checks that a reply matches the document's schema for its route and status. */
function expectDocumented(method: string, path: string, { status, body }: JsonReply): void {
  const pointer = [path, method, 'responses', String(status), 'content', 'application/json', 'schema'];
  const escaped = pointer.map((step) => encodeURIComponent(step.replace(/~/g, '~0').replace(/\//g, '~1')));
  holds(ajv.getSchema(`api#/paths/${escaped.join('/')}`), body);
}

const execute = (body: object) => post(`${stack.url}/swarm/execute`, body);
/** The stream of a run for clients without cursors. */
const listFrames = async (path: string, body: object) =>
  (await collectSse(`${stack.url}${path}`, { method: 'POST', body: JSON.stringify(body) })).map(
    ({ receivedAt: _at, ...frame }) => frame,
  );
const ONE = { swarm_id: 'one-voice', message: 'Hello' };
const CODE = '```python\ndef double(x):\n    return 2 * x\n```\nVERDICT: PASS';

test('the document is OpenAPI 3.1 and names every route of the API, and no other', () => {
  expect(document.openapi).toBe('3.1.0');
  const router = createRouter(ROUTES, {} as Services);
  const served = router.stack.flatMap(({ methods, path }) =>
    methods
      .filter((method) => method !== 'HEAD')
      .map((method) => `${method} ${String(path).replace(/:(\w+)/g, '{$1}')}`),
  );
  const documented = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(documented.sort()).toEqual(served.sort());
});

test('each name in a path is a documented parameter', () => {
  for (const [path, methods] of Object.entries(document.paths))
    for (const { parameters = [] } of Object.values(methods)) {
      const named = parameters.filter((one) => one.in === 'path').map(({ name }) => `{${name}}`);
      expect([path, named]).toEqual([path, path.match(/\{\w+\}/g) ?? []]);
    }
});

test('all schemas of the document are JSON Schema', () => {
  const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
  const contents = operations.flatMap(({ requestBody, responses }) => [
    ...(requestBody ? [requestBody.content] : []),
    ...Object.values(responses).flatMap(({ content }) => (content ? [content] : [])),
  ]);
  for (const { schema } of contents.flatMap((content) => Object.values(content)))
    expect([ajv.validateSchema(schema), ajv.errors]).toEqual([true, null]);
});

test.each([
  ['one voice', ONE],
  ['a team that concludes something', { swarm_id: 'debate-swarm', message: 'Should we?' }],
  ['code that was executed', { swarm_id: 'coding-swarm', message: 'Write double(x).\ndouble(2) -> 4' }],
])('the reply and the view of a run match the document: %s', async (_what, order) => {
  stack.gateway.always('coding-model', { tokens: [CODE] });
  const reply = await execute(order);
  expect(reply.status).toBe(200);
  expectDocumented('post', '/swarm/execute', reply);
  expectDocumented('get', '/runs/{id}', await get(`${stack.url}/runs/${reply.body.run_id}`));
});

test('so do those of several swarms of which one fails, and of a run that waits for a person', async () => {
  stack.gateway.script('strategic-model', cases.moderated);
  const teams = ['strategic-swarm', 'one-voice'];
  const several = await post(`${stack.url}/swarms/multi`, { message: 'Go', teams, strategy: 'parallel' });
  expect(several.status).toBe(200);
  expectDocumented('post', '/swarms/multi', several);
  const accepted = await post(`${stack.url}/swarm/coordinate`, { message: 'Build', approve_plan: true, wait: false });
  expectDocumented('post', '/swarm/coordinate', accepted);
  const url = `${stack.url}/runs/${accepted.body.run_id}`;
  await until(async () => (await get(url)).body.gates.length > 0, 20_000);
  expectDocumented('get', '/runs/{id}', await get(url));
  for (const [word, body] of [
    ['message', { content: 'Be brief' }],
    ['pause', {}],
    ['resume', {}],
    ['approve', {}],
    ['reject', { reason: 'late' }],
    ['cancel', {}],
  ] as const)
    expectDocumented('post', `/runs/{id}/${word}`, await post(`${url}/${word}`, body));
});

test('so do the replies to a person who rejects a plan', async () => {
  const { body } = await post(`${stack.url}/swarm/coordinate`, { message: 'Build', approve_plan: true, wait: false });
  const url = `${stack.url}/runs/${body.run_id}`;
  await until(async () => (await get(url)).body.gates.length > 0, 20_000);
  const rejected = await post(`${url}/reject`, { reason: 'Too vague' });
  expect([rejected.status, rejected.body.decision]).toEqual([200, 'rejected']);
  expectDocumented('post', '/runs/{id}/reject', rejected);
  await post(`${url}/cancel`, {});
});

test('so do lists, sessions, forks, pages of events, and replies about the service', async () => {
  const { body } = await execute({ ...ONE, session_id: 'documented' });
  const fork = { from: 'answer', edit: { instruction: 'Shorter' } };
  for (const [path, reply] of [
    ['/runs', await get(`${stack.url}/runs?limit=5`)],
    ['/swarms', await get(`${stack.url}/swarms`)],
    ['/sessions/{id}', await get(`${stack.url}/sessions/documented`)],
    ['/runs/{id}/events', await get(`${stack.url}/runs/${body.run_id}/events?wait=0`)],
    ['/runs/{id}/prompts', await get(`${stack.url}/runs/${body.run_id}/prompts`)],
    ['/runs/{id}/input', await get(`${stack.url}/runs/${body.run_id}/input?turn=answer`)],
    ['/runs/{id}/request', await get(`${stack.url}/runs/${body.run_id}/request`)],
    ['/healthz', await until(async () => get(`${stack.url}/healthz`))],
    ['/readyz', await get(`${stack.url}/readyz`)],
    ['/gateways', await get(`${stack.url}/gateways`)],
    ['/openapi.json', await get(`${stack.url}/openapi.json`)],
    ['/events.schema.json', await get(`${stack.url}/events.schema.json`)],
  ] as const)
    expectDocumented('get', path, reply);
  const forked = await post(`${stack.url}/runs/${body.run_id}/fork`, fork);
  expectDocumented('post', '/runs/{id}/fork', forked);
  const edit = await get(`${stack.url}/runs/${forked.body.run_id}/edit`);
  expectDocumented('get', '/runs/{id}/edit', edit);
});

test('so do errors, and refused requests do not match the document either', async () => {
  expectDocumented('get', '/runs/{id}', await get(`${stack.url}/runs/nobody`));
  expectDocumented('post', '/swarm/execute', await execute({ ...ONE, swarm_id: 'nobody' }));
  stack.gateway.always('balanced-model', cases.invalidKey[0]!);
  expectDocumented('post', '/swarm/execute', await execute(ONE));
  const body = ajv.getSchema('api#/paths/~1swarm~1execute/post/requestBody/content/application~1json/schema');
  for (const wrong of [{ message: 'No swarm' }, { ...ONE, message: 7 }, { ...ONE, temperature: 9 }]) {
    const reply = await execute(wrong);
    expect([reply.status, body?.(wrong)]).toEqual([400, false]);
    expectDocumented('post', '/swarm/execute', reply);
  }
  expect(body?.({ ...ONE, session_id: null, anything: 'else' })).toBe(true);
});

test('frames and events of a run match their schemas', async () => {
  stack.gateway.script('balanced-model', cases.cutAfterThreeTokens);
  const frames = await collectSse(`${stack.url}/swarm/execute`, {
    method: 'POST',
    body: JSON.stringify({ ...ONE, stream: true }),
  });
  const event = ajv.compile((await get(`${stack.url}/events.schema.json`)).body as object);
  const validateFrame = ajv.getSchema('api#/components/schemas/Frame');
  expect(frames.length).toBeGreaterThan(5);
  for (const { receivedAt, id: _id, ...frame } of frames) {
    holds(validateFrame, frame);
    holds(event, toEvent({ ...frame, receivedAt }));
  }
  expect(event({ ...toEvent(frames[0]!), type: 'run.vanished' })).toBe(false);
  const watcher = await Watcher.connect(stack.url);
  watcher.send({ swarm_id: 'nobody', message: 'Hello' });
  watcher.send({ cancel: frames[0]?.run_id });
  await watcher.frame(({ accepted }) => accepted === false);
  watcher.close();
  expect(watcher.frames.map((frame) => frame.event)).toEqual(['error', 'cancel.accepted']);
  for (const { receivedAt: _at, ...frame } of watcher.frames) holds(validateFrame, frame);
});

test('so do replies to OpenAI clients: models, an answer, its chunks, errors', async () => {
  const chat = (body: object) => post(`${stack.url}/v1/chat/completions`, body);
  const request = { model: 'one-voice', messages: [{ role: 'user', content: 'Hello' }] };
  expectDocumented('get', '/v1/models', await get(`${stack.url}/v1/models`));
  expectDocumented('get', '/v1/models/{id}', await get(`${stack.url}/v1/models/one-voice`));
  const unknown = await get(`${stack.url}/v1/models/nobody`);
  expect(unknown.status).toBe(404);
  expectDocumented('get', '/v1/models/{id}', unknown);
  const answer = await chat(request);
  expect(answer.status).toBe(200);
  expectDocumented('post', '/v1/chat/completions', answer);
  const refused = await chat({ ...request, n: 2 });
  expect(refused.status).toBe(400);
  expectDocumented('post', '/v1/chat/completions', refused);
  const streamed = { ...request, stream: true, stream_options: { include_usage: true } };
  const chunks = await listFrames('/v1/chat/completions', streamed);
  for (const chunk of chunks) holds(ajv.getSchema('api#/components/schemas/ChatChunk'), chunk);
  expect(chunks.at(-1)).toHaveProperty('usage');
});

test('so do replies to earlier clients: lists, an answer, its frames, and not-found errors', async () => {
  for (const path of ['/teams', '/agents', '/workflows', '/models', '/stats', '/mcp/swarm-status', '/health'])
    expectDocumented('get', path, await get(`${stack.url}${path}`));
  expectDocumented('get', '/teams/{id}', await get(`${stack.url}/teams/CONSENSUS`));
  expectDocumented('get', '/teams/{id}', await get(`${stack.url}/teams/nobody`));
  stack.gateway.always('coding-model', { tokens: [CODE] });
  const whole = { team_id: 'coding-team', message: 'Write double(x).\ndouble(2) -> 4' };
  const answer = await post(`${stack.url}/teams/run`, { ...whole, stream: false });
  expect(answer.status).toBe(200);
  expectDocumented('post', '/teams/run', answer);
  const workflow = { workflow_id: 'one-voice', inputs: { message: 'Hello' }, stream: false };
  expectDocumented('post', '/workflows/run', await post(`${stack.url}/workflows/run`, workflow));
  const body = ajv.getSchema('api#/paths/~1workflows~1run/post/requestBody/content/application~1json/schema');
  expect([body?.(workflow), body?.({ inputs: { message: 'No workflow' } })]).toEqual([true, false]);
  const frames = await listFrames('/teams/run', whole);
  for (const frame of frames) holds(ajv.getSchema('api#/components/schemas/TeamFrame'), frame);
  expect(frames.at(-1)).toMatchObject({ phase: 'complete', final: { gates: { allowed: true } } });
});

/** Routes whose replies are not JSON, or have no body. */
const WITHOUT_JSON = ['GET /metrics', 'GET /docs', 'DELETE /sessions/{id}'];
/** MCP replies are streams; `mcp.test.ts` validates them against the protocol's own schemas. */
const STREAMED = ['POST /mcp'];

test('each route has returned a reply that matches its schema', async () => {
  for (const path of ['/swarms/schema.json', '/swarm/status', '/events.schema.json'])
    expect((await get(`${stack.url}${path}`)).status).toBe(200);
  expect(stack.replies.findFaults()).toEqual([]);
  const checked = [...stack.replies.listChecked()].filter((one) => /(200|202)$/.test(one));
  const unchecked = ROUTES.map(({ method, path }) => `${method.toUpperCase()} ${path}`).filter(
    (route) => !checked.some((one) => one.startsWith(`${route} `)),
  );
  expect(unchecked.sort()).toEqual([...WITHOUT_JSON, ...STREAMED].sort());
});

test('a reply that does not match its schema is detected', () => {
  const check = createChecker(document);
  const reply = { method: 'GET', path: '/runs/x/prompts', status: 200, body: '{"run_id":"x","turns":[]}' };
  expect(check(reply)).toEqual({ route: '/runs/{id}/prompts' });
  expect(check({ ...reply, body: '{"run_id":"x"}' }).fault).toContain('turns');
  expect(check({ ...reply, body: '{"run_id":"x","turns":[],"more":1}' }).fault).toContain('more');
  expect(check({ ...reply, status: 418 }).fault).toContain('declares no such reply');
  expect(check({ ...reply, body: 'no JSON' }).fault).toBeDefined();
  expect(check({ ...reply, path: '/nowhere', status: 404 }).fault).toBeDefined();
});
