/** The conclusion of a debate or of a review in short. */
import type { DebateRecord } from '../../src/contract';
import { summariseConclusion } from '../../src/events/conclusion';

const debate: DebateRecord = {
  rounds: 2,
  agreement: [0.3, 0.5],
  agreed: false,
  majority: 'for',
  voices: [
    { role: 'a', label: 'First voice', positions: [], changed: false },
    { role: 'b', label: 'Second voice', positions: [], changed: true },
  ],
  dissent: ['b', 'unknown'],
  missing: [],
  quorum: { needed: 2, heard: 2, met: true },
  only_voice: null,
};
const stage = { stage: 'review', team_id: 'debate-swarm', round: 0, answer: 'summary' };

test('a run without debate and review has none', () => {
  expect(summariseConclusion()).toBeNull();
  expect(summariseConclusion({}, [stage])).toBeNull();
});

test('a debate names its dissenters; a decision that could not be read is null; the last review counts', () => {
  const stages = [
    { ...stage, verdict: 'revise' as const },
    { ...stage, stage: 'review-2', verdict: 'pass' as const },
    { ...stage, stage: 'implement' },
  ];
  expect(summariseConclusion({ debate }, stages)).toEqual({
    decision: null,
    confidence: null,
    stance: 'for',
    agreement: 0.5,
    agreed: false,
    dissent: ['Second voice', 'unknown'],
    review: 'pass',
  });
});
