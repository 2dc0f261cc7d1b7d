/** The graph of a run: as patterns declare it, as the API describes it, and as the dashboard draws it. */
import type { CheckSnapshot, GateSnapshot, RunGraph, SwarmDefinition, TurnSnapshot } from '../../src/contract';
import { COORDINATION, severalSwarms } from '../../src/contract/compositions';
import { runGraph } from '../../src/contract/graph';
import { MULTI } from '../../src/contract/names';
import type { TurnPlace } from '../../src/contract/shapes';
import { findSwarm, SWARMS } from '../../src/contract/swarms';
import { drawRunGraph, findRoleLabel, writeStepTitle } from '../../src/dashboard/state/run-graph';
import { PATTERN_NAMES, PATTERNS } from '../../src/workflows/registry';
import { makeRunGraph } from '../../src/workflows/run-graph';
import { PLACE } from '../support/events';

const readGraph = (definition: SwarmDefinition) => makeRunGraph(definition, findSwarm);
const ofSwarm = (id: string) => readGraph(findSwarm(id)!);
const nameSteps = (graph: RunGraph) => graph.stages.flatMap(({ steps }) => steps.map(({ step }) => step));

describe('what patterns declare', () => {
  test('each has a unique name', () => {
    expect(new Set(PATTERN_NAMES).size).toBe(PATTERN_NAMES.length);
    expect(PATTERN_NAMES).toEqual(expect.arrayContaining(['build', 'debate', 'coordinate', 'pipeline']));
  });

  test.each(PATTERNS.map((pattern) => [pattern.name, pattern] as const))(
    'the steps of %s belong to roles of every swarm with that pattern',
    (name, pattern) => {
      const names = [...(pattern.roles.needed ?? []), 'one', 'two', 'three'];
      const role = { label: 'Role', system: 'Speak.', temperature: 1, max_tokens: 10 };
      const roles = Object.fromEntries(names.map((one) => [one, role]));
      const definition = { id: 'own', name: 'Own', description: '', pattern: name, roles };
      const steps = pattern.listSteps(definition);
      expect(steps.length).toBeGreaterThan(0);
      expect(new Set(steps.map(({ step }) => step)).size).toBe(steps.length);
      for (const step of steps) {
        expect(step.roles.length).toBeGreaterThan(0);
        expect(names).toEqual(expect.arrayContaining(step.roles));
      }
      expect(runGraph.parse(JSON.parse(JSON.stringify(readGraph(definition))))).toEqual(readGraph(definition));
    },
  );

  test('options shape the graph', () => {
    const debate = findSwarm('debate-swarm')!;
    expect(readGraph(debate).stages[0]?.steps[0]).toEqual({
      step: 'respond',
      roles: ['optimistic', 'cautious', 'balanced'],
      rounds: { least: 1, most: 2 },
    });
    expect(readGraph({ ...debate, debate: { rounds: 5 } }).stages[0]?.steps[0]?.rounds?.most).toBe(5);
  });

  test('stages have the steps of their swarms, also when nested', () => {
    expect(
      readGraph(COORDINATION).stages.map(({ id, title, swarm_id, gives_verdict }) => [
        id,
        title,
        swarm_id,
        gives_verdict,
      ]),
    ).toEqual([
      ['plan', 'Plan', 'strategic-swarm', undefined],
      ['implement', 'Implement', 'coding-swarm', undefined],
      ['review', 'Review', 'debate-swarm', true],
    ]);
    const asked = makeRunGraph(COORDINATION, findSwarm, { approve_plan: true });
    expect(asked.stages.map(({ asks_approval }) => asks_approval)).toEqual([true, undefined, undefined]);
    const nested = { ...COORDINATION, id: 'outer', pattern: 'pipeline', stages: [{ name: 'a', swarm: 'inner' }] };
    const inner = { ...nested, id: 'inner', stages: [{ name: 'b', swarm: 'debate-swarm' }] };
    const graph = makeRunGraph(nested, (id) => (id === 'inner' ? inner : findSwarm(id)));
    expect(graph.stages.map(({ id }) => id)).toEqual(['a/b']);
    expect(nameSteps(graph)).toEqual(['respond', 'summary']);
    const several = severalSwarms([{ name: 'x', swarm: 'debate-swarm' }], 'parallel');
    expect([several.id, readGraph(several).stages.map(({ id }) => id)]).toEqual([MULTI, ['x']]);
  });
});

/** A turn, completed unless specified otherwise. */
function turn(
  id: string,
  role: string,
  place: Partial<TurnPlace>,
  more: Partial<TurnSnapshot> = {},
): { snapshot: TurnSnapshot } {
  const snapshot: TurnSnapshot = {
    ...{ turn: id, role, label: `${role}!`, place: { ...PLACE, ...place }, team_id: 't', status: 'completed' },
    ...{ model: 'm', gateway: 'g', text: '', attempts: 1, next_index: 1 },
    ...more,
  };
  return { snapshot };
}

const draw = (
  graph: RunGraph | undefined,
  turns: { snapshot: TurnSnapshot }[],
  status: 'running' | 'completed' = 'running',
  checks: CheckSnapshot[] = [],
) => drawRunGraph({ graph, status, turns, checks });
const listColumns = (...given: Parameters<typeof draw>) =>
  draw(...given).map(({ columns }) => columns.map((column) => column.map(({ label, status }) => `${label} ${status}`)));

