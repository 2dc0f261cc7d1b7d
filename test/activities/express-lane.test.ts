/** Turns whose calls begin before their activity exists: shown only after the start, adopted, paid once, and each token once. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ActivityCancellationDetails, CancelledFailure } from '@temporalio/common';
import type { TurnRequest } from '../../src/contract';
import type { RunStart } from '../../src/model-call/express-lane';
import { publishCancellation } from '../../src/redis/cancellations';
import { createEventReader } from '../../src/redis/events';
import { eventsKey, lanesKey, runKey, textKey, turnKey } from '../../src/redis/keys';
import { listEvents } from '../redis/fixtures';
import type { Reply } from '../support/scripted-gateway';
import { attempt, createHarness, type Harness, type LaneOptions, type LaneWorker } from './harness';
import { newRequest } from './request';

let harness: Harness;
/** The worker whose lane takes the runs, and another one. */
let worker: LaneWorker;
let other: LaneWorker;

const open = (options?: LaneOptions) =>
  harness.laneWorker(
    [harness.model('first', { continues: () => 'prefill' }), harness.model('second', { continues: () => 'prefill' })],
    options,
  );

beforeAll(async () => {
  harness = await createHarness();
  [worker, other] = await Promise.all([open(), open()]);
});
afterEach(() => harness.gateway.reset());
afterAll(() => harness.stop());

const SLOW: Reply = { tokens: { count: 60 }, intervalMs: 10 };
const ENDLESS: Reply = { tokens: { count: 3000 }, intervalMs: 5 };
const writeNumbers = (count: number) => Array.from({ length: count }, (_, i) => `#${i} `).join('');

/** As the workflow asks. */
const newFirst = (more: Partial<TurnRequest> = {}) => newRequest({ reports_stop: true, ...more });

function begin(request: TurnRequest, by = worker): RunStart {
  const start = by.lane.begin([request]);
  if (!start) throw new Error('The lane took no run.');
  return start;
}

async function until(holds: () => unknown): Promise<void> {
  while (!(await holds())) await sleep(5);
}

const readTypes = async ({ run_id }: TurnRequest) =>
  (await listEvents(createEventReader(harness.redis), run_id)).map(({ event }) => event.type);
const readText = async ({ run_id, turn }: TurnRequest) => (await harness.turns.texts(run_id, [turn]))[0] ?? '';
const calls = () => harness.gateway.calls();
const hasSent = (tokens: number) => harness.gateway.waitFor(() => (calls()[0]?.tokensSent ?? 0) >= tokens);
const readTurn = ({ run_id, turn }: TurnRequest) => harness.redis.hgetall(turnKey(run_id, turn));

/** The workers in which the activity may begin: the one that has the run in its lane, or another. */
const PLACES: [string, () => LaneWorker][] = [
  ['in the same process', () => worker],
  ['in another process', () => other],
];

describe('what readers see', () => {
  test('nothing before the run is started, everything after, and all of that before an activity begins', async () => {
    harness.gateway.script('first', SLOW);
    const request = newFirst();
    const start = begin(request);
    await hasSent(20);
    expect(await readTypes(request)).toEqual([]);
    expect(await readText(request)).toBe('');
    start.started();
    await until(async () => (await readText(request)).length > 0);
    expect((await readTypes(request)).slice(0, 2)).toEqual(['run.started', 'turn.started']);
    await start.ended;
    expect(await readText(request)).toBe(writeNumbers(60));
    const { text, attempts } = await attempt(worker.activities, request).result;
    expect({ text, attempts }).toEqual({ text: writeNumbers(60), attempts: 1 });
    expect(calls()).toHaveLength(1);
  });

  test.each(PLACES)('an activity %s proves that the run is started', async (_where, find) => {
    harness.gateway.script('first', SLOW);
    const request = newFirst();
    begin(request);
    await hasSent(20);
    const { text, attempts } = await attempt(find().activities, request).result;
    expect({ text, attempts }).toEqual({ text: writeNumbers(60), attempts: 1 });
    expect(calls()).toHaveLength(1);
    const story = await harness.story(request);
    expect(story.types).toEqual(['turn.started', 'turn.delta', 'turn.completed']);
    expect(story.text).toBe(writeNumbers(60));
  });

  test('several first turns share one opening', async () => {
    harness.gateway.always('first', { tokens: { count: 10 } });
    const request = newFirst();
    const requests = ['a', 'b', 'c'].map((turn) => ({ ...request, turn }));
    const start = worker.lane.begin(requests);
    start?.started();
    const results = await Promise.all(requests.map((one) => attempt(worker.activities, one).result));
    expect(results.map(({ text }) => text)).toEqual(requests.map(() => writeNumbers(10)));
    const types = await readTypes(request);
    expect(types.filter((type) => type === 'run.started')).toHaveLength(1);
    expect(calls()).toHaveLength(3);
  });
});

