/** Models' JSON is parsed with tolerance for its surroundings, but not for its structure. */
import { readStructure } from '../../src/activities/read-structure';

const critic = {
  verdict: 'revise',
  findings: {
    security: ['No limit on the input.'],
    data_integrity: [],
    logic_correctness: [],
    performance: [],
    usability: [],
    maintainability: [],
  },
  must_fix: ['Limit the input.'],
  nice_to_have: [],
  confidence_score: 0.9,
};
const readProblem = async (text: string) => {
  const reading = await readStructure('critic', text);
  return 'problem' in reading ? reading.problem : undefined;
};

it.each([
  ['bare', JSON.stringify(critic)],
  [
    'in a code fence with words around it',
    `Here it is:\n\`\`\`json\n${JSON.stringify(critic, null, 2)}\n\`\`\`\nDone.`,
  ],
  [
    'with a point for a list, a percentage and capitals',
    JSON.stringify({ ...critic, verdict: 'REVISE', must_fix: 'Limit the input.', confidence_score: '90' }),
  ],
])('a structure is parsed %s', async (_, text) => {
  expect(await readStructure('critic', text)).toEqual({ value: critic });
});

it('lists that a model omits are empty', async () => {
  const reading = await readStructure('critic', '{"verdict":"pass","confidence_score":1}');
  expect(reading).toMatchObject({ value: { verdict: 'pass', must_fix: [], findings: { security: [] } } });
});

it.each([
  ['VERDICT: PASS', /no JSON object/],
  ['{"verdict": "pass", }', /cannot be parsed/],
  ['{"verdict":"maybe","confidence_score":1}', /^verdict: /],
  ['{"verdict":"pass"}', /^confidence_score: /],
  ['{"verdict":"pass","confidence_score":1,"must_fix":[1]}', /^must_fix\.0: /],
])('%j is refused with a reason', async (text, reason) => {
  expect(await readProblem(text)).toMatch(reason);
});
