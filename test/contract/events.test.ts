/** The schema of the events is the contract with readers; published events must match it exactly. */
import { runEvent, type OfTurn, type RunEvent, type RunEventType, type TurnPayload } from '../../src/contract';
import { isTerminal } from '../../src/contract/events';
import { FAILURE_CODES, isFailureCode } from '../../src/contract/failures';
import { TurnPublisher } from '../../src/model-call/publish';
import type { AttemptRecord, Entry, TurnStore } from '../../src/redis/turns';
import { PLACE, SAMPLES, TURN_SAMPLES } from '../support/events';

const samples = Object.entries(SAMPLES) as [RunEventType, RunEvent][];
const overTheWire = (event: unknown): unknown => JSON.parse(JSON.stringify(event));

it('has a sample of every type that the schema knows', () => {
  const known = runEvent.options.map(({ shape }) => shape.type.value);
  expect(samples.map(([type]) => type).sort()).toEqual(known.sort());
});

it.each(samples)('%s passes through JSON and the schema unchanged', (_, event) => {
  expect(runEvent.parse(overTheWire(event))).toEqual(event);
});

it.each(samples)('%s is refused without any one field of its envelope, and with another version', (_, event) => {
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
  /** Collects its appends in a store that accepts everything. */
  async function published(
    attempt: Partial<AttemptRecord>,
    act: (publisher: TurnPublisher) => void,
  ): Promise<OfTurn[]> {
    const entries: Entry[] = [];
    const append: TurnStore['append'] = async (_run, _turn, _attempt, _first, more) => void entries.push(...more);
    const scope = { run_id: 'r', session_id: 's', team_id: 't' };
    const speaker = { ...scope, turn: 'a', role: 'coder', label: 'Coder', place: PLACE };
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
      isForeign: false,
      unpublished: undefined,
    };
    const publisher = new TurnPublisher({ append } as TurnStore, speaker, { ...blank, ...attempt }, fail);
    act(publisher);
    await publisher.drain();
    return entries.map(({ event }) => event as OfTurn);
  }
  const fail = (why: unknown) => {
    throw why;
  };

  it.each(TURN_SAMPLES.map((payload): [string, TurnPayload] => [payload.type, payload]))(
    'publishes a %s that matches the schema',
    async (_, payload) => {
      const [event] = await published({}, (publisher) => publisher.tell(payload));
      expect(runEvent.parse(overTheWire(event))).toEqual(event);
      expect(event).toMatchObject(payload);
    },
  );

  it("puts the turn's place only on its first event, of any type", async () => {
    const events = await published({}, (publisher) => {
      publisher.tell({ type: 'turn.waiting', reason: 'RATE_LIMITED', message: 'Slow down.', until: 1 });
      publisher.tell({ type: 'turn.started', model: 'one', gateway: 'g' });
      publisher.delta('Hi');
    });
    expect(events.map(({ place }) => place)).toEqual([PLACE, undefined, undefined]);
    const later = await published({ nextIndex: 3 }, (publisher) => publisher.delta('Hi'));
    expect(later.map(({ place }) => place)).toEqual([undefined]);
  });

  it('publishes deltas that match the schema, with index and offset after those of an earlier attempt', async () => {
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
  it.each(FAILURE_CODES)('%s is known, unique and in capitals', (code) => {
    expect(isFailureCode(code)).toBe(true);
    expect(FAILURE_CODES.filter((other) => other === code)).toHaveLength(1);
    expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/);
  });

  it.each(['', 'internal', 'toString', 'TypeError', undefined, null, 0])('is not %p', (code) => {
    expect(isFailureCode(code)).toBe(false);
  });
});
