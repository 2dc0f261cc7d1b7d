/** The state of a run as shown to people: one name per state, in order of precedence. */
import { RUN_STATES, type RunState } from '../../src/contract/names';
import type { RunPayload, TurnPayload } from '../../src/contract';
import { summariseChecks } from '../../src/contract/verification';
import type { Verification } from '../../src/contract/checks';
import { emptySnapshot, foldEvent } from '../../src/events/fold';
import { describeState, makeFacts, readFacts, STATE_NAMES } from '../../src/events/run-state';
import { runPayloads, SAMPLES, turnEvent, turnSamples } from '../support/events';

const UNTIL = 1_790_000_009_000;
const verification: Verification = {
  turn: 'draft',
  language: 'python',
  executed: true,
  passed: false,
  checks: [
    { name: 'double(2)', origin: 'request', passed: false, error: 'returned 2, expected 4' },
    { name: 'double(0)', origin: 'request', passed: true },
  ],
  output: '',
  ms: 12,
  rounds: 3,
};
const ended = (report: Verification): RunPayload => ({
  type: 'run.completed',
  turns: 1,
  usage: { prompt_tokens: 1, completion_tokens: 1 },
  cost_usd: null,
  answers: ['draft'],
  checks_summary: summariseChecks(report)!,
});

type Step = { run: RunPayload } | { turn: string; says: TurnPayload };

/** The state after each of these steps of a run. */
function follow(steps: Step[], hasWorker?: boolean): string[] {
  const run = emptySnapshot();
  const indices = new Map<string, number>();
  return steps.map((step) => {
    if ('run' in step) foldEvent(run, runPayloads(step.run));
    else {
      const index = indices.get(step.turn) ?? 0;
      indices.set(step.turn, index + 1);
      foldEvent(run, turnEvent(step.says, { turn: step.turn, epoch: 1, index }));
    }
    const { label, until } = describeState(readFacts(run, hasWorker));
    return until === undefined ? label : `${label} until ${until}`;
  });
}

const opened: Step = { run: { type: 'run.started', swarm_id: 'debate-swarm', message: 'Should we?' } };
const waiting = (reason: 'RATE_LIMITED' | 'BUDGET_EXHAUSTED', until: number): TurnPayload => ({
  type: 'turn.waiting',
  reason,
  message: '',
  until,
});

test('every state has a name of its own', () => {
  expect(Object.keys(STATE_NAMES).sort()).toEqual([...RUN_STATES].sort());
  const names = Object.values(STATE_NAMES).map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});

test('a run is queued, starts, runs, waits and runs again', () => {
  const steps: Step[] = [
    { run: { type: 'run.queued', behind: ['a', 'b'] } },
    { run: { type: 'run.queued', behind: ['b'] } },
    opened,
    { turn: 'one', says: turnSamples['turn.started'] },
    { turn: 'one', says: waiting('RATE_LIMITED', UNTIL) },
    { turn: 'one', says: turnSamples['turn.restarted'] },
    { turn: 'one', says: turnSamples['turn.completed'] },
  ];
  expect(follow(steps)).toEqual([
    'Queued behind 2 runs',
    'Queued behind 1 run',
    'Queued behind 1 run',
    'Running',
    `Waiting (rate limited) until ${UNTIL}`,
    'Running',
    'Running',
  ]);
  expect(follow([opened])).toEqual(['Starting']);
});

test('a run waits only if no turn runs; then the wait that ends first counts', () => {
  const steps: Step[] = [
    { turn: 'one', says: turnSamples['turn.started'] },
    { turn: 'two', says: waiting('RATE_LIMITED', UNTIL + 1) },
    { turn: 'three', says: waiting('BUDGET_EXHAUSTED', UNTIL) },
    { turn: 'one', says: turnSamples['turn.completed'] },
  ];
  expect(follow(steps).slice(2)).toEqual(['Running', `Waiting (other calls hold the budget) until ${UNTIL}`]);
});

test('a turn that falls back while it waits still waits, and one that ends waits no longer', () => {
  const steps: Step[] = [
    { turn: 'one', says: waiting('RATE_LIMITED', UNTIL) },
    { turn: 'one', says: turnSamples['turn.rerouted'] },
    { turn: 'one', says: turnSamples['turn.failed'] },
  ];
  const wait = `Waiting (rate limited) until ${UNTIL}`;
  expect(follow(steps)).toEqual([wait, wait, 'Running']);
});

test('a pause tells how many turns it lets finish; an open gate comes first', () => {
  const steps: Step[] = [
    { turn: 'one', says: turnSamples['turn.started'] },
    { turn: 'two', says: turnSamples['turn.started'] },
    { run: { type: 'run.paused', number: 1 } },
    { turn: 'one', says: turnSamples['turn.completed'] },
    { turn: 'two', says: turnSamples['turn.completed'] },
    { run: { type: 'gate.opened', gate: 'plan', question: 'Approve this plan?', about: 'one' } },
    { run: { type: 'gate.resolved', gate: 'plan', decision: 'approved', reason: '' } },
    { run: { type: 'run.resumed', number: 1 } },
  ];
  expect(follow(steps).slice(2)).toEqual([
    'Paused (finishing 2 turns)',
    'Paused (finishing 1 turn)',
    'Paused',
    'Needs approval',
    'Paused',
    'Running',
  ]);
});

test('without a worker a run says so, unless it waits for a person or has ended', () => {
  expect(follow([opened, { turn: 'one', says: turnSamples['turn.started'] }], false)).toEqual([
    'No worker is running',
    'No worker is running',
  ]);
  expect(follow([opened, { run: SAMPLES['gate.opened'] as RunPayload }], false)).toContain('Needs approval');
  expect(follow([opened, { run: SAMPLES['run.completed'] as RunPayload }], false)).toContain('Completed');
});

test('an answer whose code fails its checks is not just completed', () => {
  const passing = verification.checks.map(({ name, origin }) => ({ name, origin, passed: true }));
  const states = [
    verification,
    { ...verification, passed: true, checks: passing },
    // its own test fails, the example of the request holds
    { ...verification, passed: true, checks: [passing[0]!, { name: 'own', origin: 'own' as const, passed: false }] },
    { ...verification, killed: 'time' as const, checks: passing },
    { ...verification, executed: false, reason: 'It needs numpy.', checks: [] },
    { ...verification, passed: true, checks: [{ name: 'loads', origin: 'load' as const, passed: true }] },
  ].map((report) => follow([opened, { run: ended(report) }])[1]);
  expect(states).toEqual([
    'Completed, 1 of 2 checks failed',
    'Completed, all checks passed',
    'Completed, 1 of 2 checks failed',
    'Completed, code stopped at its limit of time',
    'Completed, code not executed',
    'Completed',
  ]);
});

test('the summary of a report is one sentence; a document has none', () => {
  expect(summariseChecks(verification)).toEqual({
    executed: true,
    passed: false,
    tested: true,
    total: 2,
    failed: 1,
    sentence: 'Executed (python): 1 of 2 checks passed after 3 repairs. It does not work yet.',
  });
  expect(summariseChecks({ ...verification, no_program: true })).toBeUndefined();
});

test('a run of which only the status is known has a state too', () => {
  const states = (['running', 'completed', 'failed', 'cancelled'] as const).map(
    (status): RunState => describeState(makeFacts(status)).state,
  );
  expect(states).toEqual(['running', 'completed', 'failed', 'cancelled']);
});