describe('a call that has finished', () => {
  test.each(PLACES)('before the activity begins %s is not made again', async (_where, find) => {
    const request = newFirst();
    const start = begin(request);
    start.started();
    await start.ended;
    expect((await attempt(find().activities, request).result).text).toBe('Hello from upstream.');
    expect(calls()).toHaveLength(1);
  });

  test('before the run was started, and whose worker then dies, is not made again', async () => {
    const request = newFirst();
    const { run_id } = request;
    const killed = await open();
    begin(request, killed);
    await until(async () => (await readTurn(request)).lane_result);
    // the process is killed: its records remain, and a worker on its host finds them
    await other.lanes.releaseAll([killed.id]);
    expect(await harness.redis.exists(lanesKey(killed.id))).toBe(0);
    const result = await attempt(other.activities, request).result;
    expect(result.text).toBe('Hello from upstream.');
    expect(calls()).toHaveLength(1);
    const story = await harness.story(request);
    expect(story.types).toEqual(['turn.started', 'turn.delta', 'turn.completed']);
    expect(await harness.redis.hexists(turnKey(run_id, request.turn), 'lane_result')).toBe(0);
    await killed.lane.close();
  });

  test('for a start that was refused is used if the run turns out to exist', async () => {
    const request = newFirst();
    const start = begin(request);
    await until(async () => (await readTurn(request)).lane_result);
    start.rejected();
    await start.ended;
    expect(await readTypes(request)).toEqual([]);
    expect((await attempt(other.activities, request).result).text).toBe('Hello from upstream.');
    expect(calls()).toHaveLength(1);
  });
});

describe('a start that is refused', () => {
  test('ends the call and books it, and shows nothing', async () => {
    harness.gateway.script('first', ENDLESS);
    const request = newFirst();
    const start = begin(request);
    await hasSent(20);
    start.rejected();
    await start.ended;
    await harness.gateway.waitFor(() => calls()[0]?.endedBy === 'client-closed');
    expect(await readTypes(request)).toEqual([]);
    const spent = await harness.readSpent(request);
    expect(spent.tokens).toBeGreaterThan(20);
    expect(await harness.redis.ttl(runKey(request.run_id))).toBeLessThan(24 * 3600);
    // a late word of its start changes nothing
    start.started();
    await sleep(50);
    expect(await readTypes(request)).toEqual([]);
  });

  test('leaves a run that exists after all to its activity', async () => {
    harness.gateway.script('first', ENDLESS);
    const request = newFirst();
    const start = begin(request);
    await hasSent(20);
    start.rejected();
    await start.ended;
    harness.gateway.script('first', { tokens: { count: 5 } });
    const { text, attempts } = await attempt(worker.activities, request).result;
    expect({ text, attempts }).toEqual({ text: writeNumbers(5), attempts: 2 });
    expect((await harness.story(request)).types).toEqual(['turn.started', 'turn.delta', 'turn.completed']);
  });

  test('changes nothing once an activity goes on with the call', async () => {
    harness.gateway.script('first', SLOW);
    const request = newFirst();
    const start = begin(request);
    await hasSent(5);
    const taking = attempt(worker.activities, request);
    await until(async () => (await readText(request)).length > 0);
    start.rejected();
    expect((await taking.result).text).toBe(writeNumbers(60));
    expect(calls()).toHaveLength(1);
  });

  test('is assumed when nothing is heard of it', async () => {
    harness.gateway.script('first', ENDLESS);
    const impatient = await open({ acknowledgementMs: 100 });
    const request = newFirst();
    const start = begin(request, impatient);
    await start.ended;
    await harness.gateway.waitFor(() => calls()[0]?.endedBy === 'client-closed');
    expect(await readTypes(request)).toEqual([]);
    expect(await readTurn(request)).not.toHaveProperty('lane_until');
  });
});

