/** A worker dies in mid-call, and nobody goes on with the turn: what its call had taken is given back, and booked once. */
import type { Activities } from '../../src/activities';
import type { TurnRequest } from '../../src/contract';
import { callOutCancel } from '../../src/redis/cancellations';
import { createLedger, type Ledger } from '../../src/redis/ledger';
import { createLimiter, type Limiter } from '../../src/redis/limiter';
import { estimateTokens } from '../../src/redis/window';
import { beginTurn } from '../redis/fixtures';
import { newRequest } from './request';
import { attempt, createRig, type Rig } from './rig';

let rig: Rig;
let worker: Activities;
let ledger: Ledger;
let limiter: Limiter;
beforeAll(async () => {
  rig = await createRig();
  worker = await rig.worker([rig.model('first')]);
  ledger = createLedger(rig.redis, 'month');
  limiter = createLimiter(rig.redis, { windowMs: 60_000, patienceMs: 60_000 });
});
afterAll(() => rig.stop());

const TEXT = 'Because a hawk is near.';
const PROMPT_TOKENS = 100;

const payerOf = ({ run_id, session_id, options }: TurnRequest) => ({
  account: options.tenant ?? 'anyone',
  runId: run_id,
  sessionId: session_id,
});
const spentBy = async (request: TurnRequest) => (await ledger.spentBy(payerOf(request))).run;

/** Asks for the one place that the run's model has. */
async function admit(request: TurnRequest): Promise<string> {
  const [model, turn] = [`gateway/${request.run_id}`, `${request.run_id}|${request.turn}`];
  const who = { model, turn, call: `${turn}|1|0`, tenant: 'anyone', session: 's', tokens: 10 };
  return (await limiter.admit({ ...who, limits: { concurrency: 1 } })).verdict;
}

/** What an attempt leaves that readers have heard, and whose worker is killed. */
async function dieInCall(request: TurnRequest): Promise<void> {
  await (await beginTurn(rig.turns, request, request.turn)).say(TEXT);
  expect(await admit(request)).toBe('ok');
  await ledger.hold(payerOf(request), {
    turn: request.turn,
    call: `${request.run_id}|${request.turn}|1|0`,
    gateway: 'gateway',
    model: `gateway/${request.run_id}`,
    price: undefined,
    promptTokens: PROMPT_TOKENS,
    answerTokens: 500,
    leastTokens: 10,
    heardTokens: 0,
    foundTokens: 0,
    runsOn: false,
    budgets: { run: {}, session: {}, account: {} },
  });
  expect(await admit({ ...request, turn: 'another' })).toBe('wait');
}

async function expectSettled(request: TurnRequest): Promise<void> {
  expect(await ledger.heldTurns(payerOf(request))).toEqual([]);
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

test('the run was cancelled meanwhile: the next attempt makes no call, and settles that of the dead one', async () => {
  const request = newRequest();
  await dieInCall(request);
  await callOutCancel(rig.redis, request.run_id);
  const { env, failure } = attempt(worker, request);
  env.cancel();
  await failure();
  expect(rig.gateway.calls()).toEqual([]);
  await expectSettled(request);
});

test('too many attempts have died: the turn fails, and the call of the last one is settled', async () => {
  const request = newRequest();
  await dieInCall(request);
  expect(await attempt(worker, request, { attempt: 101 }).failure()).toMatchObject({ type: 'WORKER_LOST' });
  await expectSettled(request);
});

test.each([
  ['nobody in particular', {}],
  ['the caller with a key', { tenant: 'acme' }],
])(
  'there is no next attempt: the end of the run settles it, on the account of %s, and once',
  async (_whose, options) => {
    const request = newRequest({ options });
    await dieInCall(request);
    await closing(request);
    await closing(request);
    await expectSettled(request);
  },
);

test('the end of a run leaves the calls of other runs alone', async () => {
  const [request, other] = [newRequest(), newRequest()];
  await dieInCall(other);
  await closing(request);
  expect(await ledger.heldTurns(payerOf(other))).toEqual([other.turn]);
  expect(await admit({ ...other, turn: 'another' })).toBe('wait');
});
