/** The timeline and the line diff of the dashboard, computed from made-up turns and texts. */
import { emptySnapshot } from '../../src/events/fold';
import type { TurnSnapshot } from '../../src/contract';
import { foldContext } from '../../src/dashboard/state/line-diff';
import { drawTimeline } from '../../src/dashboard/state/timeline';
import type { Note, TurnView } from '../../src/dashboard/state/turn-view';

const START = 1_000_000;

function makeTurn(fields: Partial<Omit<TurnView, 'snapshot'>>, snapshot: Partial<TurnSnapshot> = {}): TurnView {
  const place = { stage: null, step: 'answer', try: 1 };
  const whole = {
    turn: 'answer',
    role: 'speaker',
    label: 'Speaker',
    team_id: 'one',
    place,
    status: 'completed',
    attempts: 1,
  };
  return {
    snapshot: { ...whole, ...snapshot } as TurnSnapshot,
    ...{ notes: [], dropped: [], resumedAt: [], startedAt: START, pace: new Map(), listeners: new Set() },
    ...fields,
  } as unknown as TurnView;
}

const note = (fields: object): Note => ({ turn: 'answer', epoch: 1, message: '', ...fields }) as unknown as Note;
const spansOf = (turn: TurnView, now = START + 9000) =>
  drawTimeline({ ...emptySnapshot(), started_at: START }, [turn], now)?.rows[0]?.spans.map(
    ({ kind, from, to, attempt }) => [kind, from - START, to - START, ...(attempt ? [attempt] : [])],
  );

test('a turn that waits twice has a span for each call and each wait, without gaps', () => {
  const waits = {
    notes: [
      note({ type: 'turn.waiting', at: START + 100, until: START + 1100, reason: 'RATE_LIMITED' }),
      note({ type: 'turn.waiting', at: START + 1300, until: START + 3300, epoch: 2, reason: 'RATE_LIMITED' }),
    ],
    completed: { at: START + 5000, duration_ms: 5000, first_token_ms: 400 } as unknown as NonNullable<
      TurnView['completed']
    >,
  };
  expect(spansOf(makeTurn(waits, { attempts: 3 }))).toEqual([
    ['call', 0, 100, 1],
    ['wait', 100, 1100],
    ['call', 1100, 1300, 2],
    ['wait', 1300, 3300],
    ['call', 3300, 3700, 3],
    ['text', 3700, 5000, 3],
  ]);
});

test('a wait that still lasts ends now, and a running turn too', () => {
  const waiting = note({ type: 'turn.waiting', at: START + 100, until: START + 60_000, reason: 'RATE_LIMITED' });
  expect(spansOf(makeTurn({ notes: [waiting] }, { status: 'waiting' }), START + 500)).toEqual([
    ['call', 0, 100, 1],
    ['wait', 100, 500],
  ]);
  expect(spansOf(makeTurn({ firstTextAt: START + 200 }, { status: 'running' }), START + 500)).toEqual([
    ['call', 0, 200, 1],
    ['text', 200, 500, 1],
  ]);
});

test('a run without turns has no timeline', () => {
  expect(drawTimeline(emptySnapshot(), [], START)).toBeUndefined();
});

test('unchanged lines far from a change are folded; equal texts are shown whole', () => {
  const same = Array.from({ length: 20 }, (_, line) => `line ${line + 1}`).join('\n');
  const rows = foldContext([
    { value: `${same}\n` },
    { value: 'old\n', removed: true },
    { value: 'new\n', added: true },
  ]);
  expect(rows.map(({ kind }) => kind)).toEqual(['skipped', 'same', 'same', 'same', 'same', 'removed', 'added']);
  expect(rows[0]?.text).toBe('16 unchanged lines');
  expect(rows.map(({ number }) => number)).toEqual([0, 17, 18, 19, 20, 21, 21]);
  expect(foldContext([{ value: same }])).toHaveLength(20);
});
