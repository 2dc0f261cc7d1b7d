/** The start and end of a run in its stream and session: exactly once, however often Temporal retries the activity. */
import { createRunRecords } from '../../src/activities/run-records';
import type { RunPayload, RunOutcome, RunScope, SwarmResult } from '../../src/contract';
import type { RedisConnection } from '../../src/redis/connect';
import { createEventReader } from '../../src/redis/events';
import { textKey, turnKey } from '../../src/redis/keys';
import { createAccountUsage } from '../../src/redis/account-usage';
import { createMemory, type Memory } from '../../src/redis/memory';
import { createSessionQueue } from '../../src/redis/session-queue';
import { createTurnStore, type TurnStore } from '../../src/redis/turns';
import { beginTurn, listEvents, fold, newScope, readResult } from '../redis/fixtures';
import { createTestRedis, type TestRedis } from '../support/redis';

let server: TestRedis;
let redis: RedisConnection;
let turns: TurnStore;
let memory: Memory;
let records: ReturnType<typeof createRunRecords>;
/** For runs without model calls. */
const noCalls = { abandon: () => Promise.resolve(), unsettledTurns: () => Promise.resolve([]) };

beforeAll(async () => {
  server = await createTestRedis();
  redis = server.connect();
  turns = createTurnStore(redis);
  memory = createMemory(redis, { windowTokens: 1000, ttlSeconds: 100 });
  records = createRunRecords({
    turns,
    memory,
    sessions: createSessionQueue(redis),
    admission: noCalls,
    usage: createAccountUsage(redis),
  });
});
afterAll(() => server.stop());

const optimist = readResult('optimist', 'Yes.', {
  label: 'Optimistic voice',
  usage: { prompt_tokens: 7, completion_tokens: 3 },
});
const sceptic = readResult('sceptic', 'No.\n', { label: 'Cautious voice' });
const SPOKEN: SwarmResult = { turns: [optimist, sceptic], answers: ['sceptic'], failures: [] };

function readOutcome(more: Partial<RunOutcome> = {}): RunOutcome {
  return { ...newScope(), status: 'completed', message: 'Shall we?', result: SPOKEN, ...more };
}
/** The outcome of a run whose opening and turns are in Redis. */
async function openedOutcome(more: Partial<RunOutcome> = {}): Promise<RunOutcome> {
  const outcome = readOutcome(more);
  const { message, team_id, result } = outcome;
  const opening = { swarm_id: team_id, message };
  await records.restoreRun({ scope: outcome, opening, turns: result.turns, checks: [], texts: {} });
  return outcome;
}
const GATE: RunPayload = { type: 'gate.opened', gate: 'plan', question: 'Build it?', about: null };
const ENDINGS = ['run.completed', 'run.failed', 'run.cancelled'];
const endingsIn = async (outcome: { run_id: string }) =>
  (await eventsIn(outcome)).filter(({ type }) => ENDINGS.includes(type));
const eventsIn = async ({ run_id }: { run_id: string }) =>
  (await listEvents(createEventReader(redis), run_id)).map(({ event }) => event);
const remembered = async ({ session_id }: { session_id: string }) => (await memory.readSession(session_id))?.messages;

describe('opening a run', () => {
  const announceIn = (scope: RunScope) =>
    records.announce(scope, 'gate.opened:plan', GATE, { swarm_id: scope.team_id, message: 'Shall we?' });

  it('is published once, however often it is repeated', async () => {
    const scope = newScope();
    for (let i = 0; i < 3; i++) await announceIn(scope);
    const events = await eventsIn(scope);
    expect(events.map(({ type }) => type)).toEqual(['run.started', 'gate.opened']);
    expect(events[0]).toMatchObject({ type: 'run.started', swarm_id: scope.team_id, message: 'Shall we?', ...scope });
  });

  it('copies only the scope to the events, whatever else the workflow passes', async () => {
    const scope = newScope();
    await announceIn({ ...scope, secret: 'x' } as typeof scope);
    expect(JSON.stringify(await eventsIn(scope))).not.toContain('secret');
  });

  it('fixes the session context of its turns', async () => {
    const first = readOutcome();
    await records.closeRun(first);
    const { run_id } = newScope();
    await memory.getRunContext(first.session_id, run_id);
    await records.closeRun(readOutcome({ session_id: first.session_id, message: 'meanwhile' }));
    const seen = await memory.getRunContext(first.session_id, run_id);
    expect(seen.messages.map(({ content }) => content)).toEqual(['Shall we?', 'No.\n']);
  });
});

