/** The first turns that follow from a run's input are exactly those that its workflow asks for: compared with the recorded histories. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { SwarmRunInput, TurnRequest } from '../../src/contract';
import { listFirstRequests } from '../../src/workflows/first-turns';
import { PATTERN_NAMES } from '../../src/workflows/registry';

interface Payloads {
  payloads: { data: string }[];
}
interface RecordedEvent {
  workflowExecutionStartedEventAttributes?: { input: Payloads };
  activityTaskScheduledEventAttributes?: { activityType: { name: string }; input: Payloads };
}

function readFirst<T>({ payloads }: Payloads): T {
  return JSON.parse(Buffer.from(payloads[0]?.data ?? '', 'base64').toString()) as T;
}

function readHistory(name: string): { input: SwarmRunInput; first: TurnRequest[] } {
  const file = path.join(__dirname, `../histories/${name}.json`);
  const { events } = JSON.parse(readFileSync(file, 'utf8')) as { events: RecordedEvent[] };
  const started = events[0]?.workflowExecutionStartedEventAttributes;
  const isScheduled = ({ activityTaskScheduledEventAttributes: scheduled }: RecordedEvent) => scheduled !== undefined;
  const from = events.findIndex(isScheduled);
  const end = events.findIndex((event, i) => i > from && !isScheduled(event));
  const first = events.slice(from, end).map(({ activityTaskScheduledEventAttributes: scheduled }) => {
    expect(scheduled!.activityType.name).toBe('takeTurn');
    return readFirst<TurnRequest>(scheduled!.input);
  });
  return { input: readFirst(started!.input), first };
}

/** As it arrives at an activity: absent fields are left out. */
const send = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

describe('the first requests are those of the recorded run', () => {
  test.each(PATTERN_NAMES)('%s', (name) => {
    const { input, first } = readHistory(name);
    const { gates: _gates, session_policy: _policy, ...known } = input;
    expect(first.length).toBeGreaterThan(0);
    expect(send(listFirstRequests(known))).toEqual(first);
  });
});

describe('a run has no known first turns', () => {
  const { input } = readHistory('single');
  test.each<[string, Partial<SwarmRunInput>]>([
    ['in a session, which has a queue and earlier messages', { session_policy: 'queue' }],
    ['as a fork, whose turns may be reused', { fork: { run_id: 'a', from: 'b', edits: [], recorded: {} } as never }],
    ['with a gate', { gates: { approve_above_usd: 1 } }],
    ['whose message follows in parts', { message: '', message_parts: 2 }],
    ['whose message is stored first', { message: 'x'.repeat(8001) }],
  ])('%s', (_case, more) => {
    expect(listFirstRequests({ ...input, ...more })).toEqual([]);
  });
});

test('several drafts begin with as many as a vote needs', () => {
  const { input } = readHistory('build');
  const withDrafts = (drafts: number) => ({ ...input, swarm: { ...input.swarm, build: { drafts } } });
  const count = (drafts: number) => listFirstRequests(withDrafts(drafts)).length;
  expect([1, 2, 3].map(count)).toEqual([1, 2, 2]);
});
