/** Lays out the pipeline: the turns that a run has, will have and may have, in order. Pure. */
import type {
  CheckSnapshot,
  GateSnapshot,
  GraphStage,
  GraphStep,
  RunGraph,
  RunStatus,
  TurnSnapshot,
  Verdict,
} from '../../contract';
import { readVerdict } from '../../answers/verdict';
import type { TurnStage } from '../../contract/shapes';
import { readTurnState, type TurnState } from './turn-state';

/** The properties of a turn that the graph shows. */
interface Turn {
  snapshot: TurnSnapshot;
  startedAt?: number;
}

/** `rejected`: a person has decided against the text, which is no failure. */
export type NodeStatus = TurnState | 'ahead' | 'skipped' | 'unreached' | 'rejected';

export interface RunGraphNode {
  /** The turn's id, or a name if there is no turn yet. */
  turn: string;
  label: string;
  status: NodeStatus;
  model: string;
  /** The id of the turn's first try; the tries of a turn follow each other. */
  retryOf?: string;
}

export interface RunGraphStage {
  /** The id of the stage; empty for a run of one swarm. */
  name: string;
  title: string;
  status: NodeStatus;
  /** Nodes of one column run concurrently. */
  columns: RunGraphNode[][];
  verdict?: Verdict;
}

export interface RunGraphInput {
  /** The graph from the run's first event, or that of its swarm if the event is no longer available. */
  graph: RunGraph | undefined;
  status: RunStatus | null;
  turns: readonly Turn[];
  gates?: readonly GateSnapshot[];
  checks?: readonly CheckSnapshot[];
}

export function drawRunGraph({ graph, status, turns, gates = [], checks = [] }: RunGraphInput): RunGraphStage[] {
  const unspoken = statusOfUnspoken(status);
  return listStages(graph, turns).map(({ id, title, plan }) => {
    const own = turns.filter(({ snapshot }) => (snapshot.place.stage?.id ?? '') === id);
    const asked = gates.filter((gate) => findStage(gate, turns) === id).map(decision);
    const toAsk = plan?.asks_approval && asked.length === 0 ? [ahead(`${id} decision`, YOUR_DECISION, unspoken)] : [];
    const spoken = layOutColumns(plan, own, unspoken);
    const columns = [
      ...spoken.map((column) => withChecks(column, checks)),
      ...[...asked, ...toAsk].map((node) => [node]),
    ];
    const verdict = plan?.gives_verdict && readStageVerdict(plan, own);
    return { name: id, title, status: together(columns.flat()), columns, ...(verdict ? { verdict } : {}) };
  });
}

/** The state of a turn that never started, derived from that of its run. */
function statusOfUnspoken(status: RunStatus | null): NodeStatus {
  if (status === null || status === 'running') return 'ahead';
  return status === 'completed' ? 'skipped' : 'unreached';
}

/** The stage of the turn that a gate is about; without one, the stage whose turn was the last to start before the question. */
function findStage({ about, opened_at }: GateSnapshot, turns: readonly Turn[]): string {
  const turn = about
    ? turns.find(({ snapshot }) => snapshot.turn === about)
    : turns.findLast(({ startedAt = 0 }) => startedAt <= opened_at);
  return turn?.snapshot.place.stage?.id ?? '';
}

const YOUR_DECISION = 'Your decision';
const DECISIONS = { open: 'waiting', approved: 'completed', rejected: 'rejected' } as const;

/** A person's decision as a separate node. */
function decision({ about, gate, status }: GateSnapshot): RunGraphNode {
  const label = about ? YOUR_DECISION : 'Cost approval';
  return { turn: about ?? gate, label, status: DECISIONS[status], model: status === 'approved' ? status : '' };
}

const EXECUTIONS = { running: 'running', passed: 'completed', failed: 'failed' } as const;

/** Adds the results of executed code below each turn. */
function withChecks(column: RunGraphNode[], checks: readonly CheckSnapshot[]): RunGraphNode[] {
  return column.flatMap((node) => {
    const check = checks.find(({ about }) => about === node.turn);
    return check ? [node, executed(check)] : [node];
  });
}

function executed({ about, status, executed: ran, passed = 0, failed = 0 }: CheckSnapshot): RunGraphNode {
  if (ran === false) return { turn: about, label: 'Not executed', status: 'skipped', model: '' };
  const model = status === 'running' ? '' : `${passed} of ${passed + failed} passed`;
  return { turn: about, label: 'Execution', status: EXECUTIONS[status], model };
}

/** The display name of a stage. */
export function writeStageTitle(stage: TurnStage | null, graph: RunGraph | undefined): string {
  if (!stage) return '';
  const title = findPlan(graph, stage)?.title ?? stage.plan;
  return stage.round > 1 ? `${title}, round ${stage.round}` : title;
}

/** The display name of a role. */
export function findRoleLabel(graph: RunGraph | undefined, stage: TurnStage | null, role: string): string {
  return findLabel(findPlan(graph, stage), role);
}

