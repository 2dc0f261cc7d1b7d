/** A worker dies during a call and no attempt continues the turn: the call's reservations are released, and its cost is booked once. */
import type { Activities } from '../../src/activities';
import type { TurnRequest } from '../../src/contract';
import { publishCancellation } from '../../src/redis/cancellations';
import { createLedger, type Ledger } from '../../src/redis/ledger';
import { createLimiter, type Limiter } from '../../src/redis/limiter';
import { estimateTokens } from '../../src/redis/conversation-window';
import { beginTurn } from '../redis/fixtures';
import { newRequest } from './request';
import { attempt, createHarness, type Harness } from './harness';

let harness: Harness;
let worker: Activities;
let ledger: Ledger;
let limiter: Limiter;
beforeAll(async () => {
  harness = await createHarness();
  worker = await harness.worker([harness.model('first')]);
  ledger = createLedger(harness.redis, 'month');
  limiter = createLimiter(harness.redis, { windowMs: 60_000, patienceMs: 60_000 });
});
afterAll(() => harness.stop());

const TEXT = 'Because a hawk is near.';
const PROMPT_TOKENS = 100;

const readPayer = ({ run_id, session_id, options }: TurnRequest) => ({
  account: options.tenant ?? 'anyone',
  runId: run_id,
  sessionId: session_id,
});
const spentBy = async (request: TurnRequest) => (await ledger.spentBy(readPayer(request))).run;

/** Requests the only slot of the run's model. */
async function admit(request: TurnRequest): Promise<string> {
  const [model, turn] = [`gateway/${request.run_id}`, `${request.run_id}|${request.turn}`];
  const who = { model, turn, call: `${turn}|1|0`, tenant: 'anyone', session: 's', tokens: 10 };
  return (await limiter.admit({ ...who, limits: { concurrency: 1 } })).verdict;
}

/** The state after the worker of an attempt was killed that had published text. */
async function dieInCall(request: TurnRequest): Promise<void> {
  await (await beginTurn(harness.turns, request, request.turn)).say(TEXT);
  expect(await admit(request)).toBe('ok');
  await ledger.hold(readPayer(request), {
    turn: request.turn,
    call: `${request.run_id}|${request.turn}|1|0`,
    gateway: 'gateway',
    model: `gateway/${request.run_id}`,
    price: undefined,
    promptTokens: PROMPT_TOKENS,
    answerTokens: 500,
    leastTokens: 10,
    receivedTokens: 0,
    foundTokens: 0,
    runsOn: false,
    budgets: { run: {}, session: {}, account: {} },
  });
  expect(await admit({ ...request, turn: 'another' })).toBe('wait');
}

async function expectSettled(request: TurnRequest): Promise<void> {
  expect(await ledger.heldTurns(readPayer(request))).toEqual([]);
  expect(await spentBy(request)).toMatchObject({ tokens: PROMPT_TOKENS + estimateTokens(TEXT), estimated: 1 });
  expect(await admit({ ...request, turn: 'another' })).toBe('ok');
}

const closing = ({ run_id, session_id, team_id, options: { tenant } }: TurnRequest) =>
  worker.closeRun({
    ...{ run_id, session_id, team_id, message: 'Why do starlings flock?' },
    ...(tenant ? { tenant } : {}),
    status: 'cancelled',
    failure: { code: 'CANCELLED', message: 'The run was cancelled.' },
    result: { turns: [], answers: [], failures: [] },
  });

test('the run was cancelled meanwhile: the next attempt makes no call, and settles the call of the dead one', async () => {
  const request = newRequest();
  await dieInCall(request);
  await publishCancellation(harness.redis, request.run_id);
  const { env, failure } = attempt(worker, request);
  env.cancel();
  await failure();
  expect(harness.gateway.calls()).toEqual([]);
  await expectSettled(request);
});

test('too many attempts have died: the turn fails, and the call of the last one is settled', async () => {
  const request = newRequest();
  await dieInCall(request);
  expect(await attempt(worker, request, { attempt: 101 }).failure()).toMatchObject({ type: 'WORKER_LOST' });
  await expectSettled(request);
});

test.each([
  ['an anonymous caller', {}],
  ['the caller with a key', { tenant: 'acme' }],
])(
  'there is no next attempt: the end of the run settles the call once, on the account of %s',
  async (_whose, options) => {
    const request = newRequest({ options });
    await dieInCall(request);
    await closing(request);
    await closing(request);
    await expectSettled(request);
  },
);

test('the end of a run does not affect calls of other runs', async () => {
  const [request, other] = [newRequest(), newRequest()];
  await dieInCall(other);
  await closing(request);
  expect(await ledger.heldTurns(readPayer(other))).toEqual([other.turn]);
  expect(await admit({ ...other, turn: 'another' })).toBe('wait');
});