describe('closing a run that completed', () => {
  it('stores the conversation and publishes totals and answers', async () => {
    const outcome = await openedOutcome();
    expect(await records.closeRun(outcome)).toEqual({ ending: 'run.completed', outgrown: false });
    const { run_id, team_id } = outcome;
    expect(await remembered(outcome)).toEqual([
      { role: 'user', content: 'Shall we?', run_id, team_id, at: expect.any(Number) as number },
      { role: 'assistant', content: 'No.\n', run_id, team_id, at: expect.any(Number) as number },
    ]);
    const [event, ...more] = await endingsIn(outcome);
    expect(more).toEqual([]);
    expect(event).toMatchObject({
      type: 'run.completed',
      answers: ['sceptic'],
      turns: 2,
      usage: { prompt_tokens: 17, completion_tokens: 8 },
      cost_usd: 0.002,
    });
    expect(event).not.toHaveProperty('status');
  });

  it('stores and publishes once, even if repeated concurrently or later', async () => {
    const outcome = await openedOutcome();
    await Promise.all([records.closeRun(outcome), records.closeRun(outcome)]);
    expect(await records.closeRun(outcome)).toEqual({ ending: 'run.completed', outgrown: false });
    expect(await remembered(outcome)).toHaveLength(2);
    expect(await endingsIn(outcome)).toHaveLength(1);
  });

  it('has stored the conversation before readers receive the end', async () => {
    const outcome = await openedOutcome();
    const failing = createRunRecords({
      turns,
      memory: { ...memory, storeConversation: () => Promise.reject(new Error('Redis is away.')) },
      sessions: createSessionQueue(redis),
      admission: noCalls,
      usage: createAccountUsage(redis),
    });
    await expect(failing.closeRun(outcome)).rejects.toThrow('Redis is away.');
    expect(await endingsIn(outcome)).toEqual([]);
  });

  it('stores several answers each under its label, in the order of the answers', async () => {
    const outcome = await openedOutcome({ result: { ...SPOKEN, answers: ['sceptic', 'optimist'] } });
    await records.closeRun(outcome);
    expect((await remembered(outcome))?.[1]?.content).toBe('### Cautious voice\nNo.\n\n\n### Optimistic voice\nYes.');
  });

  it('stores a single answer without a label', async () => {
    const outcome = await openedOutcome({ result: { ...SPOKEN, answers: ['missing', 'optimist'] } });
    await records.closeRun(outcome);
    expect((await remembered(outcome))?.[1]?.content).toBe('Yes.');
  });

  it('sets the records of its turns to expire within a day', async () => {
    const scope = newScope();
    await (await beginTurn(turns, scope, 'optimist')).say('Yes.');
    await records.closeRun(readOutcome(scope));
    for (const key of [turnKey(scope.run_id, 'optimist'), textKey(scope.run_id, 'optimist')]) {
      expect(await redis.ttl(key)).toBeGreaterThan(0);
      expect(await redis.ttl(key)).toBeLessThanOrEqual(24 * 3600);
    }
  });
});

describe('closing a run that did not complete', () => {
  it.each(['failed', 'cancelled'] as const)(
    'that %s stores nothing, and publishes the reason and the usage',
    async (status) => {
      const failure = { code: 'RATE_LIMITED', message: 'Slow down.' } as const;
      const outcome = await openedOutcome({ status, failure });
      expect(await records.closeRun(outcome)).toEqual({ ending: `run.${status}`, outgrown: false });
      expect(await remembered(outcome)).toBeUndefined();
      expect(await endingsIn(outcome)).toMatchObject([
        { type: `run.${status}`, ...failure, turns: 2, cost_usd: 0.002 },
      ]);
      const { status: folded, failure: why } = fold(await listEvents(createEventReader(redis), outcome.run_id));
      expect([folded, why]).toEqual([status, failure]);
    },
  );

  it('keeps and returns the ending that was written first', async () => {
    const outcome = await openedOutcome({ status: 'cancelled', failure: { code: 'CANCELLED', message: 'Stopped.' } });
    await records.closeRun(outcome);
    expect(await records.closeRun({ ...outcome, status: 'failed' })).toMatchObject({ ending: 'run.cancelled' });
    expect(await endingsIn(outcome)).toHaveLength(1);
  });

  it('has the code INTERNAL if the reason is unknown', async () => {
    const outcome = await openedOutcome({ status: 'failed' });
    await records.closeRun(outcome);
    expect(await endingsIn(outcome)).toMatchObject([{ type: 'run.failed', code: 'INTERNAL', message: '' }]);
  });
});

