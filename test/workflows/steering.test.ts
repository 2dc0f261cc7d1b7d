/** Steering of a running run by people: gates, guidance, pause and resume, as Updates on a real Temporal server. */
import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import type { ApplicationFailure } from '@temporalio/common';
import type { CheckReport, RunResult, SwarmRunInput } from '../../src/contract';
import { until } from '../support/stack';
import { planText } from '../support/plan';
import { coordinateInput, createHarness, report, swarmInput, type Harness } from '../support/workflows';

let harness: Harness;
beforeAll(async () => (harness = await createHarness()), 60_000);
afterAll(() => harness.stop());
beforeEach(() => {
  harness.asked.length = harness.closed.length = harness.announced.length = harness.verified.length = 0;
  harness.script = ({ turn }) => (turn.includes('review') ? 'VERDICT: PASS' : planText(`text of ${turn}`));
});

const turns = () => harness.asked.map(({ turn }) => turn);
const reported = () => harness.announced.map(({ name }) => name);
const say = (handle: WorkflowHandle, name: string, text: object = {}) =>
  handle.executeUpdate<unknown, [object]>(name, { args: [text], updateId: randomUUID() });

/** The run's details, as the Temporal Web UI shows them. */
async function shownBy(handle: WorkflowHandle): Promise<string> {
  const { currentDetails = '' } = await handle.query<{ currentDetails?: string }>('__temporal_workflow_metadata');
  return currentDetails;
}

/** The possible refusals: the gate is closed, the run reports that it has ended, or the server knows that it has ended. */
const REFUSED = /GATE_CLOSED|RUN_ENDED|completed/;

/** The code of the workflow's refusal. */
async function readRefusal(update: Promise<unknown>): Promise<string> {
  return update.then(
    () => 'accepted',
    (error: Error) => (error.cause as ApplicationFailure | undefined)?.type ?? error.message,
  );
}

async function startGated(input: SwarmRunInput = coordinateInput()) {
  const handle = await harness.start({ ...input, gates: { approve_plan: true, ...input.gates } });
  await until(() => reported().includes('gate.opened:plan'));
  return handle;
}

describe('a gate', () => {
  test('holds the run after the plan until a person approves it', async () => {
    const handle = await startGated();
    expect(turns()).toEqual(['plan/draft', 'plan/critique', 'plan/plan']);
    expect(harness.announced[0]?.payload).toMatchObject({ gate: 'plan', about: 'plan/plan' });
    const answer = await say(handle, 'approve', { reason: 'good' });
    expect(answer).toEqual({ gate: 'plan', decision: 'approved', reason: 'good' });
    await handle.result();
    expect(reported()).toEqual(['gate.opened:plan', 'gate.resolved:plan']);
    expect(turns()).toContain('implement/draft');
  });

  test('that is approved twice, even concurrently, is resolved once, and the second approval is refused', async () => {
    const handle = await startGated();
    const both = await Promise.all([1, 2].map(() => readRefusal(say(handle, 'approve', { reason: '' }))));
    expect(both.filter((answer) => answer === 'accepted')).toHaveLength(1);
    expect(both.find((answer) => answer !== 'accepted')).toMatch(REFUSED);
    await handle.result();
    expect(turns().filter((turn) => turn === 'implement/draft')).toHaveLength(1);
    expect(reported().filter((name) => name === 'gate.resolved:plan')).toHaveLength(1);
  });

  test('that is rejected leads to a new plan with the reason, and opens again', async () => {
    const handle = await startGated();
    await say(handle, 'reject', { reason: 'No cloud, please.' });
    await until(() => reported().includes('gate.opened:plan-2'));
    const again = harness.asked.find(({ turn }) => turn === 'plan-2/draft');
    expect(JSON.stringify(again?.messages)).toContain('No cloud, please.');
    expect(again?.messages[0]?.parts).toContainEqual({ turn: 'plan/plan' });
    await say(handle, 'approve', { gate: 'plan-2', reason: '' });
    await handle.result();
    const draft = harness.asked.find(({ turn }) => turn === 'implement/draft');
    expect(draft?.messages[0]?.parts).toContainEqual({ turn: 'plan-2/plan' });
  });

  test('that does not exist, or is closed, is refused with a code and without effect', async () => {
    const handle = await startGated();
    expect(await readRefusal(say(handle, 'approve', { gate: 'nope', reason: '' }))).toBe('GATE_CLOSED');
    expect(reported()).toEqual(['gate.opened:plan']);
    await say(handle, 'approve', { reason: '' });
    expect(await readRefusal(say(handle, 'reject', { reason: 'late' }))).toMatch(REFUSED);
    await handle.result();
    expect(reported()).toEqual(['gate.opened:plan', 'gate.resolved:plan']);
  });

  test('does not keep a cancelled run open', async () => {
    const handle = await startGated();
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow();
    expect(harness.closed[0]).toMatchObject({ status: 'cancelled', result: { turns: { length: 3 } } });
  });
});

