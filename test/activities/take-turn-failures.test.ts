/** A turn whose model refuses, fails or is not there: who waits, who takes over, and who gives up. */
import { ActivityCancellationDetails } from '@temporalio/common';
import type { Activities } from '../../src/activities';
import { CASE_TEXT, cases, type Reply } from '../support/scripted-gateway';
import { newRequest } from './request';
import { attempt, createRig, type Rig } from './rig';

let rig: Rig;
let worker: Activities;

beforeAll(async () => {
  rig = await createRig();
  worker = await rig.worker([rig.model('first'), rig.model('second')]);
});
afterEach(() => rig.gateway.reset());
afterAll(() => rig.stop());

const calls = () => rig.gateway.calls().map(({ model }) => model);
const serverError = cases.serverErrorForever[0]!;

describe('a failure that passes', () => {
  it('is waited for as long as the gateway asks, without a worker: Retry-After becomes the delay of the next attempt', async () => {
    const request = newRequest();
    rig.gateway.script('first', cases.retryAfterTwoSeconds);
    const askedAt = Date.now();
    const failure = await attempt(worker, request).failure();
    const failedAt = Date.now();
    expect(failure).toMatchObject({ type: 'RATE_LIMITED', nextRetryDelay: 2000 });
    expect(failure.nonRetryable).toBeFalsy();
    const waiting = await rig.story(request);
    expect(waiting.types).toEqual(['turn.started', 'turn.waiting']);
    expect(waiting.turn.status).toBe('waiting');
    const { reason, until } = waiting.find('turn.waiting');
    expect(reason).toBe('RATE_LIMITED');
    expect(until).toBeGreaterThanOrEqual(askedAt + 2000);
    expect(until).toBeLessThanOrEqual(failedAt + 2000);

    const result = await attempt(worker, request).result;
    expect(result).toMatchObject({ text: CASE_TEXT, model: 'first', attempts: 2 });
    const { types, turn, text } = await rig.story(request);
    expect(types).toEqual(['turn.started', 'turn.waiting', 'turn.delta', 'turn.completed']);
    expect([turn.status, turn.attempts, text]).toEqual(['completed', 2, CASE_TEXT]);
    expect(calls()).toEqual(['first', 'first']);
  });

  it('waits longer each time, and is counted over attempts: then the next model takes over', async () => {
    const request = newRequest();
    rig.gateway.script('first', [serverError, serverError, serverError]);
    rig.gateway.script('second', cases.normalStream);
    const delays = [];
    for (let tries = 0; tries < 2; tries++) {
      const failure = await attempt(worker, request).failure();
      expect(failure.type).toBe('GATEWAY_ERROR');
      delays.push(failure.nextRetryDelay as number);
    }
    expect(delays[0]).toBeGreaterThanOrEqual(200);
    expect(delays[0]).toBeLessThanOrEqual(250);
    expect(delays[1]).toBeGreaterThanOrEqual(400);
    expect(delays[1]).toBeLessThanOrEqual(500);
    expect(await attempt(worker, request).result).toMatchObject({ text: CASE_TEXT, model: 'second', attempts: 3 });
    expect(calls()).toEqual(['first', 'first', 'first', 'second']);
    const { types } = await rig.story(request);
    expect(types).toEqual([
      ...['turn.started', 'turn.waiting', 'turn.waiting', 'turn.rerouted'],
      ...['turn.delta', 'turn.completed'],
    ]);
  });

  it('of the model that took over is waited for there: the next attempt does not go back', async () => {
    const request = newRequest();
    rig.gateway.script('first', cases.modelDeprecated);
    rig.gateway.script('second', cases.retryAfterTwoSeconds);
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
  ])('such as %s is tried again at the same model', async (_name, reply, code) => {
    const impatient = await rig.worker([rig.model('first', { idleTimeoutMs: 150 }), rig.model('second')]);
    const request = newRequest();
    rig.gateway.script('first', reply);
    rig.gateway.always('first', cases.normalStream[0]!);
    expect(await attempt(impatient, request).failure()).toMatchObject({
      type: code,
      nextRetryDelay: expect.any(Number) as number,
    });
    expect(await attempt(impatient, request).result).toMatchObject({ text: CASE_TEXT, model: 'first' });
    const { find } = await rig.story(request);
    expect(find('turn.waiting').reason).toBe(code);
  });

  it('such as a gateway that cannot be reached is tried again too', async () => {
    const request = newRequest();
    const nowhere = await rig.worker([rig.model('first', { baseUrl: 'http://127.0.0.1:1/v1' })]);
    expect(await attempt(nowhere, request).failure()).toMatchObject({ type: 'GATEWAY_UNAVAILABLE' });
    expect((await rig.story(request)).types).toEqual(['turn.started', 'turn.waiting']);
    expect(await attempt(worker, request).result).toMatchObject({ attempts: 2 });
  });
});

