/** Resolves the swarms of an order for several teams, including earlier names. */
import { STRATEGIES } from '../../src/contract/compositions';
import { MULTI } from '../../src/contract/names';
import { SWARMS } from '../../src/contract/swarms';
import { resolveDefinition } from '../../src/api/definitions';
import type { CompositionStrategy } from '../../src/contract';

const library = { all: () => SWARMS, warning: () => undefined, close: () => undefined };
const listStages = (teams: string[], strategy: CompositionStrategy = 'parallel') => {
  const order = { swarm_id: MULTI, message: 'Hi', session_id: undefined, max_rounds: 1, teams, strategy };
  const { swarm, members } = resolveDefinition(order, library);
  return { stages: swarm.stages, members: Object.keys(members) };
};

it.each(STRATEGIES)('%s: finds teams by earlier names, and returns each answer under the requested name', (way) => {
  const { stages, members } = listStages(['Technical', 'coding_team', 'security-swarm', 'strategic-swarm'], way);
  expect(stages).toEqual([
    { name: 'Technical', swarm: 'coding-swarm' },
    { name: 'coding_team', swarm: 'coding-swarm' },
    { name: 'security-swarm', swarm: 'debate-swarm' },
    { name: 'strategic-swarm', swarm: 'strategic-swarm' },
  ]);
  const swarms = ['coding-swarm', 'debate-swarm', 'strategic-swarm'];
  expect(members.sort()).toEqual(way === 'consensus' ? ['consensus', ...swarms].sort() : swarms);
});

it.each(['nope', 'orchestrator', 'coordinate', '', 'a/b'])(
  'refuses the team %j and quotes the requested name',
  (name) => {
    expect(() => listStages(['coding-swarm', name])).toThrow(`teams: there is no swarm "${name}"`);
  },
);

it('refuses a team with the name of the conclusion, if there is a conclusion', () => {
  expect(() => listStages(['consensus'], 'consensus')).toThrow(/teams: "consensus".*write "debate-swarm"/);
  expect(listStages(['consensus'], 'parallel').stages).toEqual([{ name: 'consensus', swarm: 'debate-swarm' }]);
});
