/** Each response of a debate is readable on its own. */
import { describeVoice } from '../../src/answers/debate-responses';
import { shuffle } from '../../src/answers/shuffle';
import type { DebateRecord, TurnResult } from '../../src/contract';

const ROLES = ['optimistic', 'cautious', 'balanced'];
const voices = ROLES.map((role) => ({
  role,
  label: `${role} voice`,
  changed: false,
  positions: [1, 2].map((round) => ({
    round,
    turn: round === 1 ? role : `${role}-2`,
    model: 'm',
    stance: null,
    confidence: null,
  })),
}));
const record = { voices } as unknown as DebateRecord;
const turns = voices.flatMap(({ positions }) =>
  positions.map(({ turn }) => ({ turn, text: `<${turn}>` }) as TurnResult),
);

test.each(ROLES)(
  'the response of the %s voice has its name, its opening, its reply, and the meaning of the letters',
  (role) => {
    const response = describeVoice(`${role}-2`, record, turns)!;
    expect(response.startsWith(`## ${role} voice\n\n### Opening\n\n<${role}>\n\n### Round 2 (Voice A is the `)).toBe(
      true,
    );
    expect(response.endsWith(`<${role}-2>`)).toBe(true);
    const others = shuffle(
      ROLES.filter((one) => one !== role),
      `<${role}>2`,
    );
    expect(response).toContain(`(Voice A is the ${others[0]} voice, Voice B is the ${others[1]} voice)`);
  },
);

test('an opening alone is a response', () => {
  expect(describeVoice('optimistic', record, turns)).toBeUndefined();
  expect(describeVoice('summary', record, turns)).toBeUndefined();
});
