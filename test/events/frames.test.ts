/** Every frame has `content` and `done` for clients that read only those, and the whole event. */
import { isTerminal, type RunEvent } from '../../src/contract/events';
import { toFrame } from '../../src/events/frames';
import { SAMPLES } from '../support/events';

const samples = Object.entries(SAMPLES) as [RunEvent['type'], RunEvent][];
const readFrame = (event: RunEvent) => toFrame({ cursor: '17-3', event });

it.each(samples)('the frame of %s has content, done, cursor and event', (type, event) => {
  expect(readFrame(event)).toMatchObject({
    content: expect.any(String),
    done: isTerminal(event),
    cursor: '17-3',
    event: type,
    run_id: event.run_id,
    session_id: event.session_id,
    team_id: event.team_id,
  });
});

it.each(samples)('the frame of %s contains the rest of the event, and neither `v`, `type` nor `text`', (_, event) => {
  const { v: _v, type: _type, text: _text, ...rest } = event as RunEvent & { text?: string };
  const { content: _content, done: _done, cursor: _cursor, event: _event, ...beside } = readFrame(event);
  expect(beside).toEqual(rest);
});

it.each(samples.filter(([type]) => !['turn.delta', 'turn.restarted', 'run.failed', 'run.cancelled'].includes(type)))(
  'the frame of %s has empty content',
  (_, event) => {
    expect(readFrame(event).content).toBe('');
  },
);

it('a client that reads only content receives a notice that a turn starts over', () => {
  expect(readFrame(SAMPLES['turn.restarted']).content).toMatch(/^\n\n\[.+ was interrupted and begins anew\.\]\n\n$/);
});

it.each(['run.failed', 'run.cancelled'] as const)(
  'a client that reads only content receives the reason of %s',
  (type) => {
    const failed = SAMPLES[type];
    expect(readFrame(failed).content).toBe(`\n\n[Failed: ${(failed as { message: string }).message}]`);
  },
);

it('the frame of a delta carries its text as content', () => {
  expect(readFrame(SAMPLES['turn.delta'])).toMatchObject({ content: 'Grüße 🐦', done: false, offset: 0 });
});

it('a delta with an empty text is still a delta', () => {
  const frame = readFrame({ ...SAMPLES['turn.delta'], text: '' } as RunEvent);
  expect(frame).toMatchObject({ content: '', event: 'turn.delta' });
  expect(frame).not.toHaveProperty('text');
});

it('the concatenated contents of all frames are the text of the run', () => {
  const deltas = ['A', ' flock', '🐦'].map((text) => ({ ...SAMPLES['turn.delta'], text }) as RunEvent);
  const frames = [SAMPLES['run.started'], ...deltas, SAMPLES['run.completed']].map(readFrame);
  expect(frames.map(({ content }) => content).join('')).toBe('A flock🐦');
  expect(frames.map(({ done }) => done)).toEqual([false, false, false, false, true]);
});

it('the event itself is not modified, because other readers share it', () => {
  const event = Object.freeze({ ...SAMPLES['turn.delta'] });
  expect(() => readFrame(event)).not.toThrow();
  expect(event).toEqual(SAMPLES['turn.delta']);
});
