/** Events as a run publishes them: a sample of each type, and random whole histories. */
import type { RunEvent, RunEventType, RunPayload, TurnPayload } from '../../src/contract';
import type { TurnPlace } from '../../src/contract/shapes';
import type { Draw } from './chance';

const SCOPE = { v: 1, run_id: 'run-1', session_id: 'session-1', team_id: 'debate-swarm' } as const;
const USAGE = { prompt_tokens: 12, completion_tokens: 34 };
const TOTALS = { turns: 2, usage: USAGE, cost_usd: 0.01 };

/** The place of a turn in a run of one swarm. */
export const PLACE: TurnPlace = { stage: null, step: 'answer', try: 1 };

export interface Place {
  turn: string;
  epoch: number;
  index: number;
}

/** An event of a turn. */
export function turnEvent(payload: TurnPayload, { turn, epoch, index }: Place, at = 1_790_000_000_000): RunEvent {
  const first = index === 0 ? { place: PLACE } : {};
  return { ...SCOPE, at, turn, role: 'moderator', label: `Label of ${turn}`, epoch, index, ...first, ...payload };
}

/** An event of the run itself. */
export function runPayloads(payload: RunPayload, at = 1_790_000_000_000): RunEvent {
  return { ...SCOPE, at, ...payload };
}

export const turnSamples: { [T in TurnPayload['type']]: Extract<TurnPayload, { type: T }> } = {
  'turn.started': { type: 'turn.started', model: 'one', gateway: 'openrouter' },
  'turn.delta': { type: 'turn.delta', text: 'Grüße 🐦', offset: 0 },
  'turn.thinking': { type: 'turn.thinking', thinking: 'Hm 🐦', offset: 0 },
  'turn.waiting': { type: 'turn.waiting', reason: 'RATE_LIMITED', message: 'Slow down.', until: 1_790_000_002_000 },
  'turn.rerouted': { type: 'turn.rerouted', from: 'one', to: 'two', reason: 'MODEL_NOT_FOUND', message: 'Gone.' },
  'turn.resumed': { type: 'turn.resumed', offset: 0, model: 'two', how: 'prefill' },
  'turn.restarted': { type: 'turn.restarted', dropped: 0, model: 'two' },
  'turn.completed': {
    type: 'turn.completed',
    model: 'two',
    gateway: 'openrouter',
    finish_reason: 'stop',
    truncated: false,
    usage: { ...USAGE, cached_tokens: 3, estimated: true },
    cost_usd: null,
    duration_ms: 1200,
    first_token_ms: null,
    attempts: 2,
    length: 9,
  },
  'turn.failed': { type: 'turn.failed', code: 'CANCELLED', message: 'The run was cancelled.', usage: USAGE },
};

const CHECKED = { about: 'draft', language: 'python', executed: true, output: 'hi', ms: 30 };

const runSamples: { [T in RunPayload['type']]: Extract<RunPayload, { type: T }> } = {
  'run.queued': { type: 'run.queued', behind: ['one-voice-1'] },
  'run.started': { type: 'run.started', swarm_id: 'debate-swarm', message: 'Should we?' },
  'gate.opened': { type: 'gate.opened', gate: 'plan', question: 'Shall it be built?', about: 'plan/plan' },
  'gate.resolved': { type: 'gate.resolved', gate: 'plan', decision: 'rejected', reason: 'Too dear.' },
  'message.injected': { type: 'message.injected', number: 1, guidance: 'Use SQLite.', interrupted: ['summary'] },
  'run.paused': { type: 'run.paused', number: 1 },
  'run.resumed': { type: 'run.resumed', number: 1 },
  'check.started': { type: 'check.started', about: 'draft', language: 'python' },
  'check.passed': { type: 'check.passed', ...CHECKED, passed: 2, failed: 0, errors: [] },
  'check.failed': { type: 'check.failed', ...CHECKED, passed: 1, failed: 1, errors: ['f(1): got 2'], killed: 'time' },
  'run.completed': { type: 'run.completed', ...TOTALS, answers: ['summary'] },
  'run.failed': { type: 'run.failed', ...TOTALS, code: 'GATEWAY_KEY_REFUSED', message: 'No.' },
  'run.cancelled': { type: 'run.cancelled', ...TOTALS, cost_usd: null, code: 'CANCELLED', message: 'Stopped.' },
};

/** One turn event of each type. */
export const TURN_SAMPLES: TurnPayload[] = Object.values(turnSamples);

/** One event of each type, sorted by name; a new type does not compile until it is added here. */
export const SAMPLES: { [T in RunEventType]: RunEvent } = {
  ...mapValues(runSamples, (payload) => runPayloads(payload)),
  ...mapValues(turnSamples, (payload) => turnEvent(payload, { turn: 'summary', epoch: 1, index: 0 })),
};

function mapValues<K extends string, V, W>(object: Record<K, V>, change: (value: V) => W): Record<K, W> {
  const entries = Object.entries(object) as [K, V][];
  return Object.fromEntries(entries.map(([key, value]) => [key, change(value)])) as Record<K, W>;
}

const STEERING = [
  runSamples['gate.opened'],
  runSamples['run.paused'],
  runSamples['gate.resolved'],
  runSamples['message.injected'],
  runSamples['run.resumed'],
  { ...runSamples['run.paused'], number: 2 },
];
const ENDINGS = [runSamples['run.completed'], runSamples['run.failed'], runSamples['run.cancelled']];

/** A whole run, and the texts that a reader must have at its end. */
export interface History {
  events: RunEvent[];
  texts: Record<string, string>;
}

const PIECES = ['A', ' flock', '🐦', '\ud83d', '\udc26', 'ß\n', '', ' turns as one.'];

/** Several concurrent turns, each with attempts that are cut, resumed, restarted, rerouted, and finished or not. */
export function randomHistory(chance: Draw): History {
  const turns = Array.from({ length: 1 + chance.below(4) }, (_, i) => randomTurn(`turn-${i}`, chance));
  const events = [runPayloads(runSamples['run.started'])];
  const queues = [...turns.map(({ events: own }) => [...own]), STEERING.map((payload) => runPayloads(payload))];
  while (queues.some((queue) => queue.length > 0)) {
    const queue = chance.pick(queues.filter(({ length }) => length > 0));
    events.push(...queue.splice(0, 1 + chance.below(3)));
  }
  events.push(runPayloads(chance.pick([...ENDINGS])));
  return { events, texts: Object.fromEntries(turns.map(({ turn, text }) => [turn, text])) };
}

function randomTurn(turn: string, chance: Draw) {
  const events: RunEvent[] = [];
  let [text, epoch] = ['', 1];
  const tell = (payload: TurnPayload) => events.push(turnEvent(payload, { turn, epoch, index: events.length }));
  const speak = () => {
    for (let n = chance.below(6); n > 0; n--) {
      const piece = chance.pick(PIECES);
      tell({ type: 'turn.delta', text: piece, offset: text.length });
      text += piece;
    }
  };
  tell(turnSamples['turn.started']);
  speak();
  for (const last = 1 + chance.below(4); epoch < last; speak()) {
    if (chance.below(2)) tell(turnSamples['turn.waiting']);
    if (chance.below(2)) tell(turnSamples['turn.rerouted']);
    epoch++;
    if (chance.below(2)) {
      tell({ type: 'turn.resumed', offset: text.length, model: 'two', how: 'prefill' });
    } else {
      tell({ type: 'turn.restarted', dropped: text.length, model: 'two' });
      text = '';
    }
  }
  tell(chance.below(3) ? turnSamples['turn.completed'] : turnSamples['turn.failed']);
  return { turn, text, events };
}
