/** A turn that is stopped from outside: its upstream call ends at once, and its events are correct. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ActivityCancellationDetails, CancelledFailure } from '@temporalio/common';
import type { Activities } from '../../src/activities';
import type { TurnRequest } from '../../src/contract';
import { publishCancellation } from '../../src/redis/cancellations';
import { eventsKey, runKey, textKey, turnKey } from '../../src/redis/keys';
import { estimateTokens } from '../../src/redis/conversation-window';
import { ENDINGS } from '../redis/fixtures';
import type { GatewayRequest, Reply } from '../support/scripted-gateway';
import { newRequest } from './request';
import { attempt, createHarness, type Harness } from './harness';

let harness: Harness;
let worker: Activities;

beforeAll(async () => {
  harness = await createHarness();
  worker = await harness.worker([
    harness.model('first', { continues: () => 'prefill' }),
    harness.model('second', { continues: () => 'prefill' }),
  ]);
});
afterEach(() => harness.gateway.reset());
afterAll(() => harness.stop());

const ENDLESS: Reply = { tokens: { count: 3000 }, intervalMs: 5 };
const NUMBERED = /^(#\d+ )+$/;

/** Length of the turn's text that readers have. */
async function readLength({ run_id, turn }: TurnRequest): Promise<number> {
  return (await harness.turns.texts(run_id, [turn]))[0]?.length ?? 0;
}

/** A streaming turn of which readers have some tokens. */
async function speaking(request: TurnRequest = newRequest()) {
  harness.gateway.script('first', ENDLESS);
  const calls = harness.gateway.calls().length;
  const one = attempt(worker, request);
  while ((await readLength(request)) < 30) await sleep(5);
  return { ...one, request, call: harness.gateway.calls()[calls]! };
}

/** Resolves to the milliseconds until the upstream sees its caller disconnect. */
async function closing(call: GatewayRequest): Promise<number> {
  const from = performance.now();
  await harness.gateway.waitFor(() => call.endedBy);
  expect(call.endedBy).toBe('client-closed');
  return performance.now() - from;
}

/** The prompt of the call counts too, because the model has read it. */
async function expectCancelled(request: TurnRequest, failure: Error & Record<string, unknown>): Promise<void> {
  expect(failure).toBeInstanceOf(CancelledFailure);
  const { types, text, turn, find } = await harness.story(request);
  expect(types).toEqual(['turn.started', 'turn.delta', 'turn.failed']);
  expect(text).toMatch(NUMBERED);
  const { usage, code } = find('turn.failed');
  expect(code).toBe('CANCELLED');
  expect(usage).toMatchObject({ completion_tokens: estimateTokens(text), estimated: true });
  expect(usage?.prompt_tokens).toBeGreaterThan(0);
  expect(turn).toMatchObject({ status: 'failed', failure: { code: 'CANCELLED' }, usage });
}

describe('cancelled', () => {
  it('by Temporal: the upstream socket closes, the text stays, and the turn reports its usage', async () => {
    const { env, failure, request, call } = await speaking();
    env.cancel();
    expect(await closing(call)).toBeLessThan(1000);
    await expectCancelled(request, await failure());
  });

  it('through Redis: the socket closes before the cancellation of Temporal arrives, with which the turn then ends', async () => {
    const { env, failure, request, call, result } = await speaking();
    let over = false;
    result.catch(() => (over = true));
    await publishCancellation(harness.redis, request.run_id);
    expect(await closing(call)).toBeLessThan(1000);
    await sleep(50);
    expect(over).toBe(false);
    env.cancel();
    await expectCancelled(request, await failure());
  });

  it('by both at once is reported once', async () => {
    const { env, failure, request } = await speaking();
    const called = publishCancellation(harness.redis, request.run_id);
    env.cancel();
    await called;
    await expectCancelled(request, await failure());
  });

  it('before the first token: there is no text and no usage', async () => {
    const request = newRequest();
    harness.gateway.script('first', { fault: { kind: 'hang', at: 'headers' } });
    const { env, failure } = attempt(worker, request);
    const call = await harness.gateway.waitFor(() => harness.gateway.calls()[0]);
    env.cancel();
    expect(await closing(call)).toBeLessThan(1000);
    expect(await failure()).toBeInstanceOf(CancelledFailure);
    const { types, find } = await harness.story(request);
    expect(types).toEqual(['turn.started', 'turn.failed']);
    expect(find('turn.failed').usage).toMatchObject({ completion_tokens: 0, estimated: true });
  });

  it('does not affect turns of other runs', async () => {
    const [cancelled, other] = [await speaking(), await speaking()];
    await publishCancellation(harness.redis, cancelled.request.run_id);
    await closing(cancelled.call);
    const before = await readLength(other.request);
    while ((await readLength(other.request)) === before) await sleep(5);
    expect(other.call.endedBy).toBeUndefined();
    for (const { env, failure } of [cancelled, other]) {
      env.cancel();
      await failure();
    }
  });

  it('it sends no further heartbeats', async () => {
    const { env, failure, heartbeats } = await speaking();
    env.cancel();
    await failure();
    const { length } = heartbeats;
    await sleep(550);
    expect(heartbeats).toHaveLength(length);
  });
});