describe('approval above a cost', () => {
  // a turn of the harness costs $0.001
  const costly = () => ({ ...swarmInput('strategic-swarm'), gates: { approve_above_usd: 0.0015 } });

  test('is requested before the next turn, and again after the same further amount', async () => {
    const handle = await harness.start({ ...costly(), gates: { approve_above_usd: 0.0005 } });
    await until(() => reported().includes('gate.opened:cost-1'));
    expect(turns()).toEqual(['draft']);
    await say(handle, 'approve', { reason: '' });
    await until(() => reported().includes('gate.opened:cost-2'));
    expect(turns()).toEqual(['draft', 'critique']);
    await say(handle, 'approve', { reason: '' });
    await handle.result();
    expect(reported()).toHaveLength(4);
  });

  test('that is refused ends the run with its code and partial result', async () => {
    const handle = await harness.start(costly());
    await until(() => reported().includes('gate.opened:cost-1'));
    await say(handle, 'reject', { reason: 'enough' });
    await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'APPROVAL_REFUSED' } });
    expect(harness.closed[0]).toMatchObject({
      failure: { code: 'APPROVAL_REFUSED', message: 'Further cost was not approved: enough' },
      result: { turns: [{ turn: 'draft' }, { turn: 'critique' }] },
    });
  });

  describe('while one of several drafts waits for it', () => {
    const drafting = () => {
      const given = swarmInput('coding-swarm');
      return { ...given, swarm: { ...given.swarm, build: { drafts: 3 } }, gates: { approve_above_usd: 0.0005 } };
    };
    const asked = () => reported().filter((name) => name.startsWith('gate.opened'));
    /** The second draft runs while the third waits for approval, until it is released. */
    const hold = (second: CheckReport) => {
      let release = () => {};
      const released = new Promise<void>((resolve) => (release = resolve));
      harness.script = async ({ turn }) => {
        if (turn === 'draft-2') await released;
        return turn;
      };
      harness.execution = ({ turn }) => (turn === 'draft-2' ? second : report([{ passed: false, error: 'no' }]));
      return release;
    };
    afterEach(() => (harness.execution = () => report()));

    test('stays requested when that draft is no longer needed', async () => {
      const release = hold(report([{}]));
      const handle = await harness.start(drafting());
      await until(() => reported().includes('gate.opened:cost-1'));
      release();
      // the approval must not overtake the report that decides
      await until(async () => (await shownBy(handle)).includes('CUT_OFF'));
      await say(handle, 'approve', { reason: '' });
      const result = (await handle.result()) as RunResult;
      expect(result).toMatchObject({ status: 'complete', answers: ['draft-2'] });
      expect(turns()).toEqual(['draft', 'draft-2', 'review']);
    });

    test('is refused once for all drafts', async () => {
      const release = hold(report([{ passed: false, error: 'no' }]));
      const handle = await harness.start(drafting());
      await until(() => reported().includes('gate.opened:cost-1'));
      await say(handle, 'reject', { reason: 'enough' });
      await until(() => reported().includes('gate.resolved:cost-1'));
      release();
      await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'APPROVAL_REFUSED' } });
      expect([asked(), turns()]).toEqual([['gate.opened:cost-1'], ['draft', 'draft-2']]);
    });
  });
});

