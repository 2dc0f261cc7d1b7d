/** The pipeline as a picture: which turns a run has, will have and may have, in the order in which they follow each other. Pure. */
import type { CheckSnapshot, GateSnapshot, RunStatus, Verdict } from '../../contract';
import { CHAIR } from '../../contract/names';
import { readVerdict } from '../../contract/verdict';
import type { SwarmSummary } from './swarms';
import type { TurnView } from './turn-view';

export type NodeStatus = 'ahead' | 'running' | 'waiting' | 'completed' | 'failed' | 'skipped';

export interface PictureNode {
  /** The turn's id. */
  turn: string;
  label: string;
  status: NodeStatus;
  model: string;
}

export interface PictureStage {
  /** Prefix of its turns' ids; empty for a run of one swarm. */
  name: string;
  title: string;
  status: NodeStatus;
  /** Nodes of one column work at the same time. */
  columns: PictureNode[][];
  verdict?: Verdict;
}

interface Step {
  turn: string;
  role: string;
  /** Comes only when the review asks for it. */
  optional?: boolean;
}

/** What the patterns of `src/workflows/patterns` let follow each other; a debate's voices are its swarm's. */
const STEPS: Partial<Record<SwarmSummary['pattern'], Step[][]>> = {
  strategic: [
    [{ turn: 'draft', role: 'strategist' }],
    [{ turn: 'critique', role: 'critic' }],
    [{ turn: 'plan', role: 'strategist' }],
  ],
  build: [[{ turn: 'draft', role: 'coder' }], [{ turn: 'review', role: 'reviewer' }]],
  coding: [
    [{ turn: 'draft', role: 'coder' }],
    [{ turn: 'review', role: 'reviewer' }],
    [{ turn: 'revision', role: 'coder', optional: true }],
  ],
  single: [[{ turn: 'answer', role: '' }]],
};

const MODERATOR = 'moderator';
const TITLES: Record<string, string> = { plan: 'Plan', implement: 'Implement', review: 'Review', verify: 'Verify' };

export interface PictureInput {
  swarmId: string;
  status: RunStatus | null;
  turns: readonly TurnView[];
  swarms: readonly SwarmSummary[];
  gates?: readonly GateSnapshot[];
  checks?: readonly CheckSnapshot[];
}

export function pictureOf({ swarmId, status, turns, swarms, gates = [], checks = [] }: PictureInput): PictureStage[] {
  const over = status !== null && status !== 'running';
  return stagesOf(swarmId, turns, swarms).map(([name, swarm]) => {
    const said = turns.filter(({ snapshot }) => stageOf(snapshot.turn) === name);
    const asked = gates.filter(({ gate }) => name && gate === name).map((gate) => [decision(gate)]);
    const definition = swarms.find(({ id }) => id === swarm);
    const spoken = columnsOf(name, definition, said, over);
    const columns = [...spoken.map((column) => withChecks(column, checks)), ...asked];
    const verdict = verdictOf(name, said);
    return { name, title: titleOf(name), status: together(columns.flat()), columns, ...(verdict ? { verdict } : {}) };
  });
}

const DECISIONS = { open: 'waiting', approved: 'completed', rejected: 'failed' } as const;

/** A person's word as a node of its own. */
function decision({ about, gate, status }: GateSnapshot): PictureNode {
  return { turn: about ?? gate, label: 'Your decision', status: DECISIONS[status], model: status };
}

const EXECUTIONS = { running: 'running', passed: 'completed', failed: 'failed' } as const;

/** Below each turn what executing its code has shown. */
function withChecks(column: PictureNode[], checks: readonly CheckSnapshot[]): PictureNode[] {
  return column.flatMap((node) => {
    const check = checks.find(({ about }) => about === node.turn);
    return check ? [node, executed(check)] : [node];
  });
}

function executed({ about, status, executed: ran, passed = 0, failed = 0 }: CheckSnapshot): PictureNode {
  if (ran === false) return { turn: about, label: 'Not executed', status: 'skipped', model: '' };
  const model = status === 'running' ? '' : `${passed} of ${passed + failed} passed`;
  return { turn: about, label: 'Execution', status: EXECUTIONS[status], model };
}

/** The stage to which a turn belongs; empty in a run of one swarm. */
export function stageOf(turn: string): string {
  return turn.includes('/') ? turn.slice(0, turn.lastIndexOf('/')) : '';
}

/** `implement-2` is read as "Implement, round 2". */
export function titleOf(stage: string): string {
  const [, name = stage, round] = /^(.*?)(?:-(\d+))?$/.exec(stage) ?? [];
  const title = TITLES[name] ?? name;
  return round ? `${title}, round ${round}` : title;
}

