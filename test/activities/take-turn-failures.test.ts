/** A turn whose model refuses, fails or is missing: waiting, falling back to another model, and failing. */
import { ActivityCancellationDetails } from '@temporalio/common';
import type { Activities } from '../../src/activities';
import { CASE_TEXT, cases, type Reply } from '../support/scripted-gateway';
import { newRequest } from './request';
import { attempt, createHarness, type Harness } from './harness';

let harness: Harness;
let worker: Activities;

beforeAll(async () => {
  harness = await createHarness();
  worker = await harness.worker([harness.model('first'), harness.model('second')]);
});
afterEach(() => harness.gateway.reset());
afterAll(() => harness.stop());

const calls = () => harness.gateway.calls().map(({ model }) => model);
const serverError = cases.serverErrorForever[0]!;

describe('a temporary failure', () => {
  it('waits as long as the gateway asks, without occupying a worker: Retry-After becomes the delay of the next attempt', async () => {
    const request = newRequest();
    harness.gateway.script('first', cases.retryAfterTwoSeconds);
    const askedAt = Date.now();
    const failure = await attempt(worker, request).failure();
    const failedAt = Date.now();
    expect(failure).toMatchObject({ type: 'RATE_LIMITED', nextRetryDelay: 2000 });
    expect(failure.nonRetryable).toBeFalsy();
    const waiting = await harness.story(request);
    expect(waiting.types).toEqual(['turn.started', 'turn.waiting']);
    expect(waiting.turn.status).toBe('waiting');
    const { reason, until } = waiting.find('turn.waiting');
    expect(reason).toBe('RATE_LIMITED');
    expect(until).toBeGreaterThanOrEqual(askedAt + 2000);
    expect(until).toBeLessThanOrEqual(failedAt + 2000);

    const result = await attempt(worker, request).result;
    expect(result).toMatchObject({ text: CASE_TEXT, model: 'first', attempts: 2 });
    const { types, turn, text } = await harness.story(request);
    expect(types).toEqual(['turn.started', 'turn.waiting', 'turn.delta', 'turn.completed']);
    expect([turn.status, turn.attempts, text]).toEqual(['completed', 2, CASE_TEXT]);
    expect(calls()).toEqual(['first', 'first']);
  });

  it.each(['0', '-1', '0s', 'Sun, 06 Nov 1994 08:49:37 GMT'])(
    'is retried after our own backoff if the gateway asks to wait for %p: Temporal treats a delay of zero as no retry',
    async (retryAfter) => {
      const request = newRequest();
      harness.gateway.script('first', { status: 429, headers: { 'retry-after': retryAfter } });
      const failure = await attempt(worker, request).failure();
      expect(failure.type).toBe('RATE_LIMITED');
      expect(failure.nextRetryDelay).toBeGreaterThan(500);
      expect(failure.nonRetryable).toBeFalsy();
      harness.gateway.reset();
      harness.gateway.always('first', cases.normalStream[0]!);
      expect(await attempt(worker, request).result).toMatchObject({ text: CASE_TEXT, model: 'first' });
    },
  );

  it.each([
    ['without a wait', {}, 90_000],
    ['with a wait of 20 s', { 'retry-after': '20' }, 110_000],
    ['with a wait of a minute', { 'retry-after': '60' }, 150_000],
  ])('such as a rate limit has a maximum wait: 429 of all models, %s', async (_, headers, mostMs) => {
    const request = newRequest();
    for (const model of ['first', 'second']) harness.gateway.always(model, { status: 429, headers });
    let waitedMs = 0;
    for (;;) {
      const failure = await attempt(worker, request).failure();
      expect(failure.type).toBe('RATE_LIMITED');
      if (failure.nonRetryable) break;
      waitedMs += failure.nextRetryDelay as number;
    }
    expect(waitedMs).toBeLessThanOrEqual(mostMs);
    expect(waitedMs).toBeGreaterThan(60_000);
    expect(new Set(calls())).toEqual(new Set(['first', 'second']));
    expect((await harness.story(request)).turn.status).toBe('failed');
  });

  it('waits longer each time and is counted over attempts, until the next model takes over', async () => {
    const request = newRequest();
    harness.gateway.script('first', [serverError, serverError, serverError]);
    harness.gateway.script('second', cases.normalStream);
    const delays = [];
    for (let tries = 0; tries < 2; tries++) {
      const failure = await attempt(worker, request).failure();
      expect(failure.type).toBe('GATEWAY_ERROR');
      delays.push(failure.nextRetryDelay as number);
    }
    expect(delays[0]).toBeGreaterThanOrEqual(175);
    expect(delays[0]).toBeLessThanOrEqual(225);
    expect(delays[1]).toBeGreaterThanOrEqual(350);
    expect(delays[1]).toBeLessThanOrEqual(450);
    expect(await attempt(worker, request).result).toMatchObject({ text: CASE_TEXT, model: 'second', attempts: 3 });
    expect(calls()).toEqual(['first', 'first', 'first', 'second']);
    const { types } = await harness.story(request);
    expect(types).toEqual([
      ...['turn.started', 'turn.waiting', 'turn.waiting', 'turn.rerouted'],
      ...['turn.delta', 'turn.completed'],
    ]);
  });

  it('of the fallback model is retried there: the next attempt does not go back to the first model', async () => {
    const request = newRequest();
    harness.gateway.script('first', cases.modelDeprecated);
    harness.gateway.script('second', cases.retryAfterTwoSeconds);
    expect(await attempt(worker, request).failure()).toMatchObject({ type: 'RATE_LIMITED', nextRetryDelay: 2000 });
    expect(await attempt(worker, request).result).toMatchObject({ text: CASE_TEXT, model: 'second' });
    expect(calls()).toEqual(['first', 'second', 'second']);
  });

  it.each<[string, Reply, string]>([
    ['an empty answer', { tokens: [] }, 'STREAM_CUT'],
    ['a stream without a finish reason', { finish: null }, 'STREAM_CUT'],
    ['a socket that is cut', { fault: { kind: 'cut', at: 1 } }, 'STREAM_CUT'],
    ['a gateway that restarts', { status: 503, body: {} }, 'GATEWAY_UNAVAILABLE'],
    ['silence in mid-stream', { fault: { kind: 'hang', at: 1 } }, 'STREAM_STALLED'],
  ])('such as %s is retried at the same model', async (_name, reply, code) => {
    const impatient = await harness.worker([harness.model('first', { idleTimeoutMs: 150 }), harness.model('second')]);
    const request = newRequest();
    harness.gateway.script('first', reply);
    harness.gateway.always('first', cases.normalStream[0]!);
    expect(await attempt(impatient, request).failure()).toMatchObject({
      type: code,
      nextRetryDelay: expect.any(Number) as number,
    });
    expect(await attempt(impatient, request).result).toMatchObject({ text: CASE_TEXT, model: 'first' });
    const { find } = await harness.story(request);
    expect(find('turn.waiting').reason).toBe(code);
  });

  it('such as an unreachable gateway is retried too', async () => {
    const request = newRequest();
    const nowhere = await harness.worker([harness.model('first', { baseUrl: 'http://127.0.0.1:1/v1' })]);
    expect(await attempt(nowhere, request).failure()).toMatchObject({ type: 'GATEWAY_UNAVAILABLE' });
    expect((await harness.story(request)).types).toEqual(['turn.started', 'turn.waiting']);
    expect(await attempt(worker, request).result).toMatchObject({ attempts: 2 });
  });
});

