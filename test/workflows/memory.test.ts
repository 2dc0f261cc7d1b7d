/** Summaries of a session, beside the runs that make it grow. */
import { ApplicationFailure } from '@temporalio/common';
import { temporal } from '@temporalio/proto';
import { Worker } from '@temporalio/worker';
import type { Stretch, TurnRequest } from '../../src/contract';
import { planText } from '../support/plan';
import { until } from '../support/stack';
import { createTheatre, swarmInput, WORKFLOW_BUNDLE, type Theatre } from '../support/workflows';

let theatre: Theatre;
beforeAll(async () => (theatre = await createTheatre()), 60_000);
afterAll(() => theatre.stop());
beforeEach(() => {
  theatre.asked.length = theatre.closed.length = theatre.stretches.length = theatre.summaries.length = 0;
  theatre.script = ({ turn, run_id }) => (turn === 'summary' ? `summary by ${run_id}` : planText(turn));
  theatre.cutOff = () => false;
});

const turns = () => theatre.asked.map(({ turn }) => turn);
const stretch = (session_id: string, from: number, to: number): Stretch => ({
  ...{ session_id, born: session_id, from, to, summary: from > 0 ? 'Before.' : '', max_tokens: 25 },
  messages: [{ role: 'user', content: 'The name is Ada.' }],
});

describe('a session that has outgrown the window', () => {
  test('is summarised after the run, by the fast model, in a stream of its own and on the same account', async () => {
    const input = { ...swarmInput('strategic-swarm'), options: { tenant: 'acme', budget_usd: 1 } };
    theatre.stretches.push(stretch(input.session_id, 0, 4), stretch(input.session_id, 4, 6));
    const { turns: spoken } = await theatre.run(input);
    expect(spoken.map(({ turn }) => turn)).toEqual(['draft', 'critique', 'plan']);
    expect(theatre.closed).toMatchObject([{ run_id: input.run_id, tenant: 'acme' }]);
    await until(() => theatre.summaries.length === 2);
    const asked = theatre.asked.slice(3);
    expect(asked.map(({ run_id }) => run_id)).toEqual(
      ['0-4', '4-6'].map((part) => `memory-${input.session_id}-${part}`),
    );
    expect(asked[0]).toMatchObject({
      definition: { alias: 'fast', max_tokens: 25 },
      options: { tenant: 'acme' },
      session_id: input.session_id,
    });
    expect(asked[0]?.options).not.toHaveProperty('budget_usd');
    expect(JSON.stringify(asked[0]?.messages)).toContain('The name is Ada.');
    expect(JSON.stringify(asked[1]?.messages)).toContain('Before.');
  });

  test('is not waited for, and two runs that end meanwhile ask for no second summary of it', async () => {
    const input = swarmInput('strategic-swarm');
    theatre.stretches.push(stretch(input.session_id, 0, 4));
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const { script } = theatre;
    theatre.script = async (request) => {
      if (request.turn === 'summary') await held;
      return script(request);
    };
    await theatre.run(input);
    const more = [1, 2].map(() => ({ ...swarmInput('strategic-swarm'), session_id: input.session_id }));
    for (const run of await Promise.all(more.map((one) => theatre.run(one)))) expect(run.status).toBe('complete');
    expect(theatre.summaries).toEqual([]);
    release();
    await until(() => theatre.summaries.length > 0);
    await theatre.handle(`memory:${input.session_id}`).result();
    expect(turns().filter((turn) => turn === 'summary')).toHaveLength(1);
  });

  test('is asked once more for fewer words when its summary was cut off, and once only', async () => {
    const input = swarmInput('strategic-swarm');
    theatre.stretches.push(stretch(input.session_id, 0, 4), stretch(input.session_id, 4, 6));
    const isLong = ({ turn, run_id }: TurnRequest) => turn === 'summary' || run_id.endsWith('-4-6');
    theatre.cutOff = (request) => request.team_id === 'memory' && isLong(request);
    theatre.script = ({ turn }) => (turn === 'summary-2' ? 'Ada.' : planText(turn));
    await theatre.run(input);
    await until(() => theatre.summaries.length === 2);
    expect(theatre.summaries).toEqual(['Ada.', 'none']);
    expect(turns().slice(3)).toEqual(['summary', 'summary-2', 'summary', 'summary-2']);
    const [first, shorter] = theatre.asked.slice(3);
    expect([shorter?.run_id, shorter?.definition]).toEqual([first?.run_id, first?.definition]);
    expect(JSON.stringify(shorter?.messages)).toMatch(/The name is Ada.*in fewer words.*Words at most: 13\./);
    const handle = theatre.handle(`memory:${input.session_id}`);
    await handle.result();
    const history = temporal.api.history.v1.History.fromObject(await handle.fetchHistory());
    await Worker.runReplayHistory({ workflowBundle: { codePath: WORKFLOW_BUNDLE } }, history);
  });

  test('leaves the run complete when the summary fails', async () => {
    const input = swarmInput('strategic-swarm');
    theatre.stretches.push(stretch(input.session_id, 0, 4));
    const { script } = theatre;
    theatre.script = (request) => {
      if (request.turn === 'summary') throw ApplicationFailure.nonRetryable('is gone', 'MODEL_NOT_FOUND');
      return script(request);
    };
    expect((await theatre.run(input)).status).toBe('complete');
    await expect(theatre.handle(`memory:${input.session_id}`).result()).rejects.toThrow();
    expect(theatre.closed).toMatchObject([{ status: 'completed' }]);
  });
});
