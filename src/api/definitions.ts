/** Resolves the swarm definitions of an order at the time of the request. */
import { COORDINATION, collectMembers, severalSwarms, type NamedTeam } from '../contract/compositions';
import { CONSENSUS, COORDINATE, MULTI } from '../contract/names';
import { answerFaults } from '../config/swarm-references';
import type { CompositionStrategy, SwarmDefinition } from '../contract';
import { ApiError } from './errors';
import { orderedSwarm, type Order } from './start-requests';
import type { SwarmLibrary } from './swarm-library';
import { findSwarmByName } from './team-names';

/** The swarm of an order with all swarms that it coordinates. Throws {@link ApiError} for an unknown swarm. */
export function resolveDefinition(order: Order, library: SwarmLibrary) {
  const { swarm_id, teams = [], strategy = 'parallel' } = order;
  const isMulti = swarm_id === MULTI && teams.length > 0;
  const find = (id: string, field: string) => orderedSwarm(findIn(library, id, field), order);
  const findTeam = (id: string) => withOneAnswer(find(id, 'teams'));
  const several = () => severalSwarms(namedTeams(teams, strategy, library), strategy);
  const swarm = swarm_id === COORDINATE ? COORDINATION : isMulti ? several() : find(swarm_id, 'swarm_id');
  return { swarm, members: collectMembers(swarm, isMulti ? findTeam : (id) => find(id, 'swarm_id')) };
}

/** The teams of an order. A team may be given by the name that earlier clients use, and its answer is returned under that name. */
function namedTeams(teams: readonly string[], strategy: CompositionStrategy, library: SwarmLibrary): NamedTeam[] {
  return teams.map((name) => {
    const swarm = findSwarmByName(library, name)?.id;
    // keep the requested name, so that the error quotes it
    if (swarm === undefined || swarm === COORDINATE) return { name, swarm: name };
    if (strategy === 'consensus' && name === CONSENSUS)
      throw new ApiError('INVALID_FIELD', `teams: "${name}" names the conclusion of this strategy; write "${swarm}".`);
    return { name, swarm };
  });
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
