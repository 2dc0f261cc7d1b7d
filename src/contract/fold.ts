/** Folds a run's events into what a person would see: the state of the run and the text of each turn. Pure. */
import type { Failure } from './failures';
import type { RunEvent } from './events';
import { foldCheck, type CheckEvent, type CheckSnapshot } from './fold-checks';
import { foldGate, type GateSnapshot } from './fold-gates';
import type { RunStatus } from './runs';
import type { Usage } from './turns';

/** One turn as far as its events tell. */
export interface TurnSnapshot {
  turn: string;
  role: string;
  label: string;
  team_id: string;
  status: 'running' | 'waiting' | 'completed' | 'failed';
  model: string;
  gateway: string;
  text: string;
  attempts: number;
  usage?: Usage;
  cost_usd?: number | null;
  duration_ms?: number;
  /** The run from which the result was taken over, without a call. */
  reused_from?: string;
  failure?: Failure;
  /** The index that the turn's next event must have. */
  next_index: number;
}

/** Guidance that a person gave while the run was under way. */
export interface GuidanceSnapshot {
  number: number;
  content: string;
  at: number;
}

/** A run as far as its events tell; `null` status before `run.started`. */
export interface RunSnapshot {
  status: RunStatus | null;
  swarm_id?: string;
  message?: string;
  /** The runs of its session that it waits for, until its first turn begins. */
  queued_behind?: string[];
  started_at?: number;
  ended_at?: number;
  turns: TurnSnapshot[];
  answers: string[];
  failure?: Failure;
  /** What the whole run has used, from its last event. */
  usage?: Usage;
  cost_usd?: number | null;
  /** Whether a person holds back new turns. */
  paused: boolean;
  /** The number of the last pause; 0 when there was none. */
  pauses: number;
  gates: GateSnapshot[];
  guidance: GuidanceSnapshot[];
  checks: CheckSnapshot[];
}

/** A run of which nothing has been heard yet. */
export function emptySnapshot(): RunSnapshot {
  return { status: null, turns: [], answers: [], paused: false, pauses: 0, gates: [], guidance: [], checks: [] };
}

/** Adds one event to a snapshot, in place. An event that was already folded changes nothing; a gap throws. */
export function foldEvent(run: RunSnapshot, event: RunEvent): void {
  switch (event.type) {
    case 'run.started':
    case 'run.queued':
      return foldBeginning(run, event);
    case 'run.completed':
    case 'run.failed':
    case 'run.cancelled':
      if (!run.ended_at) foldEnd(run, event);
      return;
    default:
      foldWithin(run, event);
  }
}

type End = Extract<RunEvent, { type: 'run.completed' | 'run.failed' | 'run.cancelled' }>;

function foldEnd(run: RunSnapshot, event: End): void {
  const { usage, cost_usd, at: ended_at } = event;
  if (event.type === 'run.completed') {
    Object.assign(run, { status: 'completed', answers: event.answers, usage, cost_usd, ended_at });
    endOpenTurns(run, { code: 'CUT_OFF', message: 'The run ended without it.' });
  } else {
    const failure = { code: event.code, message: event.message };
    const status = event.type === 'run.failed' ? 'failed' : 'cancelled';
    Object.assign(run, { status, failure, usage, cost_usd, ended_at });
    endOpenTurns(run, failure);
  }
}

/** After a run's last event no turn speaks: one that could not say how it ended, because its worker was gone, ended with the run. */
function endOpenTurns(run: RunSnapshot, failure: Failure): void {
  for (const turn of run.turns) {
    if (turn.status !== 'completed' && turn.status !== 'failed') Object.assign(turn, { status: 'failed', failure });
  }
}

function foldWithin(run: RunSnapshot, event: Exclude<RunEvent, Beginning | End>): void {
  if ('turn' in event) foldTurnEvent(run, event);
  else if (isCheck(event)) run.checks = foldCheck(run.checks, event);
  else foldSteering(run, event);
}

