/** A reader that folds events holds each turn's exact text, however often the connection broke on the way. */
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import type { RunEvent, RunSnapshot, TurnNews, TurnSnapshot } from '../../src/contract';
import { emptySnapshot, foldEvent } from '../../src/contract/fold';
import type { Draw } from '../support/chance';
import { type History, randomHistory, runNews, SAMPLES, turnEvent, turnSamples } from '../support/events';

function fold(events: readonly RunEvent[], run = emptySnapshot()): RunSnapshot {
  for (const event of events) foldEvent(run, event);
  return run;
}

/** The events of one turn, numbered from 0; each attempt gives its news. */
function turnOf(...attempts: TurnNews[][]): RunEvent[] {
  let index = 0;
  return attempts.flatMap((news, i) => news.map((one) => turnEvent(one, { turn: 'a', epoch: i + 1, index: index++ })));
}
const onlyTurn = (events: readonly RunEvent[]): TurnSnapshot => fold(events).turns[0]!;

const started: TurnNews = { type: 'turn.started', model: 'one', gateway: 'openrouter' };
const delta = (text: string, offset: number): TurnNews => ({ type: 'turn.delta', text, offset });
const waiting: TurnNews = { type: 'turn.waiting', reason: 'RATE_LIMITED', message: 'Slow down.', until: 5 };

/** Drawn by fast-check, which looks for the smallest history that breaks what must hold of all. */
function ofAll(holds: (history: History, chance: Draw) => boolean): void {
  const property = fc.property(fc.gen(), (draw) => {
    const below = (limit: number) => draw(fc.nat, { max: limit - 1 });
    const chance = { below, pick: <T>(items: readonly T[]) => items[below(items.length)]! };
    return holds(randomHistory(chance), chance);
  });
  fc.assert(property, { numRuns: 300 });
}

describe('any history', () => {
  it('gives each turn the text that was said', () => {
    ofAll(({ events, texts }) => {
      const { turns } = fold(events);
      return isDeepStrictEqual(Object.fromEntries(turns.map(({ turn, text }) => [turn, text])), texts);
    });
  });

  it('gives the same after any prefix and a replay from any place before its end', () => {
    ofAll(({ events }, chance) => {
      const cut = chance.below(events.length + 1);
      const from = chance.below(cut + 1);
      return isDeepStrictEqual(fold(events.slice(from), fold(events.slice(0, cut))), fold(events));
    });
  });

  it('gives the same when any event comes once more at any later time', () => {
    ofAll(({ events }, chance) => {
      const echo = (i: number) => Array.from({ length: chance.below(3) }, () => events[chance.below(i + 1)]!);
      const stuttered = events.flatMap((event, i) => [event, ...echo(i)]);
      return isDeepStrictEqual(fold(stuttered), fold(events));
    });
  });

  it('is not changed by its own events once it is over, in whatever order they come', () => {
    ofAll(({ events }) => {
      return isDeepStrictEqual(fold([...events].reverse(), fold(events)), fold(events));
    });
  });

  it('is told from one that lacks an event of a turn, unless that is the last', () => {
    ofAll(({ events }, chance) => {
      const ofTurns = events.filter((event) => 'turn' in event);
      const missing = chance.pick(ofTurns);
      const isLast = !ofTurns.some(({ turn, index }) => turn === missing.turn && index > missing.index);
      return isLast !== throws(() => fold(events.filter((event) => event !== missing)));
    });
  });
});

function throws(act: () => unknown): boolean {
  try {
    act();
    return false;
  } catch {
    return true;
  }
}

describe('a gap', () => {
  const events = turnOf([started, delta('Hello', 0), delta(' you', 5)]);

  it('throws and changes nothing, so that the missing event can still come', () => {
    const run = fold(events.slice(0, 1));
    const before = structuredClone(run);
    expect(() => foldEvent(run, events[2]!)).toThrow('1');
    expect(run).toEqual(before);
    expect(fold(events.slice(1), run).turns[0]?.text).toBe('Hello you');
  });

  it('before all that is known of a turn throws, and adds no turn', () => {
    const run = emptySnapshot();
    expect(() => foldEvent(run, events[2]!)).toThrow();
    expect(run).toEqual(emptySnapshot());
  });

  it('in the text throws although the numbers go on, and changes nothing', () => {
    const run = fold(events.slice(0, 2));
    const before = structuredClone(run);
    expect(() => foldEvent(run, turnEvent(delta('!', 9), { turn: 'a', epoch: 1, index: 2 }))).toThrow();
    expect(run).toEqual(before);
  });
});

