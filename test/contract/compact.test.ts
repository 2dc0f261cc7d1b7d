/** Streams in fewer words: whatever happened, and however often attempts cut each other off, they fold to the same run. */
import fc from 'fast-check';
import { compactEvents } from '../../src/contract/compact';
import { emptySnapshot, foldEvent } from '../../src/contract/fold';
import type { OfTurn, RunEvent, RunSnapshot, TurnNews } from '../../src/contract';

const SCOPE = { v: 1, run_id: 'r', session_id: 's', team_id: 't', at: 7 } as const;

/** What a turn goes through: pieces of text, and how an attempt ends. */
const step = fc.oneof(
  { weight: 6, arbitrary: fc.string({ minLength: 1, unit: 'grapheme' }).map((text) => ({ say: text })) },
  { weight: 1, arbitrary: fc.constantFrom('resume', 'restart', 'wait').map((next) => ({ next })) },
);
const turn = fc.record({ steps: fc.array(step, { maxLength: 30 }), finished: fc.boolean() });

/** The events of one turn, numbered as a publisher numbers them. */
function eventsOf(id: string, { steps, finished }: { steps: object[]; finished: boolean }): OfTurn[] {
  const events: OfTurn[] = [];
  let text = '';
  let epoch = 1;
  const tell = (news: TurnNews) =>
    events.push({ ...SCOPE, turn: id, role: 'x', label: id, epoch, index: events.length, ...news } as OfTurn);
  tell({ type: 'turn.started', model: 'm', gateway: 'g' });
  for (const one of steps as ({ say: string } | { next: string })[]) {
    if ('say' in one) {
      tell({ type: 'turn.delta', text: one.say, offset: text.length });
      text += one.say;
    } else if (one.next === 'wait') {
      tell({ type: 'turn.waiting', reason: 'RATE_LIMITED', message: 'Later.', until: 9 });
    } else {
      epoch++;
      if (one.next === 'resume') tell({ type: 'turn.resumed', offset: text.length, model: 'm', how: 'prefill' });
      else tell({ type: 'turn.restarted', dropped: text.length, model: 'm' });
      if (one.next === 'restart') text = '';
    }
  }
  if (finished) tell({ type: 'turn.failed', code: 'CANCELLED', message: 'Stopped.' });
  return events;
}

/** Several turns speak at once: their events in any order that keeps each turn's own. */
const story = fc
  .tuple(fc.array(turn, { minLength: 1, maxLength: 4 }), fc.infiniteStream(fc.nat()))
  .map(([turns, chance]) => {
    const queues = turns.map((one, i) => eventsOf(`turn-${i}`, one));
    const events: RunEvent[] = [{ ...SCOPE, type: 'run.started', swarm_id: 't', message: 'Go.' }];
    for (;;) {
      const left = queues.filter((queue) => queue.length > 0);
      if (left.length === 0) return events;
      events.push(left[chance.next().value! % left.length]!.shift()!);
    }
  });

function fold(events: readonly RunEvent[]): RunSnapshot {
  const run = emptySnapshot();
  events.forEach((event) => foldEvent(run, event));
  return run;
}

/** Everything that a person sees. */
const seen = (run: RunSnapshot) => ({
  ...run,
  turns: run.turns.map(({ next_index: _index, ...told }) => told).sort((a, b) => a.turn.localeCompare(b.turn)),
});

it('folds to the same run, in at most as many events', () => {
  fc.assert(
    fc.property(story, (events) => {
      const compact = compactEvents(events);
      expect(seen(fold(compact))).toEqual(seen(fold(events)));
      expect(compact.length).toBeLessThanOrEqual(events.length);
    }),
  );
});

it('changes nothing when it is done again, and leaves the events that it was given as they were', () => {
  fc.assert(
    fc.property(story, (events) => {
      const before = JSON.stringify(events);
      const once = compactEvents(events);
      expect(compactEvents(once)).toEqual(once);
      expect(JSON.stringify(events)).toBe(before);
    }),
  );
});

it('a reader that hears events again, in any number of reconnections, folds to the same run', () => {
  fc.assert(
    fc.property(story, fc.array(fc.nat(), { maxLength: 5 }), (events, places) => {
      const heard: RunEvent[] = [];
      let at = 0;
      for (const place of [...places.map((one) => one % (events.length + 1)), events.length]) {
        heard.push(...events.slice(Math.min(at, place), Math.max(at, place)));
        at = Math.max(at, place);
      }
      expect(fold(heard)).toEqual(fold(events));
    }),
  );
});

it('a text that nobody cut off is one event', () => {
  const spoken = eventsOf('a', { steps: Array.from({ length: 500 }, () => ({ say: 'word ' })), finished: true });
  expect(compactEvents(spoken).map(({ type }) => type)).toEqual(['turn.started', 'turn.delta', 'turn.failed']);
});
