/** The schema of the events is the promise to readers; what publishers make must fit it, to the letter. */
import { runEvent, type OfTurn, type RunEvent, type RunEventType, type TurnNews } from '../../src/contract';
import { isTerminal } from '../../src/contract/events';
import { FAILURE_CODES, isFailureCode } from '../../src/contract/failures';
import { TurnPublisher } from '../../src/activities/publish';
import type { Attempt, Entry, TurnStore } from '../../src/redis/turns';
import { SAMPLES, TURN_SAMPLES } from '../support/events';

const TYPES: RunEventType[] = [
  'run.started',
  'run.queued',
  'turn.started',
  'turn.delta',
  'turn.waiting',
  'turn.rerouted',
  'turn.resumed',
  'turn.restarted',
  'turn.completed',
  'turn.failed',
  'check.started',
  'check.passed',
  'check.failed',
  'gate.opened',
  'gate.resolved',
  'message.injected',
  'run.paused',
  'run.resumed',
  'run.completed',
  'run.failed',
  'run.cancelled',
];
const samples = Object.entries(SAMPLES) as [RunEventType, RunEvent][];
const overTheWire = (event: unknown): unknown => JSON.parse(JSON.stringify(event));

it('knows these types and no other', () => {
  expect(samples.map(([type]) => type).sort()).toEqual([...TYPES].sort());
  expect(runEvent.options.map(({ shape }) => shape.type.value).sort()).toEqual([...TYPES].sort());
});

it.each(samples)('%s passes through JSON and the schema unchanged', (_, event) => {
  expect(runEvent.parse(overTheWire(event))).toEqual(event);
});

it.each(samples)('%s is refused without any of the fields of its envelope, and in another version', (_, event) => {
  for (const field of ['type', 'v', 'run_id', 'session_id', 'team_id', 'at']) {
    const { [field]: _gone, ...rest } = event as Record<string, unknown>;
    expect([field, runEvent.safeParse(rest).success]).toEqual([field, false]);
  }
  expect(runEvent.safeParse({ ...event, v: 2 }).success).toBe(false);
});

it.each(samples.filter(([type]) => type.startsWith('turn.')))(
  '%s is refused without its place in the turn',
  (_, event) => {
    for (const field of ['turn', 'role', 'label', 'epoch', 'index']) {
      const { [field]: _gone, ...rest } = event as Record<string, unknown>;
      expect([field, runEvent.safeParse(rest).success]).toEqual([field, false]);
    }
    expect(runEvent.safeParse({ ...event, index: 0.5 }).success).toBe(false);
  },
);

it('refuses a failure code that is not of the closed set', () => {
  expect(runEvent.safeParse({ ...SAMPLES['run.failed'], code: 'OOPS' }).success).toBe(false);
  expect(runEvent.safeParse({ ...SAMPLES['turn.waiting'], reason: 'OOPS' }).success).toBe(false);
});

it('ends a run with exactly three types', () => {
  const terminal = samples.filter(([, event]) => isTerminal(event)).map(([type]) => type);
  expect(terminal.sort()).toEqual(['run.cancelled', 'run.completed', 'run.failed']);
});

describe('the publisher of a turn', () => {
  /** What it appends, in a store that takes everything. */
  async function published(attempt: Partial<Attempt>, act: (publisher: TurnPublisher) => void): Promise<OfTurn[]> {
    const entries: Entry[] = [];
    const append: TurnStore['append'] = async (_run, _turn, _attempt, _first, more) => void entries.push(...more);
    const speaker = { run_id: 'r', session_id: 's', team_id: 't', turn: 'a', role: 'coder', label: 'Coder' };
    const blank = {
      owner: 'o',
      generation: 'g',
      epoch: 1,
      nextIndex: 0,
      text: '',
      result: undefined,
      route: undefined,
      opened: true,
      cancelled: false,
    };
    const publisher = new TurnPublisher({ append } as TurnStore, speaker, { ...blank, ...attempt }, fail);
    act(publisher);
    await publisher.drain();
    return entries.map(({ event }) => event as OfTurn);
  }
  const fail = (why: unknown) => {
    throw why;
  };

  it.each(TURN_SAMPLES.map((news): [string, TurnNews] => [news.type, news]))(
    'makes a %s that fits',
    async (_, news) => {
      const [event] = await published({}, (publisher) => publisher.tell(news));
      expect(runEvent.parse(overTheWire(event))).toEqual(event);
      expect(event).toMatchObject(news);
    },
  );

  it('makes deltas that fit, numbered and placed after what an earlier attempt left', async () => {
    const events = await published({ epoch: 3, nextIndex: 7, text: 'Half' }, (publisher) => {
      publisher.tell({ type: 'turn.resumed', offset: 4, model: 'm', how: 'prefill' });
      publisher.delta(' a 🐦');
    });
    for (const event of events) expect(runEvent.parse(overTheWire(event))).toEqual(event);
    expect(events).toMatchObject([
      { type: 'turn.resumed', index: 7, epoch: 3, how: 'prefill' },
      { type: 'turn.delta', index: 8, epoch: 3, text: ' a 🐦', offset: 4 },
    ]);
  });
});

describe('a failure code', () => {
  it.each(FAILURE_CODES)('%s is known, once, and in capitals', (code) => {
    expect(isFailureCode(code)).toBe(true);
    expect(FAILURE_CODES.filter((other) => other === code)).toHaveLength(1);
    expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/);
  });

  it.each(['', 'internal', 'toString', 'TypeError', undefined, null, 0])('is not %p', (code) => {
    expect(isFailureCode(code)).toBe(false);
  });
});