describe('an attempt after the first', () => {
  const cut = [started, delta('Half a sen', 0)];

  it('that resumes keeps the text', () => {
    const resumed: TurnNews = { type: 'turn.resumed', offset: 10, model: 'one', how: 'prefill' };
    expect(onlyTurn(turnOf(cut, [resumed])).text).toBe('Half a sen');
    expect(onlyTurn(turnOf(cut, [resumed, delta('tence.', 10)])).text).toBe('Half a sentence.');
  });

  it('that restarts drops the text', () => {
    const restarted: TurnNews = { type: 'turn.restarted', dropped: 10, model: 'two' };
    expect(onlyTurn(turnOf(cut, [restarted]))).toMatchObject({ text: '', model: 'two', attempts: 2 });
    expect(onlyTurn(turnOf(cut, [restarted, delta('A sentence.', 0)])).text).toBe('A sentence.');
  });

  it('is counted', () => {
    expect(onlyTurn(turnOf(cut, [waiting], [delta('tence.', 10)])).attempts).toBe(3);
  });
});

describe('a turn', () => {
  it('is known by its id, its role, its label and its team', () => {
    expect(onlyTurn(turnOf([started]))).toEqual({
      turn: 'a',
      role: 'moderator',
      label: 'Label of a',
      team_id: 'debate-swarm',
      status: 'running',
      model: 'one',
      gateway: 'openrouter',
      text: '',
      attempts: 1,
      next_index: 1,
    });
  });

  it('waits until it speaks again', () => {
    expect(onlyTurn(turnOf([started, waiting])).status).toBe('waiting');
    expect(onlyTurn(turnOf([started, waiting], [delta('Hi', 0)])).status).toBe('running');
  });

  it('shows the model to which it was rerouted, and the one that really answered', () => {
    const rerouted: TurnNews = {
      type: 'turn.rerouted',
      from: 'one',
      to: 'two',
      reason: 'RATE_LIMITED',
      message: 'No.',
    };
    expect(onlyTurn(turnOf([started, rerouted])).model).toBe('two');
    const completed = { ...SAMPLES['turn.completed'], turn: 'a', index: 2, model: 'three' } as RunEvent;
    expect(onlyTurn([...turnOf([started, rerouted]), completed])).toMatchObject({
      status: 'completed',
      model: 'three',
      usage: { prompt_tokens: 12, completion_tokens: 34 },
      cost_usd: null,
      duration_ms: 1200,
    });
  });

  it('that failed keeps its text, its usage, its cost and the reason', () => {
    const failed: TurnNews = {
      type: 'turn.failed',
      code: 'CANCELLED',
      message: 'Stopped.',
      usage: { prompt_tokens: 1, completion_tokens: 2 },
      cost_usd: 0.5,
    };
    expect(onlyTurn(turnOf([started, delta('Hi', 0), failed]))).toMatchObject({
      status: 'failed',
      text: 'Hi',
      failure: { code: 'CANCELLED', message: 'Stopped.' },
      usage: { prompt_tokens: 1, completion_tokens: 2 },
      cost_usd: 0.5,
    });
    expect(onlyTurn(turnOf([started, { type: 'turn.failed', code: 'INTERNAL', message: '' }]))).not.toHaveProperty(
      'usage',
    );
  });
});

describe('a run', () => {
  it('has no status before it has started', () => {
    expect(emptySnapshot()).toEqual({
      ...{ status: null, turns: [], answers: [] },
      ...{ paused: false, pauses: 0, gates: [], guidance: [], checks: [] },
    });
  });

  it.each([
    ['run.completed', { status: 'completed', answers: ['summary'] }],
    ['run.failed', { status: 'failed', failure: { code: 'GATEWAY_KEY_REFUSED', message: 'No.' } }],
    ['run.cancelled', { status: 'cancelled', failure: { code: 'CANCELLED', message: 'Stopped.' } }],
  ] as const)('begins with run.started and ends with %s', (type, expected) => {
    const start = runNews({ type: 'run.started', swarm_id: 'debate-swarm', message: 'Why?' }, 100);
    expect(fold([start])).toMatchObject({
      status: 'running',
      swarm_id: 'debate-swarm',
      message: 'Why?',
      started_at: 100,
    });
    expect(fold([start, { ...SAMPLES[type], at: 200 }])).toMatchObject({ ...expected, started_at: 100, ended_at: 200 });
  });

  it.each(['run.completed', 'run.failed', 'run.cancelled'] as const)('that ended with %s stays as it ended', (type) => {
    const [start, end] = [SAMPLES['run.started'], SAMPLES[type]];
    const others = [SAMPLES['run.completed'], SAMPLES['run.failed'], SAMPLES['run.cancelled']];
    expect(fold([start, end, ...others, start])).toEqual(fold([start, end]));
  });

  it.each([
    ['run.completed', { code: 'CUT_OFF' }],
    ['run.failed', { code: 'GATEWAY_KEY_REFUSED', message: 'No.' }],
    ['run.cancelled', { code: 'CANCELLED', message: 'Stopped.' }],
  ] as const)('that ended with %s has no turn that still speaks or waits', (type, failure) => {
    const begin = (turn: string) => turnEvent(started, { turn, epoch: 1, index: 0 });
    const done = turnEvent(turnSamples['turn.completed'], { turn: 'done', epoch: 1, index: 1 });
    const waits = turnEvent(waiting, { turn: 'waits', epoch: 1, index: 1 });
    const { turns } = fold([...['done', 'waits', 'speaks'].map(begin), done, waits, SAMPLES[type]]);
    expect(turns.map(({ turn, status }) => [turn, status])).toEqual([
      ['done', 'completed'],
      ['waits', 'failed'],
      ['speaks', 'failed'],
    ]);
    expect(turns[0]?.failure).toBeUndefined();
    expect(turns[1]?.failure).toMatchObject(failure);
    expect(turns[2]?.failure).toMatchObject(failure);
  });

  it('lists its turns in the order in which they began', () => {
    const begin = (turn: string) => turnEvent(started, { turn, epoch: 1, index: 0 });
    expect(fold(['c', 'a', 'b'].map(begin)).turns.map(({ turn }) => turn)).toEqual(['c', 'a', 'b']);
  });
});

