/** People steer a run that is under way: gates, guidance, pause and resume, as Updates on a real Temporal server. */
import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import type { ApplicationFailure } from '@temporalio/common';
import type { CheckReport, RunResult, SwarmRunInput } from '../../src/contract';
import { until } from '../support/stack';
import { planText } from '../support/plan';
import { coordinateInput, createTheatre, report, swarmInput, type Theatre } from '../support/workflows';

let theatre: Theatre;
beforeAll(async () => (theatre = await createTheatre()), 60_000);
afterAll(() => theatre.stop());
beforeEach(() => {
  theatre.asked.length = theatre.closed.length = theatre.announced.length = theatre.verified.length = 0;
  theatre.script = ({ turn }) => (turn.includes('review') ? 'VERDICT: PASS' : planText(`text of ${turn}`));
});

const turns = () => theatre.asked.map(({ turn }) => turn);
const told = () => theatre.announced.map(({ name }) => name);
const say = (handle: WorkflowHandle, name: string, said: object = {}) =>
  handle.executeUpdate<unknown, [object]>(name, { args: [said], updateId: randomUUID() });

/** Where the run says that it stands, as the Temporal Web UI shows it. */
async function shownBy(handle: WorkflowHandle): Promise<string> {
  const { currentDetails = '' } = await handle.query<{ currentDetails?: string }>('__temporal_workflow_metadata');
  return currentDetails;
}

/** Whichever comes first: the gate is closed, the run says that it has ended, or the server knows that it is over. */
const REFUSED = /GATE_CLOSED|RUN_ENDED|completed/;

/** The code with which the workflow refuses. */
async function refusalOf(update: Promise<unknown>): Promise<string> {
  return update.then(
    () => 'accepted',
    (error: Error) => (error.cause as ApplicationFailure | undefined)?.type ?? error.message,
  );
}

async function startGated(input: SwarmRunInput = coordinateInput()) {
  const handle = await theatre.start({ ...input, gates: { approve_plan: true, ...input.gates } });
  await until(() => told().includes('gate.opened:plan'));
  return handle;
}

describe('a gate', () => {
  test('holds the run after the plan until a person approves it', async () => {
    const handle = await startGated();
    expect(turns()).toEqual(['plan/draft', 'plan/critique', 'plan/plan']);
    expect(theatre.announced[0]?.news).toMatchObject({ gate: 'plan', about: 'plan/plan' });
    const answer = await say(handle, 'approve', { reason: 'good' });
    expect(answer).toEqual({ gate: 'plan', decision: 'approved', reason: 'good' });
    await handle.result();
    expect(told()).toEqual(['gate.opened:plan', 'gate.resolved:plan']);
    expect(turns()).toContain('implement/draft');
  });

  test('that is approved twice, even at once, opens once, and the second is told so', async () => {
    const handle = await startGated();
    const both = await Promise.all([1, 2].map(() => refusalOf(say(handle, 'approve', { reason: '' }))));
    expect(both.filter((answer) => answer === 'accepted')).toHaveLength(1);
    expect(both.find((answer) => answer !== 'accepted')).toMatch(REFUSED);
    await handle.result();
    expect(turns().filter((turn) => turn === 'implement/draft')).toHaveLength(1);
    expect(told().filter((name) => name === 'gate.resolved:plan')).toHaveLength(1);
  });

  test('that is rejected has the plan made again with the reason, and asks again', async () => {
    const handle = await startGated();
    await say(handle, 'reject', { reason: 'No cloud, please.' });
    await until(() => told().includes('gate.opened:plan-2'));
    const again = theatre.asked.find(({ turn }) => turn === 'plan-2/draft');
    expect(JSON.stringify(again?.messages)).toContain('No cloud, please.');
    expect(again?.messages[0]?.parts).toContainEqual({ turn: 'plan/plan' });
    await say(handle, 'approve', { gate: 'plan-2', reason: '' });
    await handle.result();
    const draft = theatre.asked.find(({ turn }) => turn === 'implement/draft');
    expect(draft?.messages[0]?.parts).toContainEqual({ turn: 'plan-2/plan' });
  });

  test('that does not exist, or is closed, refuses with a code, and nothing happens', async () => {
    const handle = await startGated();
    expect(await refusalOf(say(handle, 'approve', { gate: 'nope', reason: '' }))).toBe('GATE_CLOSED');
    expect(told()).toEqual(['gate.opened:plan']);
    await say(handle, 'approve', { reason: '' });
    expect(await refusalOf(say(handle, 'reject', { reason: 'late' }))).toMatch(REFUSED);
    await handle.result();
    expect(told()).toEqual(['gate.opened:plan', 'gate.resolved:plan']);
  });

  test('lets a cancelled run end', async () => {
    const handle = await startGated();
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow();
    expect(theatre.closed[0]).toMatchObject({ status: 'cancelled', result: { turns: { length: 3 } } });
  });
});