function isCheck(event: RunEvent): event is CheckEvent {
  return event.type.startsWith('check.');
}

type Beginning = Extract<RunEvent, { type: 'run.started' | 'run.queued' }>;

function foldBeginning(run: RunSnapshot, event: Beginning): void {
  if (event.type === 'run.queued') {
    if (run.turns.length === 0) run.queued_behind = event.behind;
  } else if (!run.status) {
    Object.assign(run, { status: 'running', swarm_id: event.swarm_id, message: event.message, started_at: event.at });
  }
}

type SteeringEvent = Extract<RunEvent, { type: `gate.${string}` | 'message.injected' | 'run.paused' | 'run.resumed' }>;

/** What people did with the run. */
function foldSteering(run: RunSnapshot, event: SteeringEvent): void {
  switch (event.type) {
    case 'message.injected': {
      const { number, guidance: content, at } = event;
      if (run.guidance.some((known) => known.number === number)) return;
      run.guidance = [...run.guidance, { number, content, at }];
      return;
    }
    case 'run.paused':
      if (event.number > run.pauses) Object.assign(run, { paused: true, pauses: event.number });
      return;
    case 'run.resumed':
      if (event.number === run.pauses) run.paused = false;
      return;
    default:
      run.gates = foldGate(run.gates, event);
  }
}

function foldTurnEvent(run: RunSnapshot, event: Extract<RunEvent, { turn: string }>): void {
  const known = run.turns.find(({ turn: id }) => id === event.turn);
  const turn = known ?? newTurn(event);
  if (event.index < turn.next_index) return;
  if (event.index > turn.next_index) {
    throw new Error(`Events ${turn.next_index} to ${event.index - 1} of turn ${event.turn} are missing.`);
  }
  applyToTurn(turn, event);
  if (!known) run.turns.push(turn);
  delete run.queued_behind;
}

type TurnEvent = Extract<RunEvent, { turn: string }>;
type TurnEventOf<T extends TurnEvent['type']> = Extract<TurnEvent, { type: T }>;

const running = { status: 'running' } as const;

/** What each event changes in its turn. */
const changes: { [T in TurnEvent['type']]: (event: TurnEventOf<T>, turn: TurnSnapshot) => Partial<TurnSnapshot> } = {
  'turn.started': ({ model, gateway }) => ({ ...running, model, gateway }),
  'turn.delta': ({ text, offset, index }, turn) => {
    if (offset === turn.text.length) return { ...running, text: turn.text + text };
    throw new Error(
      `Turn ${turn.turn} holds ${turn.text.length} units of text where event ${index} expects ${offset}.`,
    );
  },
  'turn.waiting': () => ({ status: 'waiting' }),
  'turn.rerouted': ({ to }) => ({ model: to }),
  'turn.resumed': ({ model }) => ({ ...running, model }),
  'turn.restarted': ({ model }) => ({ ...running, model, text: '' }),
  'turn.completed': ({ model, gateway, usage, cost_usd, duration_ms, reused_from }) => ({
    status: 'completed',
    model,
    gateway,
    usage,
    cost_usd,
    duration_ms,
    ...(reused_from ? { reused_from } : {}),
  }),
  'turn.failed': ({ code, message, usage, cost_usd }) => ({
    status: 'failed',
    failure: { code, message },
    ...(usage ? { usage } : {}),
    ...(cost_usd === undefined ? {} : { cost_usd }),
  }),
};

function applyToTurn<T extends TurnEvent['type']>(turn: TurnSnapshot, event: TurnEventOf<T>): void {
  const change = changes[event.type as T];
  Object.assign(turn, { attempts: event.epoch, next_index: event.index + 1 }, change(event, turn));
}

function newTurn(event: Extract<RunEvent, { turn: string }>): TurnSnapshot {
  return {
    turn: event.turn,
    role: event.role,
    label: event.label,
    team_id: event.team_id,
    status: 'running',
    model: '',
    gateway: '',
    text: '',
    attempts: event.epoch,
    next_index: 0,
  };
}
