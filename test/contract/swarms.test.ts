/** The swarms are those of CONTRACT.md, and each fits its pattern. */
import { ALIASES, COORDINATE } from '../../src/contract/names';
import { PATTERN_NAMES } from '../../src/workflows/registry';
import { findSwarm, role, SWARMS, swarmDefinition } from '../../src/contract/swarms';

const listAliases = (id: string) =>
  Object.fromEntries(Object.entries(findSwarm(id)?.roles ?? {}).map(([name, { alias }]) => [name, alias]));

it('are the three of CONTRACT.md', () => {
  expect(SWARMS.map(({ id }) => id)).toEqual(['strategic-swarm', 'coding-swarm', 'debate-swarm']);
});

it('use the five aliases of CONTRACT.md', () => {
  expect([...ALIASES]).toEqual(['strategic', 'coding', 'debate_1', 'debate_2', 'fast']);
});

it.each(SWARMS.map((swarm) => [swarm.id, swarm] as const))('%s is a valid user definition', (_, swarm) => {
  expect(swarmDefinition.parse(JSON.parse(JSON.stringify(swarm)))).toEqual(swarm);
  expect(PATTERN_NAMES).toContain(swarm.pattern);
});

it.each([
  ['strategic-swarm', { strategist: 'strategic', critic: 'strategic' }],
  ['coding-swarm', { coder: 'coding', second_coder: 'coding', reviewer: 'coding' }],
  ['debate-swarm', { optimistic: 'debate_1', cautious: 'debate_2', balanced: 'fast', moderator: 'strategic' }],
])('%s has its roles, each at its alias', (id, aliases) => {
  expect(listAliases(id)).toEqual(aliases);
});

it.each([
  ['strategic-swarm', 'strategist'],
  ['coding-swarm', 'coder'],
  ['debate-swarm', 'optimistic'],
])('the answer of %s may have 2000 tokens', (id, name) => {
  expect(findSwarm(id)?.roles[name]?.max_tokens).toBe(2000);
});

it.each(['optimistic', 'cautious', 'balanced'])('the %s voice has temperature 0.7', (name) => {
  expect(findSwarm('debate-swarm')?.roles[name]?.temperature).toBe(0.7);
});

it('have a distinct label for each role', () => {
  for (const { roles } of SWARMS) {
    const labels = Object.values(roles).map(({ label }) => label);
    expect(new Set(labels).size).toBe(labels.length);
  }
});

it('are found by their exact id, and do not include the coordination', () => {
  expect(findSwarm('coding-swarm')?.name).toBe('Coding swarm');
  for (const id of ['', 'coding', 'CODING-SWARM', 'constructor', COORDINATE]) expect(findSwarm(id)).toBeUndefined();
});

describe('the definition of a role', () => {
  const good = { label: 'Poet', alias: 'fast', system: 'Rhyme.', temperature: 1, max_tokens: 10 };

  it('is accepted if it is complete', () => {
    expect(role.parse(good)).toEqual(good);
  });

  it.each([
    ['label', ''],
    ['alias', 'slow'],
    ['system', ''],
    ['temperature', 2.1],
    ['temperature', undefined],
    ['max_tokens', 0],
    ['max_tokens', 1.5],
  ])('is refused if %s is %p', (field, value) => {
    const { error } = role.safeParse({ ...good, [field]: value });
    expect(error?.issues.map(({ path }) => path.join('.'))).toEqual([field]);
  });
});