it('texts that Redis lost are restored', async () => {
  const { run_id } = newScope();
  await records.restoreTexts(run_id, { a: 'A 🐦', 'stage/b': 'B' });
  expect(await turns.texts(run_id, ['a', 'stage/b'])).toEqual(['A 🐦', 'B']);
});

describe('a run of which Redis lost everything', () => {
  const OPENING = { swarm_id: 'debate-swarm', message: 'Shall we?' };
  const textsIn = async (scope: { run_id: string }) =>
    Object.fromEntries(
      fold(await listEvents(createEventReader(redis), scope.run_id)).turns.map(({ turn, text, status }) => [
        turn,
        `${status}: ${text}`,
      ]),
    );

  it('is complete again when it closes: its message, its turns, and its end', async () => {
    const outcome = readOutcome();
    expect(await records.closeRun(outcome)).toEqual({ ending: 'run.completed', outgrown: false });
    const events = await eventsIn(outcome);
    expect(events[0]).toMatchObject({ type: 'run.started', swarm_id: outcome.team_id, message: 'Shall we?' });
    expect(events.at(-1)).toMatchObject({ type: 'run.completed', turns: 2 });
    expect(await textsIn(outcome)).toEqual({ optimist: 'completed: Yes.', sceptic: 'completed: No.\n' });
  });

  it('is restored during the run, once however often that is requested, and continues', async () => {
    const scope = newScope();
    const record = { scope, opening: OPENING, turns: [optimist], checks: [], texts: {} };
    for (let i = 0; i < 3; i++) await records.restoreRun(record);
    await (await beginTurn(turns, scope, 'sceptic')).say('No');
    expect(await textsIn(scope)).toEqual({ optimist: 'completed: Yes.', sceptic: 'running: No' });
    expect(await turns.texts(scope.run_id, ['optimist'])).toEqual(['Yes.']);
    expect((await turns.begin(scope.run_id, 'optimist')).result).toEqual(optimist);
  });

  it('has the reports of its code executions again', async () => {
    const scope = newScope();
    const checks = [{ name: 'adds', origin: 'own' as const, passed: false, error: 'got 5' }];
    const check = { turn: 'optimist', language: 'python', executed: true, passed: false, checks, output: 'hm', ms: 3 };
    const record = { scope, opening: OPENING, turns: [optimist], checks: [check], texts: {} };
    for (let i = 0; i < 2; i++) await records.restoreRun(record);
    const reported = (await eventsIn(scope)).filter(({ type }) => type.startsWith('check.'));
    expect(reported).toMatchObject([
      { type: 'check.started', about: 'optimist', language: 'python' },
      { type: 'check.failed', about: 'optimist', passed: 0, failed: 1, errors: ['adds: got 5'], output: 'hm' },
    ]);

    const outcome = readOutcome();
    outcome.result.verification = { ...check, rounds: 0 };
    await records.closeRun(outcome);
    expect((await eventsIn(outcome)).map(({ type }) => type)).toContain('check.failed');
  });

  it('keeps what exists: a turn whose restoration was interrupted is completed by the next one', async () => {
    const scope = newScope();
    const half = await beginTurn(turns, scope, 'optimist');
    await half.append([half.tell({ type: 'turn.started', model: 'some-model', gateway: 'gateway' })]);
    await half.say('Ye');
    await records.restoreRun({ scope, opening: OPENING, turns: [optimist], checks: [], texts: { other: 'text' } });
    expect(await textsIn(scope)).toEqual({ optimist: 'completed: Yes.' });
    expect(await turns.texts(scope.run_id, ['other'])).toEqual(['text']);
  });

  it('is not restored after it has ended', async () => {
    const outcome = await openedOutcome();
    await records.closeRun(outcome);
    const before = await eventsIn(outcome);
    await records.restoreRun({ scope: outcome, opening: OPENING, turns: [optimist], checks: [], texts: {} });
    expect(await eventsIn(outcome)).toEqual(before);
  });
});
