/** The swarms are those of CONTRACT.md, and each can be led by its pattern. */
import { ALIASES, COORDINATE } from '../../src/contract/names';
import { findSwarm, PATTERNS, role, SWARMS, swarmDefinition } from '../../src/contract/swarms';

const aliasesOf = (id: string) =>
  Object.fromEntries(Object.entries(findSwarm(id)?.roles ?? {}).map(([name, { alias }]) => [name, alias]));

it('are the three of the contract', () => {
  expect(SWARMS.map(({ id }) => id)).toEqual(['strategic-swarm', 'coding-swarm', 'debate-swarm']);
});

it('speak through the five aliases of the contract', () => {
  expect([...ALIASES]).toEqual(['strategic', 'coding', 'debate_1', 'debate_2', 'fast']);
});

it.each(SWARMS.map((swarm) => [swarm.id, swarm] as const))(
  '%s is a definition as a user could write it',
  (_, swarm) => {
    expect(swarmDefinition.parse(JSON.parse(JSON.stringify(swarm)))).toEqual(swarm);
    expect(PATTERNS).toContain(swarm.pattern);
  },
);

it.each([
  ['strategic-swarm', { strategist: 'strategic', critic: 'strategic' }],
  ['coding-swarm', { coder: 'coding', second_coder: 'coding', reviewer: 'coding' }],
  ['debate-swarm', { optimistic: 'debate_1', cautious: 'debate_2', balanced: 'fast', moderator: 'strategic' }],
])('%s has its roles, each at its alias', (id, aliases) => {
  expect(aliasesOf(id)).toEqual(aliases);
});

it.each([
  ['strategic-swarm', 'strategist'],
  ['coding-swarm', 'coder'],
  ['debate-swarm', 'optimistic'],
])('the answer of %s may have 2000 tokens', (id, name) => {
  expect(findSwarm(id)?.roles[name]?.max_tokens).toBe(2000);
});

it.each(['optimistic', 'cautious', 'balanced'])('the %s voice speaks at temperature 0.7', (name) => {
  expect(findSwarm('debate-swarm')?.roles[name]?.temperature).toBe(0.7);
});

it('show each role under a label of its own', () => {
  for (const { roles } of SWARMS) {
    const labels = Object.values(roles).map(({ label }) => label);
    expect(new Set(labels).size).toBe(labels.length);
  }
});

it('are found by their whole id, and the coordination is none of them', () => {
  expect(findSwarm('coding-swarm')?.name).toBe('Coding swarm');
  for (const id of ['', 'coding', 'CODING-SWARM', 'constructor', COORDINATE]) expect(findSwarm(id)).toBeUndefined();
});

describe('the definition of a role', () => {
  const good = { label: 'Poet', alias: 'fast', system: 'Rhyme.', temperature: 1, max_tokens: 10 };

  it('is taken when all is there', () => {
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
  ])('is refused when %s is %p', (field, value) => {
    const { error } = role.safeParse({ ...good, [field]: value });
    expect(error?.issues.map(({ path }) => path.join('.'))).toEqual([field]);
  });
});
