/**
 * The state of a run as shown to people: what it is doing, or how it ended. The API, the dashboard and the terminal all use this, so that
 * each state has one name. Pure.
 */
import type { ChecksSummary } from '../contract/checks';
import type { FailureCode } from '../contract/failures';
import type { RunState } from '../contract/names';
import type { RunStatus } from '../contract/runs';
import type { RunSnapshot } from '../contract/snapshots';

/** `attention`: a person is needed. `caution`: an answer whose code does not work, or a wait. */
type Tone = 'active' | 'attention' | 'caution' | 'good' | 'bad' | 'neutral';

interface StateRow {
  name: string;
  tone: Tone;
}

/** The name and the tone of each state. */
export const STATE_NAMES: Readonly<Record<RunState, StateRow>> = {
  queued: { name: 'Queued', tone: 'neutral' },
  starting: { name: 'Starting', tone: 'active' },
  running: { name: 'Running', tone: 'active' },
  waiting: { name: 'Waiting', tone: 'caution' },
  needs_approval: { name: 'Needs approval', tone: 'attention' },
  paused: { name: 'Paused', tone: 'caution' },
  no_worker: { name: 'No worker is running', tone: 'bad' },
  completed: { name: 'Completed', tone: 'good' },
  checks_passed: { name: 'Completed, all checks passed', tone: 'good' },
  checks_failed: { name: 'Completed, checks failed', tone: 'caution' },
  not_executed: { name: 'Completed, code not executed', tone: 'caution' },
  failed: { name: 'Failed', tone: 'bad' },
  cancelled: { name: 'Cancelled', tone: 'neutral' },
};

/** What the state is derived from. */
export interface RunFacts {
  /** Null before the first event. */
  status: RunStatus | null;
  /** The runs of its session that it waits for. */
  queuedBehind: number;
  /** Turns whose model is called now. */
  running: number;
  /** Turns that wait without a call, with the reason and the end of the wait (Unix epoch, milliseconds). */
  waiting: readonly { reason: FailureCode; until: number }[];
  /** Whether any turn has begun. */
  hasTurns: boolean;
  /** Whether code is being executed. */
  executes: boolean;
  openGates: number;
  paused: boolean;
  checks?: ChecksSummary | undefined;
  /** False if no worker is running; undefined if that is not known. */
  hasWorker?: boolean | undefined;
}

/** The first state whose condition holds is that of the run; the conditions are in order of precedence. */
const CONDITIONS: readonly (readonly [RunState, (facts: RunFacts) => boolean])[] = [
  ['failed', ({ status }) => status === 'failed'],
  ['cancelled', ({ status }) => status === 'cancelled'],
  ['not_executed', (facts) => answered(facts)?.executed === false],
  ['checks_failed', (facts) => isFaulty(answered(facts))],
  ['checks_passed', (facts) => answered(facts)?.tested === true],
  ['completed', ({ status }) => status === 'completed'],
  ['needs_approval', ({ openGates }) => openGates > 0],
  ['no_worker', ({ hasWorker }) => hasWorker === false],
  ['queued', ({ queuedBehind, hasTurns }) => queuedBehind > 0 && !hasTurns],
  ['paused', ({ paused }) => paused],
  ['running', ({ running, executes }) => running > 0 || executes],
  ['waiting', ({ waiting }) => waiting.length > 0],
  ['starting', ({ hasTurns }) => !hasTurns],
  ['running', () => true],
];

export interface DescribedState {
  state: RunState;
  /** The state in words, with its numbers: `Queued behind 2 runs`, `Completed, 1 of 10 checks failed`. */
  label: string;
  tone: Tone;
  /** When the earliest waiting turn continues, in the state `waiting` (Unix epoch, milliseconds). */
  until?: number;
}

export function describeState(facts: RunFacts): DescribedState {
  const [state] = CONDITIONS.find(([, applies]) => applies(facts))!;
  const { tone } = STATE_NAMES[state];
  const described = { state, label: writeLabel(state, facts), tone };
  return state === 'waiting' ? { ...described, until: findNextWait(facts).until } : described;
}

/** The facts that a run's events tell. Only a reader that knows the workers can tell whether one is running. */
export function readFacts(run: RunSnapshot, hasWorker?: boolean): RunFacts {
  const { status, turns, gates, checks, queued_behind: behind = [] } = run;
  return {
    status,
    queuedBehind: behind.length,
    running: turns.filter((turn) => turn.status === 'running').length,
    waiting: turns.flatMap(({ waiting }) => waiting ?? []),
    hasTurns: turns.length > 0,
    executes: checks.some((check) => check.status === 'running'),
    openGates: gates.filter((gate) => gate.status === 'open').length,
    paused: run.paused,
    checks: run.checks_summary,
    hasWorker,
  };
}

/** The facts of a run of which only its status is known, and its checks if it has ended. */
export function makeFacts(status: RunStatus, checks: ChecksSummary | null = null): RunFacts {
  const nothing = { queuedBehind: 0, running: 0, waiting: [], executes: false, openGates: 0, paused: false };
  return { status, ...nothing, hasTurns: true, ...(checks ? { checks } : {}) };
}

function answered({ status, checks }: RunFacts): ChecksSummary | undefined {
  return status === 'completed' ? checks : undefined;
}

function isFaulty(checks: ChecksSummary | undefined): boolean {
  return checks !== undefined && (!checks.passed || checks.failed > 0);
}

/** States whose label has numbers. */
const LABELS: Partial<Record<RunState, (facts: RunFacts, name: string) => string>> = {
  queued: ({ queuedBehind }, name) => `${name} behind ${count(queuedBehind, 'run')}`,
  waiting: (facts, name) => `${name} (${nameWait(findNextWait(facts).reason)})`,
  paused: ({ running }, name) => (running > 0 ? `${name} (finishing ${count(running, 'turn')})` : name),
  checks_failed: ({ checks }, name) => writeFailedChecks(checks) ?? name,
};

function writeLabel(state: RunState, facts: RunFacts): string {
  const { name } = STATE_NAMES[state];
  return LABELS[state]?.(facts, name) ?? name;
}

function writeFailedChecks(checks: ChecksSummary | undefined): string | undefined {
  if (checks && checks.failed > 0) return `Completed, ${checks.failed} of ${count(checks.total, 'check')} failed`;
  return checks?.killed ? `Completed, code stopped at its limit of ${checks.killed}` : undefined;
}

/** The wait that ends first; the run continues then. */
function findNextWait({ waiting }: RunFacts): RunFacts['waiting'][number] {
  return waiting.reduce((first, other) => (other.until < first.until ? other : first));
}

const WAITS: Partial<Record<FailureCode, string>> = {
  RATE_LIMITED: 'rate limited',
  BUDGET_EXHAUSTED: 'other calls hold the budget',
  GATEWAY_UNAVAILABLE: 'gateway unavailable',
};

/** A wait in a few words. */
function nameWait(reason: FailureCode): string {
  return WAITS[reason] ?? reason.toLowerCase().replace(/_/g, ' ');
}

const count = (n: number, one: string): string => `${n} ${n === 1 ? one : `${one}s`}`;