describe('a model that will not answer', () => {
  it('passes the turn on within the same attempt, and readers hear from whom to whom and why', async () => {
    const request = newRequest();
    rig.gateway.script('first', cases.modelDeprecated);
    rig.gateway.script('second', cases.normalStream);
    expect(await attempt(worker, request).result).toMatchObject({ text: CASE_TEXT, model: 'second', attempts: 1 });
    const { types, find, turn } = await rig.story(request);
    expect(types).toEqual(['turn.started', 'turn.rerouted', 'turn.delta', 'turn.completed']);
    expect(find('turn.rerouted').model).toBe('first');
    expect(find('turn.delta').model).toBe('second');
    expect(find('turn.rerouted')).toMatchObject({ from: 'first', to: 'second', reason: 'MODEL_NOT_FOUND' });
    expect(turn).toMatchObject({ model: 'second', status: 'completed', attempts: 1 });
  });

  it.each([
    ['length', 'STREAM_CUT'],
    ['tool_calls', 'STREAM_CUT'],
    ['content_filter', 'CONTENT_REFUSED'],
  ])('because it has ended with %s before any text is not paid twice', async (finish, reason) => {
    const request = newRequest();
    rig.gateway.always('first', { tokens: [], finish });
    rig.gateway.script('second', cases.normalStream);
    expect(await attempt(worker, request).result).toMatchObject({ text: CASE_TEXT, model: 'second', attempts: 1 });
    expect(calls()).toEqual(['first', 'second']);
    expect((await rig.story(request)).find('turn.rerouted')).toMatchObject({ reason });
  });

  it('is not asked again by the attempt that follows when the one that found out dies', async () => {
    const request = newRequest();
    rig.gateway.script('first', cases.modelDeprecated);
    rig.gateway.script('second', cases.hangBeforeHeaders);
    const dying = attempt(worker, request);
    await rig.gateway.waitFor(() => rig.gateway.calls('second')[0]);
    dying.env.cancel('WORKER_SHUTDOWN', new ActivityCancellationDetails({ workerShutdown: true }));
    await dying.failure();
    rig.gateway.script('second', cases.normalStream);
    expect(await attempt(worker, request).result).toMatchObject({ text: CASE_TEXT, model: 'second', attempts: 2 });
    expect(calls()).toEqual(['first', 'second', 'second']);
  });

  it('fails the turn for good when it was the last one', async () => {
    const request = newRequest();
    rig.gateway.always('first', cases.modelDeprecated[0]!);
    rig.gateway.always('second', cases.modelDeprecated[0]!);
    expect(await attempt(worker, request).failure()).toMatchObject({ type: 'MODEL_NOT_FOUND', nonRetryable: true });
    expect(calls()).toEqual(['first', 'second']);
    const { types, turn } = await rig.story(request);
    expect(types).toEqual(['turn.started', 'turn.rerouted', 'turn.failed']);
    expect([turn.status, turn.failure?.code]).toEqual(['failed', 'MODEL_NOT_FOUND']);
  });

  it('passes over the models of the same gateway when the gateway is what refuses', async () => {
    const request = newRequest();
    const [one, other] = [rig.model('first'), rig.model('third', { name: 'other' })];
    const sameGateway = { ...one, model: 'second' };
    rig.gateway.script('first', cases.creditsExhausted);
    const result = await attempt(await rig.worker([one, sameGateway, other]), request).result;
    expect(result).toMatchObject({ model: 'third', gateway: 'other' });
    expect((await rig.story(request)).find('turn.rerouted').reason).toBe('GATEWAY_CREDIT_EXHAUSTED');
  });

  it('because of the content fails the turn at once: no other model is asked', async () => {
    const request = newRequest();
    rig.gateway.script('first', cases.moderated);
    const failure = await attempt(worker, request).failure();
    expect(failure).toMatchObject({ type: 'CONTENT_REFUSED', nonRetryable: true });
    const { types, find, turn } = await rig.story(request);
    expect(types).toEqual(['turn.started', 'turn.failed']);
    const nothing = { usage: { prompt_tokens: 0, completion_tokens: 0 }, cost_usd: 0 };
    expect(find('turn.failed')).toMatchObject({ code: 'CONTENT_REFUSED', message: failure.message, ...nothing });
    expect(failure.details).toEqual([nothing]);
    expect(turn).toMatchObject({ status: 'failed', text: '' });
    expect(calls()).toEqual(['first']);
  });

  it('for want of a key is not even called', async () => {
    const request = newRequest();
    const keyless = await rig.worker([
      rig.model('first', { keyRequired: true, apiKey: undefined, keyVariable: 'SOME_KEY' }),
    ]);
    const failure = await attempt(keyless, request).failure();
    expect(failure).toMatchObject({ type: 'GATEWAY_KEY_MISSING', nonRetryable: true });
    expect(failure.message).toContain('SOME_KEY');
    expect(calls()).toEqual([]);
    expect((await rig.story(request)).types).toEqual(['turn.started', 'turn.failed']);
  });

  it('because there is none fails for good', async () => {
    expect(await attempt(await rig.worker([]), newRequest()).failure()).toMatchObject({
      type: 'MODEL_NOT_FOUND',
      nonRetryable: true,
    });
  });
});
