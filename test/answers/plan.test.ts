/** A plan is parsed by its headings, in any form that models give them. */
import { PLAN_HEADINGS, readPlan } from '../../src/answers/plan';
import type { PlanPart } from '../../src/contract/names';

const BODY =
  'Name the parts, their data and who builds what, with numbers and dates, so that one could begin on Monday morning without asking anybody.';
const headings = Object.values(PLAN_HEADINGS);
const parsePlan = (titles: string[], body = BODY) => titles.map((title) => `${title}\n${body}\n`).join('\n');

it.each([
  ['as asked for', headings],
  ['without numbers', ['## High-Level Architecture', '## Implementation Steps', '## Challenges', '## Resources']],
  ['of another rank', headings.map((title) => `#${title}`)],
  ['in bold', headings.map((title) => `**${title.replace('## ', '')}**`)],
  ['as numbered bold lines', ['1. **Architecture**', '2. **Steps**', '3. **Risks**', '4. **Resource requirements:**']],
])('a plan with headings %s has four parts', (_, titles) => {
  const plan = readPlan(`# The architecture and resource plan\n\n${parsePlan(titles)}`);
  expect([plan.missing, plan.weak]).toEqual([[], []]);
  for (const part of Object.keys(PLAN_HEADINGS) as PlanPart[]) expect(plan[part]).toBe(BODY);
});

it('sub-headings stay in their part, even with the words of another part', () => {
  const [architecture, ...others] = headings;
  const plan = readPlan(`${architecture}\n### Implementation of resources\n${BODY}\n${parsePlan(others)}`);
  expect(plan.architecture).toContain('### Implementation of resources');
  expect(plan.resources).toBe(BODY);
});

it('a heading inside a code block does not count', () => {
  const plan = readPlan(parsePlan(headings.slice(0, 3)) + '```\n## 4. Resource requirements\n```\n');
  expect(plan.missing).toEqual(['resources']);
});

it('reports missing and weak parts', () => {
  const plan = readPlan(`${parsePlan(headings.slice(0, 2))}\n${headings[2]}\nTime.`);
  expect([plan.missing, plan.weak]).toEqual([['resources'], ['challenges']]);
});

it.each(['', 'Just do it.'])('%j has no parts', (text) => {
  expect(readPlan(text).missing).toEqual(['architecture', 'steps', 'challenges', 'resources']);
});
