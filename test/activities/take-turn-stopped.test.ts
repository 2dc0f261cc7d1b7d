/** A turn that is stopped from outside: its upstream call ends at once, and nothing is said that is not so. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ActivityCancellationDetails, CancelledFailure } from '@temporalio/common';
import type { Activities } from '../../src/activities';
import type { TurnRequest } from '../../src/contract';
import { callOutCancel } from '../../src/redis/cancellations';
import { eventsKey, runKey, textKey, turnKey } from '../../src/redis/keys';
import { estimateTokens } from '../../src/redis/window';
import { ENDINGS } from '../redis/fixtures';
import type { GatewayRequest, Reply } from '../support/scripted-gateway';
import { newRequest } from './request';
import { attempt, createRig, type Rig } from './rig';

let rig: Rig;
let worker: Activities;

beforeAll(async () => {
  rig = await createRig();
  worker = await rig.worker([
    rig.model('first', { continues: () => 'prefill' }),
    rig.model('second', { continues: () => 'prefill' }),
  ]);
});
afterEach(() => rig.gateway.reset());
afterAll(() => rig.stop());

const ENDLESS: Reply = { tokens: { count: 3000 }, intervalMs: 5 };
const NUMBERED = /^(#\d+ )+$/;

/** How much of the turn's text readers have. */
async function lengthOf({ run_id, turn }: TurnRequest): Promise<number> {
  return (await rig.turns.texts(run_id, [turn]))[0]?.length ?? 0;
}

/** A turn in mid-stream: readers have some tokens of it. */
async function speaking(request: TurnRequest = newRequest()) {
  rig.gateway.script('first', ENDLESS);
  const calls = rig.gateway.calls().length;
  const one = attempt(worker, request);
  while ((await lengthOf(request)) < 30) await sleep(5);
  return { ...one, request, call: rig.gateway.calls()[calls]! };
}

/** Resolves with the milliseconds from now to when the upstream saw its caller leave. */
async function closing(call: GatewayRequest): Promise<number> {
  const from = performance.now();
  await rig.gateway.waitFor(() => call.endedBy);
  expect(call.endedBy).toBe('client-closed');
  return performance.now() - from;
}

/** The prompt of the call counts too: it was read, whatever of the answer was heard. */
async function expectCancelled(request: TurnRequest, failure: Error & Record<string, unknown>): Promise<void> {
  expect(failure).toBeInstanceOf(CancelledFailure);
  const { types, text, turn, find } = await rig.story(request);
  expect(types).toEqual(['turn.started', 'turn.delta', 'turn.failed']);
  expect(text).toMatch(NUMBERED);
  const { usage, code } = find('turn.failed');
  expect(code).toBe('CANCELLED');
  expect(usage).toMatchObject({ completion_tokens: estimateTokens(text), estimated: true });
  expect(usage?.prompt_tokens).toBeGreaterThan(0);
  expect(turn).toMatchObject({ status: 'failed', failure: { code: 'CANCELLED' }, usage });
}

