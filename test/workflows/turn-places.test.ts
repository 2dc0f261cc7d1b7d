/** Places of turns in the fields of every pattern and composition, including interruptions, repaired data and forks. */
import type { RunResult, SwarmRunInput, TurnRequest } from '../../src/contract';
import type { TurnPlace } from '../../src/contract/shapes';
import { nameFirstTry } from '../../src/contract/turn-names';
import { until } from '../support/stack';
import { ownSwarm } from '../support/own-swarms';
import {
  coordinateInput,
  createHarness,
  multiInput,
  ownInput,
  report,
  swarmInput,
  type Harness,
} from '../support/workflows';

let harness: Harness;
beforeAll(async () => {
  harness = await createHarness();
});
afterAll(() => harness.stop());
beforeEach(() => {
  harness.asked.length = 0;
  harness.script = ({ turn }) => `text of ${turn}`;
  harness.execution = () => report([{}]);
});

/** Each turn as `step`, with round, try and yield if they are not the defaults. */
function write({ step, round, try: attempt, yields }: TurnPlace): string {
  return [
    step,
    round === undefined ? '' : ` ${round}`,
    attempt === 1 ? '' : `, try ${attempt}`,
    yields ? ` (${yields})` : '',
  ].join('');
}

async function listPlaces(input: SwarmRunInput): Promise<Record<string, string>> {
  const { turns } = await harness.run(input);
  return Object.fromEntries(turns.map(({ turn, place }) => [turn, write(place)]));
}

const listStages = ({ turns }: RunResult) =>
  Object.fromEntries(turns.map(({ place: { stage } }) => [stage?.id ?? '', stage]));

describe('a run of one swarm', () => {
  test('single', async () => {
    expect(await listPlaces(ownInput(ownSwarm('translator')))).toEqual({ answer: 'answer' });
  });

  test('strategic, with repaired data', async () => {
    const input = { ...swarmInput('strategic-swarm'), reviews_as_data: true };
    expect(await listPlaces(input)).toEqual({
      draft: 'draft',
      critique: 'critique',
      plan: 'plan',
      'plan-mended': 'plan-mended',
      critic: 'critic 1 (data)',
      'critic-repair': 'critic 2 (data)',
    });
  });

  test('coding', async () => {
    const { swarm, ...input } = swarmInput('coding-swarm');
    const places = await listPlaces({ ...input, swarm: { ...swarm, pattern: 'coding' } });
    expect(places).toEqual({ draft: 'draft', review: 'review', revision: 'revision' });
  });

  test('build, with repaired drafts', async () => {
    harness.execution = ({ turn }) => (turn === 'repair-2' ? report([{}]) : report([{ passed: false, error: 'no' }]));
    const places = await listPlaces(swarmInput('coding-swarm'));
    const { draft, review, ...repairs } = places;
    expect({ draft, review }).toEqual({ draft: 'draft (draft)', review: 'review' });
    expect(new Set(Object.values(repairs))).toEqual(new Set(['repair 1 (draft)', 'repair 2 (draft)']));
    expect(places).toMatchObject({ 'repair-1': 'repair 1 (draft)', 'repair-2': 'repair 2 (draft)' });
  });

  test('build, with several drafts', async () => {
    harness.comparison = (turns) => ({ calls: 0, support: turns.map(() => 0), agreeing: turns.map(() => 1) });
    const { swarm, ...input } = swarmInput('coding-swarm');
    const places = await listPlaces({ ...input, swarm: { ...swarm, build: { drafts: 2 } } });
    expect(places).toMatchObject({ draft: 'draft (draft)', 'draft-2': 'draft (draft)', review: 'review' });
  });

  test('debate, with two rounds', async () => {
    expect(await listPlaces(swarmInput('debate-swarm'))).toMatchObject({
      optimistic: 'respond 1',
      cautious: 'respond 1',
      balanced: 'respond 1',
      'optimistic-2': 'respond 2',
      'cautious-2': 'respond 2',
      'balanced-2': 'respond 2',
      summary: 'summary',
      judge: 'judge 1 (data)',
      'judge-repair': 'judge 2 (data)',
    });
  });

  test('panel', async () => {
    const places = await listPlaces(ownInput(ownSwarm('jury')));
    expect(places).toMatchObject({ chair: 'conclusion' });
    expect(Object.values(places).filter((place) => place === 'answer')).toHaveLength(Object.keys(places).length - 1);
  });
});

describe('a run of several swarms', () => {
  test('coordinate: a repeated stage keeps its plan and counts its rounds', async () => {
    harness.script = ({ turn }) =>
      turn === 'review/summary' ? 'VERDICT: REVISE' : turn === 'review-2/summary' ? 'VERDICT: PASS' : `text of ${turn}`;
    const stages = listStages(await harness.run(coordinateInput()));
    expect(stages).toEqual({
      plan: { id: 'plan', plan: 'plan', round: 1 },
      implement: { id: 'implement', plan: 'implement', round: 1 },
      review: { id: 'review', plan: 'review', round: 1 },
      'implement-2': { id: 'implement-2', plan: 'implement', round: 2 },
      'review-2': { id: 'review-2', plan: 'review', round: 2 },
    });
  });

  test.each(['parallel', 'sequential', 'consensus'] as const)('%s', async (strategy) => {
    const result = await harness.run(multiInput(['strategic-swarm', 'coding-swarm'], strategy));
    const names = ['strategic-swarm', 'coding-swarm', ...(strategy === 'consensus' ? ['consensus'] : [])];
    expect(listStages(result)).toEqual(Object.fromEntries(names.map((id) => [id, { id, plan: id, round: 1 }])));
    expect(result.stages?.map(({ within }) => within)).toEqual(names.map(() => undefined));
  });

  test('nested stages name the stages that contain them', async () => {
    const inner = { ...ownSwarm('cookbook'), id: 'inner', stages: [{ name: 'b', swarm: 'translator' }] };
    const outer = { ...inner, id: 'outer', stages: [{ name: 'a', swarm: 'inner' }] };
    const result = await harness.run(ownInput(outer, [inner, ownSwarm('translator')]));
    expect(listStages(result)).toEqual({ 'a/b': { id: 'a/b', plan: 'a/b', round: 1, within: ['a'] } });
    expect(result.stages).toMatchObject([
      { stage: 'a/b', within: ['a'] },
      { stage: 'a', answer: 'a/b/answer' },
    ]);
    expect(result.turns.map(({ turn }) => turn)).toEqual(['a/b/answer']);
  });
});

test('a turn that restarts after guidance is published as the next try of the first', async () => {
  let release = () => undefined as void;
  const held = new Promise<void>((resolve) => (release = resolve));
  harness.script = async ({ turn }: TurnRequest) => {
    if (turn === 'draft') await held;
    return `text of ${turn}`;
  };
  const input = swarmInput('strategic-swarm');
  const handle = await harness.start(input);
  await until(() => harness.asked.some(({ turn }) => turn === 'draft'));
  const text = { content: 'Be brief.', interrupt: true };
  await harness.handle(input.run_id).executeUpdate<unknown, [object]>('message', { args: [text], updateId: 'm' });
  release();
  const { turns, failures } = (await handle.result()) as RunResult;
  const tries = [...failures, ...turns].filter((turn) => nameFirstTry(turn) === 'draft');
  expect(tries.map(({ turn, place }) => [turn, write(place), place.retry_of])).toEqual(
    expect.arrayContaining([['draft~2', 'draft, try 2', 'draft']]),
  );
  expect(tries).toHaveLength(2);
});
