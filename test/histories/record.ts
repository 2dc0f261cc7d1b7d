/**
 * Records the histories that `test/workflows/replay.test.ts` replays: one for each pattern, and one of the memory's summaries.
 * `npm run record-histories` writes all of them again.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { temporal } from '@temporalio/proto';
import type { SwarmRunInput } from '../../src/contract';
import { ownSwarm } from '../support/own-swarms';
import { until } from '../support/stack';
import {
  coordinateInput,
  createHarness,
  multiInput,
  ownInput,
  report,
  swarmInput,
  type Harness,
} from '../support/workflows';

const { History } = temporal.api.history.v1;

let harness: Harness;
beforeAll(async () => {
  harness = await createHarness();
  harness.script = ({ turn }) => (turn.endsWith('summary') ? 'VERDICT: REVISE' : `text of ${turn}`);
});
afterAll(() => harness.stop());

async function keep(name: string, workflowId: string): Promise<void> {
  const history = await harness.handle(workflowId).fetchHistory();
  const json = History.toObject(History.fromObject(history), { longs: String, enums: String, bytes: String });
  writeFileSync(path.join(__dirname, `${name}.json`), `${JSON.stringify(json, null, 1)}\n`);
}

/** `during` steers the run while it is under way. */
async function record(input: SwarmRunInput, during: () => Promise<unknown> = () => Promise.resolve()): Promise<void> {
  const handle = await harness.start(input);
  await during();
  await handle.result();
  await keep(input.swarm.pattern, input.run_id);
}

const gateIs = (gate: string) => until(() => harness.announced.some(({ name }) => name === `gate.opened:${gate}`));

function say({ run_id }: SwarmRunInput, update: string, args: object): Promise<unknown> {
  return harness.handle(run_id).executeUpdate<unknown, [object]>(update, { args: [args], updateId: update });
}

test('single', () => record(ownInput(ownSwarm('translator'))), 60_000);

test('strategic, with the critique as data', async () => {
  await record({ ...swarmInput('strategic-swarm'), reviews_as_data: true });
});

test('coding, with a revision', async () => {
  const coding = { ...swarmInput('coding-swarm').swarm, pattern: 'coding' };
  await record({ ...swarmInput('coding-swarm'), swarm: coding, reviews_as_data: true });
});

test('build, whose drafts fail and are repaired in two rounds', async () => {
  harness.execution = ({ turn }) =>
    /draft$|(other|repair)-1$/.test(turn) ? report([{ passed: false, error: 'f(1) returned 3' }]) : report([{}]);
  await record(swarmInput('coding-swarm'));
});

test('debate, with a second round, whose judge waits until a person approves the cost', async () => {
  const input = { ...swarmInput('debate-swarm'), gates: { approve_above_usd: 0.0045 } };
  await record(input, async () => {
    await gateIs('cost-1');
    await say(input, 'approve', { reason: 'go on' });
  });
});

test('panel', () => record(ownInput(ownSwarm('jury'))), 60_000);

test('parallel', () => record(multiInput(['strategic-swarm', 'coding-swarm'], 'parallel')), 60_000);

test('sequential', () => record(multiInput(['strategic-swarm', 'coding-swarm'], 'sequential')), 60_000);

test('consensus', () => record(multiInput(['strategic-swarm', 'coding-swarm'], 'consensus')), 60_000);

test('pipeline', () => record(ownInput(ownSwarm('cookbook'), ['jury', 'translator'].map(ownSwarm))), 60_000);

test('coordinate, steered by a person, with several drafts of which one is elected', async () => {
  harness.execution = ({ turn }) => (turn.endsWith('/draft') ? report([{ passed: false }]) : report([{}]));
  harness.comparison = (turns) => ({
    calls: 9,
    support: turns.map(() => 9),
    agreeing: turns.map(() => turns.length),
  });
  const input = { ...coordinateInput(), gates: { approve_plan: true } };
  const coder = input.members?.['coding-swarm'];
  const members = { ...input.members, ...(coder ? { 'coding-swarm': { ...coder, build: { drafts: 3 } } } : {}) };
  await record({ ...input, members }, async () => {
    await gateIs('plan');
    await say(input, 'message', { content: 'Be brief.', interrupt: true });
    await say(input, 'pause', {});
    await say(input, 'approve', { reason: 'good' });
    await say(input, 'resume', {});
  });
});

test('summarise, with a summary that was cut off', async () => {
  const remembering = swarmInput('strategic-swarm');
  const { session_id } = remembering;
  const text = [{ role: 'user' as const, content: 'The name is Ada.' }];
  const range = { session_id, born: session_id, summary: '', messages: text, max_tokens: 25 };
  harness.ranges.push({ ...range, from: 0, to: 4 }, { ...range, from: 4, to: 6 });
  harness.cutOff = ({ run_id }) => run_id.endsWith('-0-4');
  await harness.run(remembering);
  await harness.handle(`memory:${session_id}`).result();
  await keep('summarise', `memory:${session_id}`);
});
