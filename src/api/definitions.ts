/** The swarms that an order means, as they are when it comes. */
import { COORDINATION, membersOf, severalSwarms } from '../contract/compositions';
import { COORDINATE, MULTI } from '../contract/names';
import { answerFaults } from '../contract/swarm-references';
import type { SwarmDefinition } from '../contract';
import { ApiError } from './errors';
import { orderedSwarm, type Order } from './orders';
import type { SwarmLibrary } from './swarm-library';

/** The swarm of an order with all swarms that it leads. Throws {@link ApiError} for one that does not exist. */
export function definitionOf(order: Order, library: SwarmLibrary) {
  const { swarm_id, teams = [], strategy = 'parallel' } = order;
  const isMulti = swarm_id === MULTI && teams.length > 0;
  const find = (id: string, field: string) => orderedSwarm(findIn(library, id, field), order);
  const findTeam = (id: string) => withOneAnswer(find(id, 'teams'));
  const swarm =
    swarm_id === COORDINATE ? COORDINATION : isMulti ? severalSwarms(teams, strategy) : find(swarm_id, 'swarm_id');
  return { swarm, members: membersOf(swarm, isMulti ? findTeam : (id) => find(id, 'swarm_id')) };
}

function findIn(library: SwarmLibrary, id: string, field: string): SwarmDefinition {
  const swarms = library.all();
  const swarm = swarms.find((one) => one.id === id);
  if (swarm) return swarm;
  const known = [...swarms.map((one) => one.id), ...(field === 'swarm_id' ? [COORDINATE] : [])].join(', ');
  throw new ApiError('UNKNOWN_SWARM', `${field}: there is no swarm "${id}"; there are ${known}.`);
}

function withOneAnswer(swarm: SwarmDefinition): SwarmDefinition {
  const [fault] = answerFaults(swarm);
  if (fault) throw new ApiError('INVALID_FIELD', `teams: ${fault}.`);
  return swarm;
}
