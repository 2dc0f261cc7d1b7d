/** A client that knows only `content` and `done` can read every frame; one that knows more finds the whole event beside them. */
import { isTerminal, type RunEvent } from '../../src/contract/events';
import { toFrame } from '../../src/contract/frames';
import { SAMPLES } from '../support/events';

const samples = Object.entries(SAMPLES) as [RunEvent['type'], RunEvent][];
const frameOf = (event: RunEvent) => toFrame({ cursor: '17-3', event });

it.each(samples)('the frame of %s has content, done, cursor and event', (type, event) => {
  expect(frameOf(event)).toMatchObject({
    content: expect.any(String),
    done: isTerminal(event),
    cursor: '17-3',
    event: type,
    run_id: event.run_id,
    session_id: event.session_id,
    team_id: event.team_id,
  });
});

it.each(samples)('the frame of %s holds the rest of the event, and neither `v`, `type` nor `text`', (_, event) => {
  const { v: _v, type: _type, text: _text, ...rest } = event as RunEvent & { text?: string };
  const { content: _content, done: _done, cursor: _cursor, event: _event, ...beside } = frameOf(event);
  expect(beside).toEqual(rest);
});

it.each(samples.filter(([type]) => !['turn.delta', 'turn.restarted'].includes(type)))(
  'the frame of %s has empty content',
  (_, event) => {
    expect(frameOf(event).content).toBe('');
  },
);

it('a client that knows only content reads that a turn begins anew', () => {
  expect(frameOf(SAMPLES['turn.restarted']).content).toMatch(/^\n\n\[.+ was interrupted and begins anew\.\]\n\n$/);
});

it('the frame of a delta carries its text as content', () => {
  expect(frameOf(SAMPLES['turn.delta'])).toMatchObject({ content: 'Grüße 🐦', done: false, offset: 0 });
});

it('a delta without text is still a delta', () => {
  const frame = frameOf({ ...SAMPLES['turn.delta'], text: '' } as RunEvent);
  expect(frame).toMatchObject({ content: '', event: 'turn.delta' });
  expect(frame).not.toHaveProperty('text');
});

it('the contents of all frames, put together, are the text of the run', () => {
  const deltas = ['A', ' flock', '🐦'].map((text) => ({ ...SAMPLES['turn.delta'], text }) as RunEvent);
  const frames = [SAMPLES['run.started'], ...deltas, SAMPLES['run.completed']].map(frameOf);
  expect(frames.map(({ content }) => content).join('')).toBe('A flock🐦');
  expect(frames.map(({ done }) => done)).toEqual([false, false, false, false, true]);
});

it('the event itself stays as it was: other readers share it', () => {
  const event = Object.freeze({ ...SAMPLES['turn.delta'] });
  expect(() => frameOf(event)).not.toThrow();
  expect(event).toEqual(SAMPLES['turn.delta']);
});