/** Stages that have begun in that order, then those to come, each with its swarm. */
function stagesOf(
  swarmId: string,
  turns: readonly TurnView[],
  swarms: readonly SwarmSummary[],
): [stage: string, swarm: string][] {
  const planned = swarms.find(({ id }) => id === swarmId)?.stages ?? [];
  const begun = new Map(turns.map(({ snapshot }) => [stageOf(snapshot.turn), snapshot.team_id]));
  if (planned.length === 0 && [...begun.keys()].every((stage) => stage === '')) return [['', swarmId]];
  // an expired run knows no teams: the stage's name says which swarm it was
  for (const stage of begun.keys()) {
    const plan = planned.find(({ name }) => name === stage.replace(/-\d+$/, ''));
    if (plan) begun.set(stage, plan.swarm);
  }
  const ahead = planned.filter(({ name }) => !begun.has(name));
  return [...begun, ...ahead.map(({ name, swarm }) => [name, swarm] as [string, string])];
}

function stepsOf(swarm: SwarmSummary | undefined): Step[][] {
  if (swarm?.pattern === 'panel') return panelOf(swarm);
  if (swarm?.pattern !== 'debate') return (swarm && STEPS[swarm.pattern]) ?? [];
  const voices = swarm.roles.filter(({ role }) => role !== MODERATOR);
  return [voices.map(({ role }) => ({ turn: role, role })), [{ turn: 'summary', role: MODERATOR }]];
}

function panelOf({ roles }: SwarmSummary): Step[][] {
  const [chair, members] = [true, false].map((chairs) => roles.filter(({ role }) => (role === CHAIR) === chairs));
  return [members, chair].map((column = []) => column.map(({ role }) => ({ turn: role, role })));
}

function columnsOf(stage: string, swarm: SwarmSummary | undefined, said: TurnView[], over: boolean): PictureNode[][] {
  const drawn = new Set<string>();
  const columns = stepsOf(swarm).map((column) =>
    column.map((step) => {
      const turn = stage ? `${stage}/${step.turn}` : step.turn;
      drawn.add(turn);
      return nodeOf(turn, step, swarm, said, over);
    }),
  );
  const others = said.filter(({ snapshot }) => !drawn.has(snapshot.turn));
  const rounds = Map.groupBy(others, ({ snapshot }) => /-(\d+)(?:-\d+)?$/.exec(snapshot.turn)?.[1] ?? '');
  const [mended = [], ...answers] = [
    rounds.get(''),
    ...[...rounds].flatMap(([round, turns]) => (round ? [turns] : [])),
  ];
  // further rounds come before what sums them up or reviews them
  const last = swarm?.pattern === 'debate' || swarm?.pattern === 'build' ? columns.splice(-1) : [];
  const further = answers.map((turns) => turns.map(spoken));
  return [...columns, ...further, ...last, mended.map(spoken)].filter(({ length }) => length > 0);
}

function nodeOf(
  turn: string,
  step: Step,
  swarm: SwarmSummary | undefined,
  said: TurnView[],
  over: boolean,
): PictureNode {
  const view = said.find(({ snapshot }) => snapshot.turn === turn);
  if (view) return spoken(view);
  const role = swarm?.roles.find(({ role }) => role === step.role) ?? swarm?.roles[0];
  const passed =
    step.optional &&
    said.some(
      ({ snapshot, completed }) => completed && /review$/.test(snapshot.turn) && readVerdict(snapshot.text) === 'pass',
    );
  return { turn, label: role?.label ?? step.turn, model: '', status: over || passed ? 'skipped' : 'ahead' };
}

function spoken({ snapshot }: TurnView): PictureNode {
  const { turn, label, status, model } = snapshot;
  return { turn, label, status, model };
}

/** The verdict of the review that ends a round. */
function verdictOf(stage: string, said: TurnView[]): Verdict | undefined {
  if (!stage.startsWith('review')) return undefined;
  const summary = said.find(({ snapshot }) => snapshot.turn.endsWith('/summary'));
  return summary?.snapshot.status === 'completed' ? readVerdict(summary.snapshot.text) : undefined;
}

function together(nodes: PictureNode[]): NodeStatus {
  const has = (status: NodeStatus) => nodes.some((node) => node.status === status);
  if (has('running')) return 'running';
  if (has('waiting')) return 'waiting';
  if (nodes.every(({ status }) => status === 'skipped')) return 'skipped';
  if (nodes.every(({ status }) => status === 'ahead' || status === 'skipped')) return 'ahead';
  if (has('ahead')) return 'running';
  return has('completed') ? 'completed' : 'failed';
}