describe('cancelled', () => {
  it('by Temporal: the upstream socket closes, the text stays, and the turn says what it used', async () => {
    const { env, failure, request, call } = await speaking();
    env.cancel();
    expect(await closing(call)).toBeLessThan(1000);
    await expectCancelled(request, await failure());
  });

  it("by the call over Redis: the socket closes before Temporal's word, which is what the turn then ends with", async () => {
    const { env, failure, request, call, result } = await speaking();
    let over = false;
    result.catch(() => (over = true));
    await callOutCancel(rig.redis, request.run_id);
    expect(await closing(call)).toBeLessThan(1000);
    await sleep(50);
    expect(over).toBe(false);
    env.cancel();
    await expectCancelled(request, await failure());
  });

  it('by both at once says so once', async () => {
    const { env, failure, request } = await speaking();
    const called = callOutCancel(rig.redis, request.run_id);
    env.cancel();
    await called;
    await expectCancelled(request, await failure());
  });

  it('before the first token: there is no text and no use', async () => {
    const request = newRequest();
    rig.gateway.script('first', { fault: { kind: 'hang', at: 'headers' } });
    const { env, failure } = attempt(worker, request);
    const call = await rig.gateway.waitFor(() => rig.gateway.calls()[0]);
    env.cancel();
    expect(await closing(call)).toBeLessThan(1000);
    expect(await failure()).toBeInstanceOf(CancelledFailure);
    const { types, find } = await rig.story(request);
    expect(types).toEqual(['turn.started', 'turn.failed']);
    expect(find('turn.failed').usage).toMatchObject({ completion_tokens: 0, estimated: true });
  });

  it('leaves the turns of other runs alone', async () => {
    const [cancelled, other] = [await speaking(), await speaking()];
    await callOutCancel(rig.redis, cancelled.request.run_id);
    await closing(cancelled.call);
    const before = await lengthOf(other.request);
    while ((await lengthOf(other.request)) === before) await sleep(5);
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
  it('by a newer attempt: it closes its upstream call, adds nothing, and does not call itself cancelled', async () => {
    const { failure, request, call } = await speaking();
    const newer = await rig.turns.begin(request.run_id, request.turn);
    expect(await closing(call)).toBeLessThan(1000);
    expect(await failure()).toMatchObject({ type: 'FENCED' });
    const { types, text, turn } = await rig.story(request);
    expect(types).toEqual(['turn.started', 'turn.delta']);
    expect([text, turn.next_index]).toEqual([newer.text, newer.nextIndex]);
  });

  it('by a newer attempt that speaks at once: the text is continued by one voice', async () => {
    const { failure, request } = await speaking();
    rig.gateway.script('first', { tokens: { count: 300 } });
    const result = await attempt(worker, request).result;
    expect(await failure()).toMatchObject({ type: 'FENCED' });
    const { text, types } = await rig.story(request);
    expect(text).toBe(Array.from({ length: 300 }, (_, n) => `#${n} `).join(''));
    expect(text).toBe(result.text);
    expect(types).toEqual(['turn.started', 'turn.delta', 'turn.resumed', 'turn.delta', 'turn.completed']);
  });

  it('by the end of its run: it stops for good and adds nothing', async () => {
    const { failure, request, call } = await speaking();
    await rig.turns.close(request, ENDINGS.cancelled, []);
    expect(await closing(call)).toBeLessThan(1000);
    expect(await failure()).toMatchObject({ type: 'FENCED', nonRetryable: true });
    expect((await rig.story(request)).types).toEqual(['turn.started', 'turn.delta', 'run.cancelled']);
    const calls = rig.gateway.calls().length;
    expect(await attempt(worker, request).failure()).toMatchObject({ type: 'FENCED', nonRetryable: true });
    expect(rig.gateway.calls()).toHaveLength(calls);
  });
});

describe('robbed of its records', () => {
  it('it stops its call, and the next attempt writes the turn anew', async () => {
    const { failure, request, call } = await speaking();
    const { run_id, turn } = request;
    await rig.redis.del(eventsKey(run_id), runKey(run_id), turnKey(run_id, turn), textKey(run_id, turn));
    expect(await closing(call)).toBeLessThan(1000);
    const lost = await failure();
    expect(lost).toMatchObject({ type: 'TEXT_LOST' });
    expect(lost.nonRetryable).toBeFalsy();
    expect((await attempt(worker, request).result).text).toBe('Hello from upstream.');
    expect((await rig.story(request)).types).toEqual(['turn.started', 'turn.delta', 'turn.completed']);
  });
});

describe('told to leave because its worker stops', () => {
  it('it says nothing of a cancellation, and the next attempt goes on with the text', async () => {
    const { env, failure, request, call } = await speaking();
    env.cancel('WORKER_SHUTDOWN', new ActivityCancellationDetails({ workerShutdown: true }));
    expect(await closing(call)).toBeLessThan(1000);
    await failure();
    const { types, text } = await rig.story(request);
    expect(types).toEqual(['turn.started', 'turn.delta']);
    rig.gateway.script('first', { tokens: { count: 300 } });
    const result = await attempt(worker, request).result;
    expect(result.text.startsWith(text)).toBe(true);
    const after = await rig.story(request);
    expect(after.find('turn.resumed').offset).toBe(text.length);
    expect(after.text).toBe(result.text);
  });
});
