/** `WS /ws/swarm` for clients that send control frames, and for those that only listen. */
import { setTimeout as sleep } from 'node:timers/promises';
import { foldFrames, get, post, listTexts, Watcher, type AnyFrame } from '../support/readers';
import { createStack, until, type Stack } from '../support/stack';

const KEYS = { alice: 'alice-has-a-key', bob: 'bob-has-a-key' };
type Name = keyof typeof KEYS;
let stack: Stack;
let secondUrl: string;
beforeAll(async () => {
  stack = await createStack({
    API_KEYS: Object.entries(KEYS)
      .map(([name, key]) => `${name}:${key}`)
      .join(),
  });
  secondUrl = await stack.addApi();
});
afterAll(() => stack.stop());
beforeEach(() => stack.gateway.reset());

const as = (name: Name) => ({ authorization: `Bearer ${KEYS[name]}` });
const connect = (name: Name = 'alice', query = '', url = stack.url) =>
  Watcher.connect(url, `/ws/swarm?api_key=${KEYS[name]}${query}`);
const order = { swarm_id: 'one-voice', message: 'Count' };
const run = async (name: Name, url = stack.url) =>
  (await post(`${url}/swarm/execute`, order, as(name))).body.run_id as string;
const ofRun = (frames: AnyFrame[], runId?: string) => frames.filter((frame) => frame.run_id === runId);

test.each([
  ['{"type": "ping"}', { type: 'ping' }],
  ['with an id and a time', { type: 'ping', id: 7, timestamp: 1700000000000 }],
  ['as an event', { event: 'ping' }],
  ['as an action', { action: 'PING' }],
  ['as a method', { jsonrpc: '2.0', method: 'ping', id: 'a' }],
  ['as a field', { ping: 1 }],
  ['as a heartbeat', { type: 'heartbeat' }],
])('a ping gets a pong, also during a run: %s', async (_how, ping) => {
  stack.gateway.script('balanced-model', { tokens: { count: 40 }, intervalMs: 20 });
  const watcher = await connect();
  watcher.send(ping);
  const { id, timestamp } = ping as { id?: unknown; timestamp?: unknown };
  const pong = await watcher.frame(({ event }) => (event as string) === 'pong');
  const { receivedAt: _at, ...answer } = pong;
  const echoed = { ...(id === undefined ? {} : { id }), ...(timestamp === undefined ? {} : { timestamp }) };
  expect(answer).toEqual({ event: 'pong', type: 'pong', content: '', done: false, ...echoed });
  watcher.send(order);
  await watcher.frame(({ event }) => event === 'turn.delta');
  watcher.send(ping);
  const last = await watcher.done();
  expect(last.event).toBe('run.completed');
  expect(watcher.frames.filter(({ event }) => (event as string) === 'pong')).toHaveLength(2);
  const reported = await get(`${stack.url}/runs/${last.run_id}`, as('alice'));
  expect(listTexts(foldFrames(ofRun(watcher.frames, last.run_id))).answer).toBe(reported.body.responses[0]);
  watcher.close();
});

test('a ping that is not JSON gets a plain pong', async () => {
  const { socket } = await connect();
  socket.removeAllListeners('message');
  const text = new Promise((resolve) => socket.once('message', (data) => resolve(String(data))));
  socket.send('ping');
  expect(await text).toBe('pong');
  socket.terminate();
});

test.each([
  ['an unknown frame type', { type: 'hello' }, 'INVALID_FIELD'],
  ['no JSON', 'hello', 'INVALID_JSON'],
  ['an empty object', {}, 'INVALID_FIELD'],
  ['a list', [], 'INVALID_FIELD'],
  ['the cancellation of an unknown run', { cancel: 'nobody' }, 'UNKNOWN_RUN'],
])('an error about %s does not affect a streaming run', async (_what, frame, code) => {
  stack.gateway.script('balanced-model', { tokens: { count: 30 }, intervalMs: 20 });
  const watcher = await connect();
  watcher.send(order);
  await watcher.frame(({ event }) => event === 'turn.delta');
  watcher.send(frame);
  const answer = await watcher.frame(({ error }) => error?.code === code);
  // the text of the streaming run stays complete
  expect(answer).toMatchObject({ event: 'error', content: '', done: false });
  expect((await watcher.done()).event).toBe('run.completed');
  watcher.close();
});

test('pong and ack are accepted without a reply', async () => {
  const watcher = await connect();
  for (const frame of [{ type: 'pong' }, { type: 'ack' }, 'pong']) watcher.send(frame);
  watcher.send({ type: 'ping' });
  await watcher.frame(({ event }) => (event as string) === 'pong');
  expect(watcher.frames).toHaveLength(1);
  watcher.close();
});

test.each(['cancel', 'stop'])('{"type": "%s", run_id} cancels the run', async (type) => {
  stack.gateway.script('balanced-model', { tokens: { count: 300 }, intervalMs: 50 });
  const watcher = await connect();
  watcher.send({ type: 'start', swarm_type: 'one_voice', task: 'Count' });
  const { run_id } = await watcher.frame(({ event }) => event === 'turn.delta');
  watcher.send({ type, run_id });
  expect((await watcher.done(run_id)).event).toBe('run.cancelled');
  watcher.close();
});

test('a client that only listens gets all frames of the runs of its key, wherever they start, and of no others', async () => {
  stack.gateway.always('balanced-model', { tokens: { count: 10 }, intervalMs: 10 });
  const [early, remote, bob] = [await connect(), await connect('alice', '', secondUrl), await connect('bob')];
  const first = await run('alice');
  await run('bob');
  const second = await run('alice', secondUrl);
  for (const watcher of [early, remote])
    for (const id of [first, second]) {
      await watcher.done(id);
      const reported = await get(`${stack.url}/runs/${id}`, as('alice'));
      expect(listTexts(foldFrames(ofRun(watcher.frames, id))).answer).toBe(reported.body.responses[0]);
    }
  expect(new Set(early.frames.map(({ run_id }) => run_id))).toEqual(new Set([first, second]));
  await bob.frame(({ done }) => done === true);
  expect(ofRun(bob.frames, first)).toEqual([]);
  [early, remote, bob].forEach((watcher) => watcher.close());
});

test('a client that starts a run, or stops listening, gets no frames of other runs', async () => {
  stack.gateway.always('balanced-model', { tokens: { count: 10 }, intervalMs: 10 });
  const [starting, silent, leaving] = [await connect(), await connect('alice', '&listen=0'), await connect()];
  starting.send(order);
  leaving.send({ type: 'unsubscribe' });
  await leaving.frame(({ listening }) => listening === false);
  const own = (await starting.done()).run_id;
  const other = await run('alice');
  await sleep(1000);
  expect(new Set(starting.frames.map(({ run_id }) => run_id))).toEqual(new Set([own]));
  expect(silent.frames).toEqual([]);
  expect(leaving.frames).toHaveLength(1);
  leaving.send({ type: 'subscribe' });
  await leaving.frame(({ listening }) => listening === true);
  const third = await run('alice');
  await leaving.done(third);
  expect(ofRun(leaving.frames, other)).toEqual([]);
  await until(() => stack.gateway.open() === 0);
  [starting, silent, leaving].forEach((watcher) => watcher.close());
});