describe('a model that will not answer', () => {
  it('leads to the next model within the same attempt, and readers receive both models and the reason', async () => {
    const request = newRequest();
    harness.gateway.script('first', cases.modelDeprecated);
    harness.gateway.script('second', cases.normalStream);
    expect(await attempt(worker, request).result).toMatchObject({ text: CASE_TEXT, model: 'second', attempts: 1 });
    const { types, find, turn } = await harness.story(request);
    expect(types).toEqual(['turn.started', 'turn.rerouted', 'turn.delta', 'turn.completed']);
    expect(find('turn.rerouted').model).toBe('first');
    expect(find('turn.delta').model).toBe('second');
    expect(find('turn.rerouted')).toMatchObject({ from: 'first', to: 'second', reason: 'MODEL_NOT_FOUND' });
    expect(turn).toMatchObject({ model: 'second', status: 'completed', attempts: 1 });
  });

  it.each([
    ['tool_calls', 'STREAM_CUT'],
    ['content_filter', 'CONTENT_REFUSED'],
  ])('because it ended with %s before any text is not paid twice', async (finish, reason) => {
    const request = newRequest();
    harness.gateway.always('first', { tokens: [], finish });
    harness.gateway.script('second', cases.normalStream);
    expect(await attempt(worker, request).result).toMatchObject({ text: CASE_TEXT, model: 'second', attempts: 1 });
    expect(calls()).toEqual(['first', 'second']);
    expect((await harness.story(request)).find('turn.rerouted')).toMatchObject({ reason });
  });

  it('is not asked again by the next attempt if the attempt that noticed it dies', async () => {
    const request = newRequest();
    harness.gateway.script('first', cases.modelDeprecated);
    harness.gateway.script('second', cases.hangBeforeHeaders);
    const dying = attempt(worker, request);
    await harness.gateway.waitFor(() => harness.gateway.calls('second')[0]);
    dying.env.cancel('WORKER_SHUTDOWN', new ActivityCancellationDetails({ workerShutdown: true }));
    await dying.failure();
    harness.gateway.script('second', cases.normalStream);
    expect(await attempt(worker, request).result).toMatchObject({ text: CASE_TEXT, model: 'second', attempts: 2 });
    expect(calls()).toEqual(['first', 'second', 'second']);
  });

  it('fails the turn without retry if it was the last one', async () => {
    const request = newRequest();
    harness.gateway.always('first', cases.modelDeprecated[0]!);
    harness.gateway.always('second', cases.modelDeprecated[0]!);
    expect(await attempt(worker, request).failure()).toMatchObject({ type: 'MODEL_NOT_FOUND', nonRetryable: true });
    expect(calls()).toEqual(['first', 'second']);
    const { types, turn } = await harness.story(request);
    expect(types).toEqual(['turn.started', 'turn.rerouted', 'turn.failed']);
    expect([turn.status, turn.failure?.code]).toEqual(['failed', 'MODEL_NOT_FOUND']);
  });

  it('leads past other models of the same gateway if the gateway itself refuses', async () => {
    const request = newRequest();
    const [one, other] = [harness.model('first'), harness.model('third', { name: 'other' })];
    const sameGateway = { ...one, model: 'second' };
    harness.gateway.script('first', cases.creditsExhausted);
    const result = await attempt(await harness.worker([one, sameGateway, other]), request).result;
    expect(result).toMatchObject({ model: 'third', gateway: 'other' });
    expect((await harness.story(request)).find('turn.rerouted').reason).toBe('GATEWAY_CREDIT_EXHAUSTED');
  });

  it('because of the content fails the turn at once, and no other model is asked', async () => {
    const request = newRequest();
    harness.gateway.script('first', cases.moderated);
    const failure = await attempt(worker, request).failure();
    expect(failure).toMatchObject({ type: 'CONTENT_REFUSED', nonRetryable: true });
    const { types, find, turn } = await harness.story(request);
    expect(types).toEqual(['turn.started', 'turn.failed']);
    const nothing = { usage: { prompt_tokens: 0, completion_tokens: 0 }, cost_usd: 0 };
    expect(find('turn.failed')).toMatchObject({ code: 'CONTENT_REFUSED', message: failure.message, ...nothing });
    expect(failure.details).toEqual([nothing]);
    expect(turn).toMatchObject({ status: 'failed', text: '' });
    expect(calls()).toEqual(['first']);
  });

  it('for lack of a key is not called', async () => {
    const request = newRequest();
    const keyless = await harness.worker([
      harness.model('first', { keyRequired: true, apiKey: undefined, keyVariable: 'SOME_KEY' }),
    ]);
    const failure = await attempt(keyless, request).failure();
    expect(failure).toMatchObject({ type: 'GATEWAY_KEY_MISSING', nonRetryable: true });
    expect(failure.message).toContain('SOME_KEY');
    expect(calls()).toEqual([]);
    expect((await harness.story(request)).types).toEqual(['turn.started', 'turn.failed']);
  });

  it('because none is configured fails the turn without retry', async () => {
    expect(await attempt(await harness.worker([]), newRequest()).failure()).toMatchObject({
      type: 'MODEL_NOT_FOUND',
      nonRetryable: true,
    });
  });
});