/** The number of roles of a stage that speak in any case. */
export function countPlannedRoles(stage: TurnStage | null, graph: RunGraph | undefined): number {
  const steps = findPlan(graph, stage)?.steps ?? [];
  return new Set(steps.flatMap(({ roles, rounds }) => (rounds?.least === 0 ? [] : roles))).size;
}

const findPlan = (graph: RunGraph | undefined, stage: TurnStage | null): GraphStage | undefined =>
  graph?.stages.find(({ id }) => id === (stage?.plan ?? null));

/** The display name of the step that a fork names: a turn or a stage. */
export function writeStepTitle(
  step: string,
  turns: readonly Pick<TurnSnapshot, 'turn' | 'label' | 'place'>[],
  graph: RunGraph | undefined,
): string {
  // the fork of a later try has only the first one
  const turn = turns.find((one) => one.turn === step) ?? turns.find((one) => step.startsWith(`${one.turn}~`));
  if (turn) return turn.label;
  const within = turns.find(({ place }) => place.stage?.id === step);
  return within ? writeStageTitle(within.place.stage, graph) : step;
}

interface DrawnStage {
  id: string;
  title: string;
  plan: GraphStage | undefined;
}

/** Stages that have started, in that order, then the remaining ones. */
function listStages(graph: RunGraph | undefined, turns: readonly Turn[]): DrawnStage[] {
  const planned = graph?.stages ?? [];
  const begun = new Map<string, DrawnStage>();
  for (const { snapshot } of turns) {
    const { stage } = snapshot.place;
    const id = stage?.id ?? '';
    if (!begun.has(id)) begun.set(id, { id, title: writeStageTitle(stage, graph), plan: findPlan(graph, stage) });
  }
  const seen = new Set([...begun.values()].map(({ plan }) => plan));
  const ahead = planned.filter((plan) => !seen.has(plan));
  const stages = [...begun.values(), ...ahead.map((plan) => ({ id: plan.id ?? '', title: plan.title, plan }))];
  return stages.length > 0 ? stages : [{ id: '', title: '', plan: undefined }];
}

/** One column for each round of each step; turns of steps that are not in the graph come last. */
function layOutColumns(plan: GraphStage | undefined, turns: Turn[], unspoken: NodeStatus): RunGraphNode[][] {
  const steps = plan?.steps ?? [];
  const listed = steps.flatMap((step) => layOutStep(step, plan, turns, unspoken));
  const others = turns.filter(({ snapshot }) => steps.every(({ step }) => step !== snapshot.place.step));
  return [...listed, others.map(spoken)].filter(({ length }) => length > 0);
}

function layOutStep(
  { step, roles, rounds }: GraphStep,
  plan: GraphStage | undefined,
  turns: Turn[],
  unspoken: NodeStatus,
): RunGraphNode[][] {
  const own = turns.filter(({ snapshot }) => snapshot.place.step === step);
  const least = rounds?.least ?? 1;
  const come = own.map(({ snapshot }) => snapshot.place.round ?? 1);
  const count = Math.max(least, ...come);
  return Array.from({ length: count }, (_, i) => {
    const inRound = own.filter(({ snapshot }) => (snapshot.place.round ?? 1) === i + 1);
    const place = ({ snapshot }: Turn) => roles.indexOf(snapshot.role);
    const nodes = [...inRound].sort((a, b) => place(a) - place(b)).map(spoken);
    const missing = i < least ? roles.filter((role) => inRound.every(({ snapshot }) => snapshot.role !== role)) : [];
    return [...nodes, ...missing.map((role) => ahead(`${step} ${role}`, findLabel(plan, role), unspoken))];
  });
}

const findLabel = (plan: GraphStage | undefined, role: string) =>
  plan?.roles.find((one) => one.role === role)?.label ?? role;

function ahead(turn: string, label: string, status: NodeStatus): RunGraphNode {
  return { turn, label, model: '', status };
}

function spoken({ snapshot }: Turn): RunGraphNode {
  const { turn, label, model, place } = snapshot;
  return {
    turn,
    label,
    status: readTurnState(snapshot),
    model,
    ...(place.retry_of ? { retryOf: place.retry_of } : {}),
  };
}

/** The verdict of the stage's last step. */
function readStageVerdict({ steps }: GraphStage, turns: Turn[]): Verdict | undefined {
  const last = turns.findLast(({ snapshot }) => snapshot.place.step === steps.at(-1)?.step);
  return last?.snapshot.status === 'completed' ? readVerdict(last.snapshot.text) : undefined;
}

function together(nodes: RunGraphNode[]): NodeStatus {
  const has = (status: NodeStatus) => nodes.some((node) => node.status === status);
  if (has('running')) return 'running';
  if (has('waiting')) return 'waiting';
  if (nodes.every(({ status }) => status === 'skipped')) return 'skipped';
  if (nodes.every(({ status }) => status === 'skipped' || status === 'unreached')) return 'unreached';
  if (nodes.every(({ status }) => status === 'ahead' || status === 'skipped')) return 'ahead';
  if (has('ahead')) return 'running';
  if (has('completed')) return 'completed';
  return has('failed') || !has('cancelled') ? 'failed' : 'cancelled';
}