describe('the graph of the dashboard contains', () => {
  test('future steps in the order of the graph, with concurrent ones in one column', () => {
    expect(listColumns(ofSwarm('debate-swarm'), [])).toEqual([
      [['Optimistic voice ahead', 'Cautious voice ahead', 'Balanced voice ahead'], ['Moderator ahead']],
    ]);
    expect(listColumns(ofSwarm('coding-swarm'), [])).toEqual([[['Coder ahead'], ['Code reviewer ahead']]]);
  });

  test('a column for each round, in the order of the roles, before the summarising step', () => {
    const turns = [
      turn('cautious', 'cautious', { step: 'respond', round: 1 }),
      turn('optimistic', 'optimistic', { step: 'respond', round: 1 }),
      turn('x', 'cautious', { step: 'respond', round: 2 }, { status: 'running' }),
    ];
    expect(listColumns(ofSwarm('debate-swarm'), turns)).toEqual([
      [
        ['optimistic! completed', 'cautious! completed', 'Balanced voice ahead'],
        ['cautious! running'],
        ['Moderator ahead'],
      ],
    ]);
  });

  test('optional rounds with all their turns and the results of executing them', () => {
    const turns = [
      turn('draft', 'coder', { step: 'draft', yields: 'draft' }),
      turn('any-name', 'second_coder', { step: 'repair', round: 1, yields: 'draft' }),
      turn('another', 'coder', { step: 'repair', round: 1, yields: 'draft' }),
    ];
    const checks: CheckSnapshot[] = [
      { about: 'draft', language: 'python', status: 'failed', started_at: 1, passed: 1, failed: 1 },
    ];
    expect(listColumns(ofSwarm('coding-swarm'), turns, 'running', checks)).toEqual([
      [
        ['coder! completed', 'Execution failed'],
        ['coder! completed', 'second_coder! completed'],
        ['Code reviewer ahead'],
      ],
    ]);
  });

  test('turns of unlisted steps at the end, and all turns if there is no graph', () => {
    const turns = [turn('a', 'x', { step: 'unheard-of' }), turn('answer', 'y', { step: 'answer' })];
    const graph = ofSwarm('strategic-swarm');
    expect(listColumns(graph, turns)[0]?.at(-1)).toEqual(['x! completed', 'y! completed']);
    expect(listColumns(undefined, turns)).toEqual([[['x! completed', 'y! completed']]]);
  });

  test('unneeded steps of a completed run as skipped', () => {
    expect(
      listColumns(ofSwarm('strategic-swarm'), [turn('draft', 'strategist', { step: 'draft' })], 'completed'),
    ).toEqual([[['strategist! completed'], ['Plan critic skipped'], ['Strategist skipped']]]);
  });

  const stage = (id: string, plan: string, round: number) => ({ stage: { id, plan, round } });

  test('stages by their plan: first those that have started, each round in order, then future ones', () => {
    const turns = [
      turn('plan/plan', 'strategist', { ...stage('plan', 'plan', 1), step: 'plan' }),
      turn(
        'review/summary',
        'moderator',
        { ...stage('review', 'review', 1), step: 'summary' },
        { text: 'VERDICT: REVISE' },
      ),
      turn(
        'implement-2/draft',
        'coder',
        { ...stage('implement-2', 'implement', 2), step: 'draft' },
        { status: 'running' },
      ),
    ];
    const stages = draw(readGraph(COORDINATION), turns);
    expect(stages.map(({ name, title, verdict }) => [name, title, verdict])).toEqual([
      ['plan', 'Plan', undefined],
      ['review', 'Review', 'revise'],
      ['implement-2', 'Implement, round 2', undefined],
    ]);
    expect(draw(readGraph(COORDINATION), turns.slice(0, 1)).map(({ title, status }) => [title, status])).toEqual([
      ['Plan', 'running'],
      ['Implement', 'ahead'],
      ['Review', 'ahead'],
    ]);
  });

  test('the decision of a person before the run asks for it, so that later stages do not move', () => {
    const graph = makeRunGraph(COORDINATION, findSwarm, { approve_plan: true });
    const turns = [turn('plan/plan', 'strategist', { ...stage('plan', 'plan', 1), step: 'plan' })];
    const gate = { gate: 'g', question: 'Approve?', about: 'plan/plan', status: 'open', opened_at: 1 } as const;
    const listDecisions = (gates: GateSnapshot[]) =>
      drawRunGraph({ graph, status: 'running', turns, gates })[0]!
        .columns.map((column) => column.map(readNode))
        .slice(-1);
    const readNode = ({ label, status }: { label: string; status: string }) => `${label} ${status}`;
    expect(listDecisions([])).toEqual([['Your decision ahead']]);
    expect(listDecisions([gate])).toEqual([['Your decision waiting']]);
    expect(draw(readGraph(COORDINATION), turns)[0]!.columns.flat().map(readNode)).not.toContain('Your decision ahead');
  });

  test('names of roles, turns and stages from the graph, never ids', () => {
    const graph = readGraph(COORDINATION);
    const { snapshot } = turn('n', 'critic', { ...stage('plan-2', 'plan', 2), step: 'critique' });
    expect(findRoleLabel(graph, snapshot.place.stage, 'critic')).toBe('Plan critic');
    expect(findRoleLabel(undefined, null, 'critic')).toBe('critic');
    expect(['n', 'n~2', 'plan-2', 'plan-7'].map((step) => writeStepTitle(step, [snapshot], graph))).toEqual([
      'critic!',
      'critic!',
      'Plan, round 2',
      'plan-7',
    ]);
  });
});

test('every built-in swarm has a graph', () => {
  for (const swarm of [...SWARMS, COORDINATION]) expect(nameSteps(readGraph(swarm)).length).toBeGreaterThan(0);
});