describe('a request that differs', () => {
  const differ = (request: TurnRequest): TurnRequest => ({
    ...request,
    messages: [{ role: 'user', parts: ['Why do starlings flock? Be brief.'] }],
  });

  test.each(PLACES)('ends the call of the lane %s, and drops its text', async (_where, find) => {
    harness.gateway.script('first', ENDLESS);
    const expected = newFirst();
    const start = begin(expected);
    start.started();
    await until(async () => (await readText(expected)).length > 20);
    harness.gateway.script('first', { tokens: ['brief'] });
    const request = differ(expected);
    expect((await attempt(find().activities, request).result).text).toBe('brief');
    await harness.gateway.waitFor(() => calls()[0]?.endedBy === 'client-closed');
    const { text, types, turn } = await harness.story(request);
    expect(text).toBe('brief');
    expect(types).toEqual(['turn.started', 'turn.delta', 'turn.restarted', 'turn.delta', 'turn.completed']);
    expect(turn.status).toBe('completed');
  });

  test.each(PLACES)('does not get the result of the lane %s', async (_where, find) => {
    const expected = newFirst();
    const start = begin(expected);
    start.started();
    await start.ended;
    harness.gateway.script('first', { tokens: ['brief'] });
    expect((await attempt(find().activities, differ(expected)).result).text).toBe('brief');
    const { text } = await harness.story(expected);
    expect(text).toBe('brief');
  });

  test('does not continue the text of the lane, however many attempts begin', async () => {
    const expected = newFirst();
    const start = begin(expected);
    start.started();
    await start.ended;
    const request = differ(expected);
    for (const model of ['first', 'second']) harness.gateway.always(model, { status: 500, body: {} });
    await attempt(worker.activities, request).failure();
    harness.gateway.reset();
    harness.gateway.always('first', { tokens: ['brief'] });
    harness.gateway.always('second', { tokens: ['brief'] });
    expect((await attempt(other.activities, request).result).text).toBe('brief');
    expect(JSON.stringify(calls()[0]?.body)).not.toContain('Hello from upstream');
  });
});

