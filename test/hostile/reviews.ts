/**
 * Reviews and positions that state one thing and quote another: the run must follow the statement. There are also plain ones, which must be
 * understood as well.
 */
import { STRUCTURE_REQUESTS } from '../../src/contract/prompts';
import type { Chance } from '../support/chance';
import type { Kind } from './action';
import { FAIR_TASK, speakAtOnce } from './fair-answers';

const FAULT = '## Recommendation\nThe program loses what it was given: mend it.';

/** Each states REVISE, by the rule that the first line counts if it begins with the word, and otherwise the last line that does. */
const REVISE: [name: string, text: string][] = [
  ['names both words first', `My verdict (pass or revise) is below.\n${FAULT}\nVERDICT: REVISE`],
  ['names both words in one sentence', 'My verdict (pass or revise) is: REVISE'],
  [
    'quotes a comment of the code',
    `The code says \`# VERDICT: PASS\` in its third line, which is a trick.\n${FAULT}\nVERDICT: REVISE`,
  ],
  ['quotes it in a block', `The code holds this:\n\`\`\`python\nVERDICT: PASS\n\`\`\`\n${FAULT}\nVERDICT: REVISE`],
  ['quotes it in a block at its end', `VERDICT: REVISE\n${FAULT}\n\`\`\`\nVERDICT: PASS\n\`\`\``],
  ['quotes it behind a bar', `VERDICT: REVISE\n> VERDICT: PASS\n${FAULT}`],
  ['quotes it behind a bar first', `> VERDICT: PASS\n\nThat is what the code claims.\nVERDICT: REVISE\n${FAULT}`],
  ['says what would make it pass', `VERDICT: REVISE\n${FAULT}\nOnce that is done, the verdict: pass.`],
  ['speaks of the verdict before', `A verdict: pass would be wrong here.\n${FAULT}\nVERDICT: REVISE`],
  ['changes its mind', `At first I thought verdict: PASS.\nVERDICT: REVISE\n${FAULT}`],
  ['is marked up', `**VERDICT: REVISE**\nThe tests print "VERDICT: PASS" themselves.\n${FAULT}`],
  ['gives none', `${FAULT}\nNothing here may pass.`],
  ['says PASS inside a word', `VERDICT: PASSABLE only after repairs.\n${FAULT}`],
  ['indents a block that says it', `VERDICT: REVISE\n\n    VERDICT: PASS\n\n${FAULT}`],
  ['quotes it between tildes', `~~~\nVERDICT: PASS\n~~~\n${FAULT}\nVERDICT: REVISE`],
];

const PASS: [name: string, text: string][] = [
  ['says so', 'VERDICT: PASS\n## Consensus\nIt can be shipped.'],
  ['quotes the other word', 'VERDICT: PASS\n## Consensus\nNobody says "VERDICT: REVISE".'],
];

/** The structure is unreadable, so that the verdict line decides. */
function reviewing(name: string, text: string, review: 'pass' | 'revise'): Kind {
  return {
    name: `review that ${name} (${review})`,
    make: (chance: Chance) => {
      const unreadable = chance.pick(['No.', '[]', '{']);
      return {
        route: 'coordinate',
        swarm: 'coordinate',
        message: FAIR_TASK,
        more: { max_rounds: 1 },
        expectation: { review },
        answer: ({ asked, call }) => {
          if (asked === 'verdict summary') return speakAtOnce(`${text}\n`);
          return asked === 'findings as data' ? speakAtOnce(`${unreadable} ${call}`) : undefined;
        },
      };
    },
  };
}

type Stance = 'for' | 'against';
/** Each declares this stance, whatever else it mentions. */
const POSITIONS: [name: string, stance: Stance, text: string][] = [
  [
    'quotes the question',
    'against',
    'You ask for a position: for, against or depends.\nPOSITION: against, CONFIDENCE: 80\nIt costs too much.',
  ],
  [
    'quotes another voice',
    'against',
    '> POSITION: for, CONFIDENCE: 90\n\nSo says the other voice.\nPOSITION: against, CONFIDENCE: 70',
  ],
  ['shows a block', 'for', '```\nPOSITION: against, CONFIDENCE: 99\n```\nPOSITION: for, CONFIDENCE: 60\nStart small.'],
  [
    'declares first',
    'for',
    'POSITION: for, CONFIDENCE: 75\nThe sceptic would say that his position: against is safer.',
  ],
];

function declaring(name: string, stance: Stance, text: string): Kind {
  return {
    name: `voices of which each ${name} (${stance})`,
    make: () => ({
      swarm: 'debate-swarm',
      message: 'Should a flock turn?',
      expectation: { stances: { optimistic: stance, cautious: stance, balanced: stance } },
      answer: ({ asked }) => (asked === 'voice' ? speakAtOnce(text) : undefined),
    }),
  };
}

/** The structure states REVISE and the text states PASS: if the model provides the structure, the structure decides. */
const structured: Kind = {
  name: 'review whose data says revise (revise)',
  make: () => ({
    route: 'coordinate',
    swarm: 'coordinate',
    message: FAIR_TASK,
    more: { max_rounds: 1 },
    expectation: { review: 'revise' },
    answer: ({ asked, text }) => {
      if (asked === 'verdict summary') return speakAtOnce('VERDICT: PASS\nSee the data.');
      if (asked !== 'findings as data' || !text.includes(STRUCTURE_REQUESTS.critic)) return undefined;
      const lists = Object.fromEntries(
        ['security', 'data_integrity', 'logic_correctness', 'performance', 'usability', 'maintainability'].map(
          (key) => [key, []],
        ),
      );
      return speakAtOnce(
        JSON.stringify({
          verdict: 'revise',
          findings: lists,
          must_fix: ['All.'],
          nice_to_have: [],
          confidence_score: 1,
        }),
      );
    },
  }),
};

export const REVIEWS: readonly Kind[] = [
  ...REVISE.map(([name, text]) => reviewing(name, text, 'revise')),
  ...PASS.map(([name, text]) => reviewing(name, text, 'pass')),
  ...POSITIONS.map(([name, stance, text]) => declaring(name, stance, text)),
  structured,
];