describe('approval above a cost', () => {
  // a turn of the theatre costs $0.001
  const costly = () => ({ ...swarmInput('strategic-swarm'), gates: { approve_above_usd: 0.0015 } });

  test('is asked for before the next turn, and again after as much more', async () => {
    const handle = await theatre.start({ ...costly(), gates: { approve_above_usd: 0.0005 } });
    await until(() => told().includes('gate.opened:cost-1'));
    expect(turns()).toEqual(['draft']);
    await say(handle, 'approve', { reason: '' });
    await until(() => told().includes('gate.opened:cost-2'));
    expect(turns()).toEqual(['draft', 'critique']);
    await say(handle, 'approve', { reason: '' });
    await handle.result();
    expect(told()).toHaveLength(4);
  });

  test('that is refused ends the run with its code and what it had', async () => {
    const handle = await theatre.start(costly());
    await until(() => told().includes('gate.opened:cost-1'));
    await say(handle, 'reject', { reason: 'enough' });
    await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'APPROVAL_REFUSED' } });
    expect(theatre.closed[0]).toMatchObject({
      failure: { code: 'APPROVAL_REFUSED', message: 'Further cost was not approved: enough' },
      result: { turns: [{ turn: 'draft' }, { turn: 'critique' }] },
    });
  });

  describe('from drafts of which one waits for it', () => {
    const drafting = () => {
      const given = swarmInput('coding-swarm');
      return { ...given, swarm: { ...given.swarm, build: { drafts: 3 } }, gates: { approve_above_usd: 0.0005 } };
    };
    const asked = () => told().filter((name) => name.startsWith('gate.opened'));
    /** The second draft goes on while the third waits for the approval, until it is released. */
    const hold = (second: CheckReport) => {
      let release = () => {};
      const released = new Promise<void>((resolve) => (release = resolve));
      theatre.script = async ({ turn }) => {
        if (turn === 'draft-2') await released;
        return turn;
      };
      theatre.execution = ({ turn }) => (turn === 'draft-2' ? second : report([{ passed: false, error: 'no' }]));
      return release;
    };
    afterEach(() => (theatre.execution = () => report()));

    test('is still asked for when that one is no longer needed', async () => {
      const release = hold(report([{}]));
      const handle = await theatre.start(drafting());
      await until(() => told().includes('gate.opened:cost-1'));
      release();
      // the approval must not overtake the report that decides
      await until(async () => (await shownBy(handle)).includes('CUT_OFF'));
      await say(handle, 'approve', { reason: '' });
      const result = (await handle.result()) as RunResult;
      expect(result).toMatchObject({ status: 'complete', answers: ['draft-2'] });
      expect(turns()).toEqual(['draft', 'draft-2', 'review']);
    });

    test('is refused once for all', async () => {
      const release = hold(report([{ passed: false, error: 'no' }]));
      const handle = await theatre.start(drafting());
      await until(() => told().includes('gate.opened:cost-1'));
      await say(handle, 'reject', { reason: 'enough' });
      await until(() => told().includes('gate.resolved:cost-1'));
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
    const script = theatre.script;
    theatre.script = async (request) => {
      if (request.turn === held) await waiting;
      return script(request);
    };
    return release;
  }

  test('is told to every turn that begins after it, and to none before', async () => {
    const release = hold('draft');
    const handle = await theatre.start(swarmInput('strategic-swarm'));
    await until(() => turns().includes('draft'));
    expect(await say(handle, 'message', { content: 'Use SQLite.', interrupt: false })).toEqual({ interrupted: [] });
    release();
    await handle.result();
    expect(theatre.asked.map(({ messages }) => JSON.stringify(messages).includes('Use SQLite.'))).toEqual([
      false,
      true,
      true,
    ]);
    expect(told()).toEqual(['message.injected:1']);
  });

  test('that interrupts stops the turn and begins it again with the guidance', async () => {
    const release = hold('critique');
    const handle = await theatre.start(swarmInput('strategic-swarm'));
    await until(() => turns().includes('critique'));
    const answer = await say(handle, 'message', { content: 'Look at cost.', interrupt: true });
    expect(answer).toEqual({ interrupted: ['critique'] });
    const result = (await handle.result()) as Awaited<ReturnType<Theatre['run']>>;
    release();
    expect(turns()).toEqual(['draft', 'critique', 'critique~2', 'plan']);
    expect(result.failures).toMatchObject([{ turn: 'critique', code: 'INTERRUPTED' }]);
    expect(JSON.stringify(theatre.asked[2])).toContain('Look at cost.');
    expect(theatre.asked[3]?.messages.flatMap(({ parts }) => parts)).toContainEqual({ turn: 'critique~2' });
  });

  test('is answered with the mark of what was said first, if it had one', async () => {
    const release = hold('draft');
    const handle = await theatre.start(swarmInput('strategic-swarm'));
    await until(() => turns().includes('draft'));
    const tell = (updateId: string, said: object) =>
      handle.executeUpdate<unknown, [object]>('message', { args: [{ interrupt: false, ...said }], updateId });
    const first = { interrupted: [], mark: 'first' };
    expect(await tell('marked', { content: 'Use SQLite.', mark: 'first' })).toEqual(first);
    expect(await tell('marked', { content: 'Use Postgres.', mark: 'second' })).toEqual(first);
    expect(await tell('plain', { content: 'As an earlier API says it.' })).toEqual({ interrupted: [] });
    release();
    await handle.result();
    expect(told()).toEqual(['message.injected:1', 'message.injected:2']);
  });

  test('for a run that has ended is refused', async () => {
    const handle = await theatre.start(swarmInput('strategic-swarm'));
    await handle.result();
    await expect(say(handle, 'message', { content: 'late', interrupt: false })).rejects.toThrow(/completed/);
    expect(told()).toEqual([]);
  });
});

test('a paused run begins no turn until it is resumed; pausing twice is pausing once', async () => {
  const input = swarmInput('strategic-swarm');
  theatre.script = async ({ turn }) => {
    if (turn === 'draft') await say(theatre.handle(input.run_id), 'pause');
    return planText(turn);
  };
  const handle = await theatre.start(input);
  await until(() => told().includes('run.paused:1'));
  expect(await say(handle, 'pause')).toEqual({ paused: true, changed: false });
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(turns()).toEqual(['draft']);
  expect(await say(handle, 'resume')).toEqual({ paused: false, changed: true });
  await handle.result();
  expect(turns()).toEqual(['draft', 'critique', 'plan']);
  expect(told()).toEqual(['run.paused:1', 'run.resumed:1']);
});