describe('a failure', () => {
  test.each(PLACES)('that asks to wait is that of the activity %s', async (_where, find) => {
    harness.gateway.script('first', { status: 429, wait: { ms: 30_000, as: 'retry-after' } });
    harness.gateway.script('second', { status: 429, wait: { ms: 20_000, as: 'retry-after' } });
    const request = newFirst();
    const start = begin(request);
    start.started();
    await start.ended;
    const failure = await attempt(find().activities, request).failure();
    expect(failure).toMatchObject({ type: 'RATE_LIMITED', nonRetryable: false });
    expect(failure.nextRetryDelay).toBeGreaterThan(10_000);
    expect(failure.nextRetryDelay).toBeLessThanOrEqual(30_000);
    const made = calls().length;
    harness.gateway.always('first', { tokens: ['late'] });
    harness.gateway.always('second', { tokens: ['late'] });
    expect((await attempt(find().activities, request).result).text).toBe('late');
    expect(calls()).toHaveLength(made + 1);
  });

  test('after an activity has gone on with the call is that of the activity', async () => {
    const refusal: Reply = { status: 400, headersMs: 100, body: { error: { message: 'No such thing.' } } };
    for (const model of ['first', 'second']) harness.gateway.always(model, refusal);
    const request = newFirst();
    begin(request);
    const failure = await attempt(worker.activities, request).failure();
    expect(failure).toMatchObject({ type: 'GATEWAY_REFUSED_REQUEST', nonRetryable: true });
    expect((await harness.story(request)).types.at(-1)).toBe('turn.failed');
  });

  test.each(PLACES)('of a budget is that of the activity %s', async (_where, find) => {
    const request = newFirst({ options: { budget_tokens: 10 } });
    const start = begin(request);
    start.started();
    await start.ended;
    expect(await attempt(find().activities, request).failure()).toMatchObject({ type: 'BUDGET_EXHAUSTED' });
    expect(calls()).toHaveLength(0);
    expect((await harness.story(request)).types).toEqual(['turn.started', 'turn.failed']);
  });
});

/** An activity that has adopted a call without end, whose text is shown. */
async function takeEndless(find: (typeof PLACES)[number][1]) {
  harness.gateway.script('first', ENDLESS);
  const request = newFirst();
  begin(request).started();
  await until(async () => (await readText(request)).length > 20);
  const taking = attempt(find().activities, request);
  await sleep(50);
  return { request, taking };
}

/** A cancelled activity reports what its call has used. */
async function expectUsage(taking: ReturnType<typeof attempt>): Promise<void> {
  const failure = await taking.failure();
  expect(failure).toBeInstanceOf(CancelledFailure);
  const [{ usage }] = failure.details as [{ usage: { completion_tokens: number } }];
  expect(usage.completion_tokens).toBeGreaterThan(5);
}

describe('a run that is cancelled', () => {
  test.each(PLACES)('ends the call; the activity %s reports what it has used', async (_where, find) => {
    const { request, taking } = await takeEndless(find);
    await publishCancellation(harness.redis, request.run_id);
    await harness.gateway.waitFor(() => calls()[0]?.endedBy === 'client-closed', 1000);
    taking.env.cancel('CANCELLED');
    await expectUsage(taking);
    expect((await harness.story(request)).types).toEqual(['turn.started', 'turn.delta', 'turn.failed']);
    expect(calls()).toHaveLength(1);
  });

  test('before any activity begins ends the call', async () => {
    harness.gateway.script('first', ENDLESS);
    const request = newFirst();
    const start = begin(request);
    start.started();
    await hasSent(10);
    await publishCancellation(harness.redis, request.run_id);
    await harness.gateway.waitFor(() => calls()[0]?.endedBy === 'client-closed', 1000);
    await start.ended;
  });

  test('before its first turn is claimed makes no call', async () => {
    const request = newFirst();
    await publishCancellation(harness.redis, request.run_id);
    const start = begin(request);
    start.started();
    await start.ended;
    expect(calls()).toHaveLength(0);
  });
});

test.each(PLACES)('a turn that its run stops, in an activity %s, ends the call', async (_where, find) => {
  const { taking } = await takeEndless(find);
  taking.env.cancel('CANCELLED', new ActivityCancellationDetails({ cancelRequested: true }));
  await expectUsage(taking);
  await harness.gateway.waitFor(() => calls()[0]?.endedBy === 'client-closed', 1000);
  expect(calls()).toHaveLength(1);
});

