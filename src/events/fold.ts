/** Folds a run's events into a snapshot: the state of the run and the text of each turn. Pure. */
import type { RunEvent } from '../contract/events';
import type { Failure } from '../contract/failures';
import type { CheckSnapshot, GateSnapshot, RunSnapshot, TurnSnapshot } from '../contract/snapshots';

/** The snapshot of a run without events. */
export function emptySnapshot(): RunSnapshot {
  return {
    status: null,
    turns: [],
    answers: [],
    paused: false,
    holds: [],
    pauses: 0,
    gates: [],
    guidance: [],
    checks: [],
  };
}

/** Adds one event to a snapshot, in place. A repeated event changes nothing; a gap throws. */
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
    if (event.checks_summary) run.checks_summary = event.checks_summary;
    endOpenTurns(run, { code: 'CUT_OFF', message: 'The run ended without it.' });
  } else {
    const failure = { code: event.code, message: event.message };
    const status = event.type === 'run.failed' ? 'failed' : 'cancelled';
    Object.assign(run, { status, failure, usage, cost_usd, ended_at });
    endOpenTurns(run, failure);
  }
}

/** Ends open turns with the run: a turn whose worker was gone could not report its own end. */
function endOpenTurns(run: RunSnapshot, failure: Failure): void {
  for (const turn of run.turns) {
    if (turn.status === 'completed' || turn.status === 'failed') continue;
    delete turn.waiting;
    Object.assign(turn, { status: 'failed', failure });
  }
}

function foldWithin(run: RunSnapshot, event: Exclude<RunEvent, Beginning | End>): void {
  if ('turn' in event) foldTurnEvent(run, event);
  else if (isCheck(event)) run.checks = foldCheck(run.checks, event);
  else foldSteering(run, event);
}

function isCheck(event: RunEvent): event is CheckEvent {
  return event.type === 'check.started' || event.type === 'check.passed' || event.type === 'check.failed';
}

type Beginning = Extract<RunEvent, { type: 'run.started' | 'run.queued' }>;

function foldBeginning(run: RunSnapshot, event: Beginning): void {
  if (event.type === 'run.queued') {
    if (run.turns.length === 0) run.queued_behind = event.behind;
  } else if (!run.status) {
    const { swarm_id, message, graph, forked_from, at: started_at } = event;
    const optional = { ...(graph ? { graph } : {}), ...(forked_from ? { forked_from } : {}) };
    Object.assign(run, { status: 'running', swarm_id, message, started_at, ...optional });
  }
}

type SteeringEvent = Extract<RunEvent, { type: `gate.${string}` | 'message.injected' | 'run.paused' | 'run.resumed' }>;

/** Folds steering events. */
function foldSteering(run: RunSnapshot, event: SteeringEvent): void {
  switch (event.type) {
    case 'message.injected':
      run.guidance = foldGuidance(run.guidance, event);
      return;
    case 'run.paused':
      if (event.number <= run.pauses) return;
      Object.assign(run, { paused: true, pauses: event.number, holds: [...run.holds, { from: event.at }] });
      return;
    case 'run.resumed':
      if (!run.paused || event.number !== run.pauses) return;
      Object.assign(run, { paused: false, holds: endHold(run.holds, event.at) });
      return;
    case 'gate.opened':
    case 'gate.resolved':
      run.gates = foldGate(run.gates, event);
  }
}

/** Ignores guidance that is already known. */
function foldGuidance(
  known: RunSnapshot['guidance'],
  { number, guidance: content, at, interrupted }: Extract<RunEvent, { type: 'message.injected' }>,
): RunSnapshot['guidance'] {
  if (known.some((one) => one.number === number)) return known;
  return [...known, { number, content, at, ...(interrupted.length > 0 ? { interrupted } : {}) }];
}

