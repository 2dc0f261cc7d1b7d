/** Summaries of a session, written in parallel to its runs. */
import { ApplicationFailure } from '@temporalio/common';
import { temporal } from '@temporalio/proto';
import { Worker } from '@temporalio/worker';
import type { MessageRange, TurnRequest } from '../../src/contract';
import { planText } from '../support/plan';
import { until } from '../support/stack';
import { createHarness, swarmInput, WORKFLOW_BUNDLE, type Harness } from '../support/workflows';

let harness: Harness;
beforeAll(async () => (harness = await createHarness()), 60_000);
afterAll(() => harness.stop());
beforeEach(() => {
  harness.asked.length = harness.closed.length = harness.ranges.length = harness.summaries.length = 0;
  harness.script = ({ turn, run_id }) => (turn === 'summary' ? `summary by ${run_id}` : planText(turn));
  harness.cutOff = () => false;
});

const turns = () => harness.asked.map(({ turn }) => turn);
const range = (session_id: string, from: number, to: number): MessageRange => ({
  ...{ session_id, born: session_id, from, to, summary: from > 0 ? 'Before.' : '', max_tokens: 25 },
  messages: [{ role: 'user', content: 'The name is Ada.' }],
});

describe('a session that exceeds its window', () => {
  test('is summarised after the run, by the fast model, in a separate stream and on the same account', async () => {
    const input = { ...swarmInput('strategic-swarm'), options: { tenant: 'acme', budget_usd: 1 } };
    harness.ranges.push(range(input.session_id, 0, 4), range(input.session_id, 4, 6));
    const { turns: spoken } = await harness.run(input);
    expect(spoken.map(({ turn }) => turn)).toEqual(['draft', 'critique', 'plan']);
    expect(harness.closed).toMatchObject([{ run_id: input.run_id, tenant: 'acme' }]);
    await until(() => harness.summaries.length === 2);
    const asked = harness.asked.slice(3);
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

  test('does not delay the run, and two runs that end meanwhile start no second summary', async () => {
    const input = swarmInput('strategic-swarm');
    harness.ranges.push(range(input.session_id, 0, 4));
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const { script } = harness;
    harness.script = async (request) => {
      if (request.turn === 'summary') await held;
      return script(request);
    };
    await harness.run(input);
    const more = [1, 2].map(() => ({ ...swarmInput('strategic-swarm'), session_id: input.session_id }));
    for (const run of await Promise.all(more.map((one) => harness.run(one)))) expect(run.status).toBe('complete');
    expect(harness.summaries).toEqual([]);
    release();
    await until(() => harness.summaries.length > 0);
    await harness.handle(`memory:${input.session_id}`).result();
    expect(turns().filter((turn) => turn === 'summary')).toHaveLength(1);
  });

  test('gets one request for a shorter summary if the first was cut off', async () => {
    const input = swarmInput('strategic-swarm');
    harness.ranges.push(range(input.session_id, 0, 4), range(input.session_id, 4, 6));
    const isLong = ({ turn, run_id }: TurnRequest) => turn === 'summary' || run_id.endsWith('-4-6');
    harness.cutOff = (request) => request.team_id === 'memory' && isLong(request);
    harness.script = ({ turn }) => (turn === 'summary-2' ? 'Ada.' : planText(turn));
    await harness.run(input);
    await until(() => harness.summaries.length === 2);
    expect(harness.summaries).toEqual(['Ada.', 'none']);
    expect(turns().slice(3)).toEqual(['summary', 'summary-2', 'summary', 'summary-2']);
    const [first, shorter] = harness.asked.slice(3);
    expect([shorter?.run_id, shorter?.definition]).toEqual([first?.run_id, first?.definition]);
    expect(JSON.stringify(shorter?.messages)).toMatch(/The name is Ada.*in fewer words.*Words at most: 13\./);
    const handle = harness.handle(`memory:${input.session_id}`);
    await handle.result();
    const history = temporal.api.history.v1.History.fromObject(await handle.fetchHistory());
    await Worker.runReplayHistory({ workflowBundle: { codePath: WORKFLOW_BUNDLE } }, history);
  });

  test('does not affect the completed run if the summary fails', async () => {
    const input = swarmInput('strategic-swarm');
    harness.ranges.push(range(input.session_id, 0, 4));
    const { script } = harness;
    harness.script = (request) => {
      if (request.turn === 'summary') throw ApplicationFailure.nonRetryable('is gone', 'MODEL_NOT_FOUND');
      return script(request);
    };
    expect((await harness.run(input)).status).toBe('complete');
    await expect(harness.handle(`memory:${input.session_id}`).result()).rejects.toThrow();
    expect(harness.closed).toMatchObject([{ status: 'completed' }]);
  });
});