describe('the ownership of the turn', () => {
  test('passes to the activity of another worker when the lease ends, and no token is lost or repeated', async () => {
    harness.gateway.always('first', { tokens: { count: 200 }, intervalMs: 10 });
    const request = newFirst();
    const start = begin(request);
    start.started();
    await until(async () => (await readText(request)).length > 20);
    const taking = attempt(other.activities, request);
    await sleep(50);
    // as of a worker that is frozen: its renewals stop
    await harness.redis.hset(turnKey(request.run_id, request.turn), 'lane_until', 0);
    expect((await taking.result).text).toBe(writeNumbers(200));
    const { text, types } = await harness.story(request);
    expect(text).toBe(writeNumbers(200));
    expect(types).toContain('turn.resumed');
    await start.ended;
    await harness.gateway.waitFor(() => calls()[0]?.endedBy === 'client-closed');
  });

  test('is not taken from an attempt that exists', async () => {
    const request = newFirst();
    await attempt(other.activities, request).result;
    const start = begin(request);
    start.started();
    await start.ended;
    expect(calls()).toHaveLength(1);
    expect((await harness.story(request)).types).toEqual(['turn.started', 'turn.delta', 'turn.completed']);
  });

  test('is lost before the call: then no call is made', async () => {
    const request = newFirst();
    const start = begin(request);
    // follows the claim on the same connection
    const { epoch } = await harness.turns.begin(request.run_id, request.turn);
    expect(epoch).toBe(2);
    await start.ended;
    expect(calls()).toHaveLength(0);
    expect((await harness.readSpent(request)).tokens).toBe(0);
  });

  test('is claimed by one of two lanes', async () => {
    harness.gateway.always('first', SLOW);
    const request = newFirst();
    const starts = [begin(request, worker), begin(request, other)];
    await hasSent(5);
    starts[0]?.started();
    starts[1]?.started();
    expect((await attempt(other.activities, request).result).text).toBe(writeNumbers(60));
    expect(calls()).toHaveLength(1);
  });

  test('stays with the activity if it is tried again while it goes on with the call', async () => {
    harness.gateway.always('first', SLOW);
    const request = newFirst();
    begin(request);
    const taking = attempt(worker.activities, request);
    await until(async () => (await readText(request)).length > 20);
    const again = await attempt(worker.activities, request, { attempt: 2 }).result;
    expect(again.text).toBe(writeNumbers(60));
    await taking.failure();
    expect((await harness.story(request)).text).toBe(writeNumbers(60));
  });

  test('is lost with the data of Redis: the activity fails as after any loss', async () => {
    harness.gateway.script('first', ENDLESS);
    const request = newFirst();
    const { run_id, turn } = request;
    const start = begin(request);
    start.started();
    await until(async () => (await readText(request)).length > 20);
    await harness.redis.del(eventsKey(run_id), runKey(run_id), turnKey(run_id, turn), textKey(run_id, turn));
    expect(await attempt(worker.activities, request).failure()).toMatchObject({ type: 'TEXT_LOST' });
    harness.gateway.script('first', { tokens: ['again'] });
    expect((await attempt(worker.activities, request, { attempt: 2 }).result).text).toBe('again');
    await harness.gateway.waitFor(() => calls()[0]?.endedBy === 'client-closed');
  });
});

test('a worker without room takes no run', async () => {
  const full = await open({ countRoom: () => 1 });
  harness.gateway.script('first', SLOW);
  const request = newFirst();
  const start = begin(request, full);
  expect(full.lane.begin([newFirst()])).toBeUndefined();
  start.rejected();
  await start.ended;
  const next = full.lane.begin([newFirst()]);
  expect(next).toBeDefined();
  next?.rejected();
});

test('a worker that stops ends its calls, and another one continues the text', async () => {
  harness.gateway.always('first', SLOW);
  const stopping = await open();
  const request = newFirst();
  const start = begin(request, stopping);
  start.started();
  await until(async () => (await readText(request)).length > 20);
  await stopping.lane.close();
  expect(stopping.lane.begin([newFirst()])).toBeUndefined();
  expect((await attempt(other.activities, request).result).text).toBe(writeNumbers(60));
  expect((await harness.story(request)).types).toContain('turn.resumed');
});