describe('guidance', () => {
  /** Holds the turn until the returned function is called. */
  function hold(held: string): () => void {
    let release = () => {};
    const waiting = new Promise<void>((resolve) => (release = resolve));
    const script = harness.script;
    harness.script = async (request) => {
      if (request.turn === held) await waiting;
      return script(request);
    };
    return release;
  }

  test('reaches every turn that begins after it, and none before', async () => {
    const release = hold('draft');
    const handle = await harness.start(swarmInput('strategic-swarm'));
    await until(() => turns().includes('draft'));
    expect(await say(handle, 'message', { content: 'Use SQLite.', interrupt: false })).toEqual({ interrupted: [] });
    release();
    await handle.result();
    expect(harness.asked.map(({ messages }) => JSON.stringify(messages).includes('Use SQLite.'))).toEqual([
      false,
      true,
      true,
    ]);
    expect(reported()).toEqual(['message.injected:1']);
  });

  test('that interrupts cancels the turn and restarts it with the guidance', async () => {
    const release = hold('critique');
    const handle = await harness.start(swarmInput('strategic-swarm'));
    await until(() => turns().includes('critique'));
    const answer = await say(handle, 'message', { content: 'Look at cost.', interrupt: true });
    expect(answer).toEqual({ interrupted: ['critique'] });
    const result = (await handle.result()) as Awaited<ReturnType<Harness['run']>>;
    release();
    expect(turns()).toEqual(['draft', 'critique', 'critique~2', 'plan']);
    expect(result.failures).toMatchObject([{ turn: 'critique', code: 'INTERRUPTED' }]);
    expect(harness.stopped).toContainEqual(['critique', 'INTERRUPTED']);
    expect(JSON.stringify(harness.asked[2])).toContain('Look at cost.');
    expect(harness.asked[3]?.messages.flatMap(({ parts }) => parts)).toContainEqual({ turn: 'critique~2' });
  });

  test('gets a reply with the mark of the first request, if that had one', async () => {
    const release = hold('draft');
    const handle = await harness.start(swarmInput('strategic-swarm'));
    await until(() => turns().includes('draft'));
    const tell = (updateId: string, text: object) =>
      handle.executeUpdate<unknown, [object]>('message', { args: [{ interrupt: false, ...text }], updateId });
    const first = { interrupted: [], mark: 'first' };
    expect(await tell('marked', { content: 'Use SQLite.', mark: 'first' })).toEqual(first);
    expect(await tell('marked', { content: 'Use Postgres.', mark: 'second' })).toEqual(first);
    expect(await tell('plain', { content: 'As an earlier API says it.' })).toEqual({ interrupted: [] });
    release();
    await handle.result();
    expect(reported()).toEqual(['message.injected:1', 'message.injected:2']);
  });

  test('is refused for a run that has ended', async () => {
    const handle = await harness.start(swarmInput('strategic-swarm'));
    await handle.result();
    await expect(say(handle, 'message', { content: 'late', interrupt: false })).rejects.toThrow(/completed/);
    expect(reported()).toEqual([]);
  });
});

test('a paused run begins no turn until it is resumed; a second pause changes nothing', async () => {
  const input = swarmInput('strategic-swarm');
  harness.script = async ({ turn }) => {
    if (turn === 'draft') await say(harness.handle(input.run_id), 'pause');
    return planText(turn);
  };
  const handle = await harness.start(input);
  await until(() => reported().includes('run.paused:1'));
  expect(await say(handle, 'pause')).toEqual({ paused: true, changed: false });
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(turns()).toEqual(['draft']);
  expect(await say(handle, 'resume')).toEqual({ paused: false, changed: true });
  await handle.result();
  expect(turns()).toEqual(['draft', 'critique', 'plan']);
  expect(reported()).toEqual(['run.paused:1', 'run.resumed:1']);
});
