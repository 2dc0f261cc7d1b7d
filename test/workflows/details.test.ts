/** The details of a run in the Temporal Web UI: all stages, also after the run has ended. */
import { coordinateInput, createHarness, swarmInput, type Harness } from '../support/workflows';

let harness: Harness;
beforeAll(async () => (harness = await createHarness()), 60_000);
afterAll(() => harness.stop());

async function listDetails(runId: string): Promise<string> {
  const handle = harness.handle(runId);
  const { currentDetails = '' } = await handle.query<{ currentDetails?: string }>('__temporal_workflow_metadata');
  return currentDetails;
}

test('the final details of a coordination show every stage with its turns, and how the run ended', async () => {
  harness.script = ({ turn }) => (turn.endsWith('summary') ? 'VERDICT: PASS' : `text of ${turn}`);
  const input = coordinateInput();
  const { turns } = await harness.run(input);
  const details = await listDetails(input.run_id);
  expect(details).toMatch(/^\*\*completed\*\* · \d+ turns, \d+ tokens, \$0\.\d+/);
  for (const stage of ['plan', 'implement', 'review']) expect(details).toMatch(new RegExp(`\\*\\*${stage} · .*: done`));
  for (const label of new Set(turns.map((turn) => turn.label))) expect(details).toContain(`- ${label}: `);
});

test('the details show that a stage and its run have failed', async () => {
  harness.script = ({ turn }) => {
    if (turn.startsWith('implement')) throw new TypeError('a mistake');
    return turn;
  };
  const input = coordinateInput();
  await harness.run(input).catch(() => undefined);
  const details = await listDetails(input.run_id);
  expect(details).toMatch(/^\*\*failed\*\* \(INTERNAL: /);
  expect(details).toMatch(/\*\*plan · .*: done/);
  expect(details).toMatch(/\*\*implement · .*: failed \(INTERNAL\)/);
});

test('the details of a run contain nothing of other runs of the worker', async () => {
  harness.script = ({ turn }) => turn;
  const [one, other] = [swarmInput('strategic-swarm'), swarmInput('debate-swarm')];
  await Promise.all([harness.run(one), harness.run(other)]);
  expect(await listDetails(one.run_id)).not.toMatch(/Debate/);
  expect(await listDetails(other.run_id)).not.toMatch(/Strateg/);
});
