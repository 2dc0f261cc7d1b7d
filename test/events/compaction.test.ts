/** Compacted streams fold to the same run, whatever happened and however often attempts were interrupted. */
import fc from 'fast-check';
import { compactEvents } from '../../src/events/compaction';
import { PLACE } from '../support/events';
import { emptySnapshot, foldEvent } from '../../src/events/fold';
import type { OfTurn, RunEvent, RunSnapshot, TurnPayload } from '../../src/contract';

const SCOPE = { v: 1, run_id: 'r', session_id: 's', team_id: 't', at: 7 } as const;

/** Steps of a turn: pieces of text, and the end of an attempt. */
const step = fc.oneof(
  { weight: 6, arbitrary: fc.string({ minLength: 1, unit: 'grapheme' }).map((text) => ({ say: text })) },
  { weight: 1, arbitrary: fc.constantFrom('resume', 'restart', 'wait').map((next) => ({ next })) },
);
const turn = fc.record({
  /** The first event may be of any type, including a piece of text that is retracted later. */
  announced: fc.boolean(),
  steps: fc.array(step, { maxLength: 30 }),
  finished: fc.boolean(),
});

/** The events of one turn, numbered like those of a publisher. */
function listEvents(
  id: string,
  { announced, steps, finished }: { announced: boolean; steps: object[]; finished: boolean },
): OfTurn[] {
  const events: OfTurn[] = [];
  let text = '';
  let epoch = 1;
  const tell = (payload: TurnPayload) => {
    const place = events.length === 0 ? { place: { ...PLACE, step: id } } : {};
    events.push({
      ...SCOPE,
      turn: id,
      role: 'x',
      label: id,
      epoch,
      index: events.length,
      ...place,
      ...payload,
    } as OfTurn);
  };
  if (announced) tell({ type: 'turn.started', model: 'm', gateway: 'g' });
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

/** Events of several parallel turns, interleaved in any way that keeps each turn's order. */
const story = fc
  .tuple(fc.array(turn, { minLength: 1, maxLength: 4 }), fc.infiniteStream(fc.nat()))
  .map(([turns, chance]) => {
    const queues = turns.map((one, i) => listEvents(`turn-${i}`, one));
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

/** Everything that a reader sees. */
const seen = (run: RunSnapshot) => ({
  ...run,
  turns: run.turns.map(({ next_index: _index, ...reported }) => reported).sort((a, b) => a.turn.localeCompare(b.turn)),
});

it('folds to the same run, and has at most as many events', () => {
  fc.assert(
    fc.property(story, (events) => {
      const compact = compactEvents(events);
      expect(seen(fold(compact))).toEqual(seen(fold(events)));
      expect(compact.length).toBeLessThanOrEqual(events.length);
    }),
  );
});

it('is idempotent, and does not modify its input', () => {
  fc.assert(
    fc.property(story, (events) => {
      const before = JSON.stringify(events);
      const once = compactEvents(events);
      expect(compactEvents(once)).toEqual(once);
      expect(JSON.stringify(events)).toBe(before);
    }),
  );
});

it('a reader that receives events again after any number of reconnections folds to the same run', () => {
  fc.assert(
    fc.property(story, fc.array(fc.nat(), { maxLength: 5 }), (events, places) => {
      const received: RunEvent[] = [];
      let at = 0;
      for (const place of [...places.map((one) => one % (events.length + 1)), events.length]) {
        received.push(...events.slice(Math.min(at, place), Math.max(at, place)));
        at = Math.max(at, place);
      }
      expect(fold(received)).toEqual(fold(events));
    }),
  );
});

it('a text that was not interrupted is one event', () => {
  const spoken = listEvents('a', {
    announced: true,
    steps: Array.from({ length: 500 }, () => ({ say: 'word ' })),
    finished: true,
  });
  expect(compactEvents(spoken).map(({ type }) => type)).toEqual(['turn.started', 'turn.delta', 'turn.failed']);
});
