/** Merging many turns into one text: which parts it contains, and how it ends. */
import type { RunResult, SwarmDefinition, TurnResult } from '../../src/contract';
import { findSwarm, SWARMS } from '../../src/contract/swarms';
import type { TurnYield } from '../../src/contract/shapes';
import { COORDINATION } from '../../src/contract/compositions';
import { toReply } from '../../src/api/results';
import { Transcript, type TurnFrame } from '../../src/api/transcript';
import { PLACE } from '../support/events';

interface Spoken {
  turn: string;
  label: string;
  text: string;
  yields?: TurnYield;
  team?: string;
}

function play(swarm: SwarmDefinition, spoken: Spoken[], result: Partial<RunResult>) {
  let [text, aside] = ['', ''];
  const transcript = new Transcript(swarm, {
    say: (piece) => (text += piece.text),
    sayAside: (piece) => (aside += piece.text),
  });
  for (const { turn, label, text: content, yields, team = swarm.id } of spoken) {
    const frame = { turn, label, team_id: team, done: false, cursor: '' };
    const place = { ...PLACE, ...(yields ? { yields } : {}) };
    transcript.hear({ ...frame, event: 'turn.started', content: '', place } as unknown as TurnFrame);
    transcript.hear({ ...frame, event: 'turn.delta', content } as unknown as TurnFrame);
    transcript.hear({ ...frame, event: 'turn.completed', content: '' } as unknown as TurnFrame);
  }
  const usage = { prompt_tokens: 1, completion_tokens: 1 };
  const turns = spoken.map((one) => ({ ...one, usage, cost_usd: 0 }) as unknown as TurnResult);
  const whole = { run_id: 'r', session_id: 's', team_id: swarm.id, status: 'complete', failures: [], answers: [] };
  const run = { ...whole, turns, ...result } as RunResult;
  transcript.finish(run);
  return { text, aside, reply: toReply(run).responses.join('\n\n') };
}

const JSON_TEXT = '{"decision": "accept"}';
const verification = (turn: string) => ({
  ...{ turn, language: 'python', executed: true, passed: false, output: '', ms: 1, rounds: 3 },
  checks: [{ name: 'f(1)', origin: 'own' as const, passed: false, error: 'AssertionError' }],
});
const CODE: Spoken[] = [
  { turn: 'draft', label: 'Coder, draft', text: 'PROGRAM-1', yields: 'draft' },
  { turn: 'repair-1', label: 'Coder, repair 1', text: 'PROGRAM-2', yields: 'draft' },
  { turn: 'other-1', label: 'Second coder, draft 1', text: 'PROGRAM-3', yields: 'draft' },
  { turn: 'review', label: 'Code reviewer', text: 'REVISE: no.' },
  { turn: 'critic', label: 'Code reviewer, critic as data', text: JSON_TEXT, yields: 'data' },
];

test('dropped programs are not part of the text; the answer comes last, labelled, and says that it was executed', () => {
  const { text, aside, reply } = play(SWARMS[1]!, CODE, {
    answers: ['repair-1'],
    verification: verification('repair-1'),
  });
  expect(text.endsWith(`### Answer: Coder, repair 1\n\n${reply}`)).toBe(true);
  expect(reply).toContain('It does not work yet');
  expect(text).not.toMatch(/PROGRAM-[13]/);
  expect(text.match(/PROGRAM-2/g)).toHaveLength(1);
  for (const { text: program } of CODE.slice(0, 3)) expect(aside).toContain(program);
  expect(text + aside).not.toContain(JSON_TEXT);
});

test.each([
  [
    'strategic-swarm',
    [
      { turn: 'draft', label: 'Strategist, draft', text: 'DRAFT' },
      { turn: 'critique', label: 'Plan critic', text: 'CRITIQUE' },
      { turn: 'plan', label: 'Strategist, final plan', text: 'PLAN' },
      { turn: 'critic', label: 'Plan critic, critic as data', text: JSON_TEXT, yields: 'data' },
    ],
    ['plan'],
  ],
  [
    'debate-swarm',
    [
      { turn: 'optimistic', label: 'Optimistic voice', text: 'FOR' },
      { turn: 'cautious', label: 'Cautious voice', text: 'AGAINST' },
      { turn: 'summary', label: 'Moderator', text: 'SUMMARY' },
      { turn: 'judge', label: 'Moderator, judge as data', text: JSON_TEXT, yields: 'data' },
      { turn: 'judge-repair~2', label: 'Moderator, judge as data, repaired, 2nd try', text: JSON_TEXT, yields: 'data' },
    ],
    ['optimistic', 'cautious', 'summary'],
  ],
] as [string, Spoken[], string[]][])(
  'of %s the text ends with the reply, and data is no part of it',
  (id, spoken, answers) => {
    const { text, reply } = play(findSwarm(id)!, spoken, { answers });
    expect(text.endsWith(reply)).toBe(true);
    expect(text).not.toContain(JSON_TEXT);
    // an answer that already ends the text is not repeated
    expect(text.split(spoken[2]!.text)).toHaveLength(answers.length === 1 ? 2 : 3);
  },
);

test('stages are streamed by the rules of their own swarms', () => {
  const spoken: Spoken[] = [
    { turn: 'plan/draft', label: 'Strategist, draft', text: 'PLAN', team: 'strategic-swarm' },
    { turn: 'implement/draft', label: 'Coder, draft', text: 'PROGRAM', yields: 'draft', team: 'coding-swarm' },
    { turn: 'review/summary', label: 'Moderator', text: 'VERDICT: PASS', team: 'debate-swarm' },
    {
      turn: 'review/critic',
      label: 'Moderator, critic as data',
      text: JSON_TEXT,
      yields: 'data',
      team: 'debate-swarm',
    },
  ];
  const answers = ['plan/draft', 'implement/draft', 'review/summary'];
  const { text, aside, reply } = play(COORDINATION, spoken, { answers });
  expect(text.endsWith(`### Answer\n\n${reply}`)).toBe(true);
  expect(text.split('### Answer')[0]).toContain('PLAN');
  expect(text.split('### Answer')[0]).not.toContain('PROGRAM');
  expect(aside).toContain('PROGRAM');
});

test('a role called judge is not treated as data', () => {
  const swarm = { ...SWARMS[0]!, id: 'own', pattern: 'panel' as const };
  const { text } = play(swarm, [{ turn: 'judge', label: 'Judge', text: 'WORDS' }], { answers: ['judge'] });
  expect(text).toBe('\n\n### Judge\n\nWORDS');
});