describe('replaced', () => {
  it('by a newer attempt: it closes its upstream call, publishes nothing, and is not reported as cancelled', async () => {
    const { failure, request, call } = await speaking();
    const newer = await harness.turns.begin(request.run_id, request.turn);
    expect(await closing(call)).toBeLessThan(1000);
    expect(await failure()).toMatchObject({ type: 'FENCED' });
    const { types, text, turn } = await harness.story(request);
    expect(types).toEqual(['turn.started', 'turn.delta']);
    expect([text, turn.next_index]).toEqual([newer.text, newer.nextIndex]);
  });

  it('by a newer attempt that streams at once: only that attempt continues the text', async () => {
    const { failure, request } = await speaking();
    harness.gateway.script('first', { tokens: { count: 300 } });
    const result = await attempt(worker, request).result;
    expect(await failure()).toMatchObject({ type: 'FENCED' });
    const { text, types } = await harness.story(request);
    expect(text).toBe(Array.from({ length: 300 }, (_, n) => `#${n} `).join(''));
    expect(text).toBe(result.text);
    expect(types).toEqual(['turn.started', 'turn.delta', 'turn.resumed', 'turn.delta', 'turn.completed']);
  });

  it('by the end of its run: it stops for good and publishes nothing', async () => {
    const { failure, request, call } = await speaking();
    await harness.turns.close(request, ENDINGS.cancelled, []);
    expect(await closing(call)).toBeLessThan(1000);
    expect(await failure()).toMatchObject({ type: 'FENCED', nonRetryable: true });
    expect((await harness.story(request)).types).toEqual(['turn.started', 'turn.delta', 'run.cancelled']);
    const calls = harness.gateway.calls().length;
    expect(await attempt(worker, request).failure()).toMatchObject({ type: 'FENCED', nonRetryable: true });
    expect(harness.gateway.calls()).toHaveLength(calls);
  });
});

describe('whose records are lost', () => {
  it('it stops its call, and the next attempt writes the turn again', async () => {
    const { failure, request, call } = await speaking();
    const { run_id, turn } = request;
    await harness.redis.del(eventsKey(run_id), runKey(run_id), turnKey(run_id, turn), textKey(run_id, turn));
    expect(await closing(call)).toBeLessThan(1000);
    const lost = await failure();
    expect(lost).toMatchObject({ type: 'TEXT_LOST' });
    expect(lost.nonRetryable).toBeFalsy();
    expect((await attempt(worker, request).result).text).toBe('Hello from upstream.');
    expect((await harness.story(request)).types).toEqual(['turn.started', 'turn.delta', 'turn.completed']);
  });
});

describe('whose worker shuts down', () => {
  it('it reports no cancellation, and the next attempt continues the text', async () => {
    const { env, failure, request, call } = await speaking();
    env.cancel('WORKER_SHUTDOWN', new ActivityCancellationDetails({ workerShutdown: true }));
    expect(await closing(call)).toBeLessThan(1000);
    await failure();
    const { types, text } = await harness.story(request);
    expect(types).toEqual(['turn.started', 'turn.delta']);
    harness.gateway.script('first', { tokens: { count: 300 } });
    const result = await attempt(worker, request).result;
    expect(result.text.startsWith(text)).toBe(true);
    const after = await harness.story(request);
    expect(after.find('turn.resumed').offset).toBe(text.length);
    expect(after.text).toBe(result.text);
  });
});