describe('what people did with the run', () => {
  const gate = { gate: 'plan', question: 'Go on?', about: 'plan/plan' };
  const opened = runNews({ type: 'gate.opened', ...gate });
  const paused = (number: number) => runNews({ type: 'run.paused', number });
  const resumed = (number: number) => runNews({ type: 'run.resumed', number });

  it('shows a gate as open until it is resolved, with the reason then', () => {
    expect(fold([opened]).gates).toMatchObject([{ ...gate, status: 'open' }]);
    const resolved = runNews({ type: 'gate.resolved', gate: 'plan', decision: 'rejected', reason: 'Too dear.' });
    const later = runNews({ type: 'gate.resolved', gate: 'plan', decision: 'approved', reason: '' });
    expect(fold([opened, resolved, later]).gates).toMatchObject([{ status: 'rejected', reason: 'Too dear.' }]);
  });

  it('makes new objects where a gate is resolved or guidance comes, so that a view which compares by identity shows it', () => {
    const run = fold([opened]);
    const { gates, guidance } = run;
    foldEvent(run, runNews({ type: 'gate.resolved', gate: 'plan', decision: 'approved', reason: 'Good.' }));
    foldEvent(run, runNews({ type: 'message.injected', number: 1, guidance: 'Mind it.', interrupted: [] }));
    expect(gates).toMatchObject([{ ...gate, status: 'open' }]);
    expect(run.gates).toMatchObject([{ ...gate, status: 'approved', reason: 'Good.' }]);
    expect(guidance).toEqual([]);
    expect(run.guidance).toMatchObject([{ number: 1, content: 'Mind it.' }]);
  });

  it('keeps the same objects where an event says nothing new', () => {
    const said = runNews({ type: 'message.injected', number: 1, guidance: 'Mind it.', interrupted: [] });
    const run = fold([opened, said]);
    const { gates, guidance } = run;
    foldEvent(run, opened);
    foldEvent(run, said);
    expect(run.gates).toBe(gates);
    expect(run.guidance).toBe(guidance);
  });

  it('keeps guidance in order, each once', () => {
    const said = (number: number, guidance: string) =>
      runNews({ type: 'message.injected', number, guidance, interrupted: [] });
    const { guidance } = fold([said(1, 'a'), said(2, 'b'), said(1, 'a')]);
    expect(guidance.map(({ content }) => content)).toEqual(['a', 'b']);
  });

  it.each([
    [[paused(1)], true],
    [[paused(1), resumed(1)], false],
    [[paused(1), resumed(1), paused(1)], false],
    [[paused(1), resumed(1), paused(2), resumed(1)], true],
  ])('case %#: is paused by the last pause that was not resumed', (events, is) => {
    expect(fold(events).paused).toBe(is);
  });
});

describe('an execution', () => {
  const started = SAMPLES['check.started'];

  it('runs until it is told what came of it, once', () => {
    const run = emptySnapshot();
    foldEvent(run, started);
    expect(run.checks).toEqual([{ about: 'draft', language: 'python', status: 'running' }]);
    foldEvent(run, SAMPLES['check.failed']);
    foldEvent(run, SAMPLES['check.passed']);
    foldEvent(run, started);
    expect(run.checks).toMatchObject([
      { about: 'draft', status: 'failed', passed: 1, failed: 1, killed: 'time', output: 'hi' },
    ]);
  });

  it('is another object once it has ended, so that a view which compares by identity shows it', () => {
    const run = emptySnapshot();
    foldEvent(run, started);
    const { checks: before } = run;
    foldEvent(run, SAMPLES['check.passed']);
    expect(before).toEqual([{ about: 'draft', language: 'python', status: 'running' }]);
    expect(run.checks).toMatchObject([{ about: 'draft', status: 'passed' }]);
  });
});