function endHold(holds: RunSnapshot['holds'], to: number): RunSnapshot['holds'] {
  return holds.map((hold, index) => (index === holds.length - 1 ? { ...hold, to } : hold));
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

/** The changes of each event type to its turn. */
const changes: { [T in TurnEvent['type']]: (event: TurnEventOf<T>, turn: TurnSnapshot) => Partial<TurnSnapshot> } = {
  'turn.started': ({ model, gateway }) => ({ ...running, model, gateway }),
  'turn.delta': ({ text, offset, index }, turn) => {
    if (offset === turn.text.length) return { ...running, text: turn.text + text };
    throw new Error(
      `Turn ${turn.turn} holds ${turn.text.length} units of text where event ${index} expects ${offset}.`,
    );
  },
  'turn.thinking': ({ thinking, offset }, turn) => ({
    ...running,
    thinking: (turn.thinking ?? '').slice(0, offset) + thinking,
  }),
  'turn.waiting': ({ reason, until }) => ({ status: 'waiting', waiting: { reason, until } }),
  'turn.rerouted': ({ to }, turn) => ({
    model: to,
    ...(turn.waiting ? { waiting: turn.waiting } : {}),
    ...withoutThinking(turn),
  }),
  'turn.resumed': ({ model }) => ({ ...running, model }),
  'turn.restarted': ({ model }, turn) => ({ ...running, model, text: '', ...withoutThinking(turn) }),
  'turn.completed': ({
    model,
    gateway,
    usage,
    cost_usd,
    duration_ms,
    finish_reason,
    truncated,
    shortened_by,
    reused_from,
  }) => ({
    status: 'completed',
    model,
    gateway,
    usage,
    cost_usd,
    duration_ms,
    finish_reason,
    truncated,
    ...(shortened_by ? { shortened_by } : {}),
    ...(reused_from ? { reused_from } : {}),
  }),
  'turn.failed': ({ code, message, usage, cost_usd }) => ({
    status: 'failed',
    failure: { code, message },
    ...(usage ? { usage } : {}),
    ...(cost_usd === undefined ? {} : { cost_usd }),
  }),
};

/** Clears the thinking of an earlier call. */
function withoutThinking({ thinking }: TurnSnapshot): Partial<TurnSnapshot> {
  return thinking === undefined ? {} : { thinking: '' };
}

function applyToTurn<T extends TurnEvent['type']>(turn: TurnSnapshot, event: TurnEventOf<T>): void {
  // a later version may publish events that this one does not know
  const change = (changes[event.type as T] as (typeof changes)[T] | undefined)?.(event, turn) ?? {};
  delete turn.waiting;
  Object.assign(turn, { attempts: event.epoch, next_index: event.index + 1 }, change);
}

function newTurn(event: Extract<RunEvent, { turn: string }>): TurnSnapshot {
  if (!event.place) throw new Error(`The first events of turn ${event.turn} are missing.`);
  return {
    turn: event.turn,
    role: event.role,
    label: event.label,
    place: event.place,
    team_id: event.team_id,
    status: 'running',
    model: '',
    gateway: '',
    text: '',
    attempts: event.epoch,
    next_index: 0,
  };
}

type GateEvent = Extract<RunEvent, { gate: string }>;

/** Returns a new list with a new entry if something changes, because views compare gates by identity, as they do checks. */
function foldGate(gates: GateSnapshot[], event: GateEvent): GateSnapshot[] {
  const known = gates.find(({ gate }) => gate === event.gate);
  if (event.type === 'gate.opened') {
    const { gate, question, about, at } = event;
    return known ? gates : [...gates, { gate, question, about, opened_at: at, status: 'open' }];
  }
  if (known?.status !== 'open') return gates;
  const { decision: status, reason, at: resolved_at } = event;
  return gates.map((gate) => (gate === known ? { ...known, status, reason, resolved_at } : gate));
}

type CheckEvent = Extract<RunEvent, { type: `check.${string}` }>;

/** Returns a new list with a new entry if something changes, so that a view that compares by identity sees that a check has ended. */
function foldCheck(checks: CheckSnapshot[], event: CheckEvent): CheckSnapshot[] {
  const { about, language, at } = event;
  const known = checks.find((check) => check.about === about);
  if (event.type === 'check.started')
    return known ? checks : [...checks, { about, language, status: 'running', started_at: at }];
  if (known?.status !== 'running') return checks;
  const ended = endedCheck(known, event);
  return checks.map((check) => (check === known ? ended : check));
}

function endedCheck(begun: CheckSnapshot, event: Exclude<CheckEvent, { type: 'check.started' }>): CheckSnapshot {
  const { executed, reason, killed, passed, failed, errors, output, ms, at: ended_at } = event;
  const status = event.type === 'check.passed' ? 'passed' : 'failed';
  const ended: CheckSnapshot = { ...begun, status, ended_at, executed, passed, failed, errors, output, ms };
  if (reason !== undefined) ended.reason = reason;
  if (killed !== undefined) ended.killed = killed;
  return ended;
}
