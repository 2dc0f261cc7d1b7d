/** Maps the team and workflow names of earlier clients to swarms. */
import { COORDINATION } from '../contract/compositions';
import { COORDINATE } from '../contract/names';
import type { SwarmDefinition } from '../contract';
import type { SwarmLibrary } from './swarm-library';

const STRATEGIC = 'strategic-swarm';
const CODING = 'coding-swarm';
const DEBATE = 'debate-swarm';

/** Earlier names in lower case, hyphenated, without endings such as "-team" and "-swarm". */
const TEAMS = new Map<string, string>([
  ...named(STRATEGIC, ['strategic', 'strategy', 'planning', 'planner', 'research', 'architecture']),
  ...named(CODING, ['technical', 'coding', 'coder', 'code', 'development', 'developer', 'simplex']),
  ...named(DEBATE, ['creative', 'debate', 'security', 'consensus', 'review', 'critic']),
  ...named(COORDINATE, ['orchestrator', 'coordinator', 'coordination', 'coordinated']),
]);

/** Workflows of earlier services, grouped by the swarm with the most similar task. */
const WORKFLOWS = new Map<string, string>([
  ...named(STRATEGIC, ['project-planning', 'architecture-design', 'system-design', 'documentation']),
  ...named(CODING, [
    'code-generation',
    'bug-fix',
    'debugging',
    'refactoring',
    'refactor',
    'testing',
    'test-generation',
  ]),
  ...named(DEBATE, ['code-review', 'pr-review', 'security-audit', 'security-review', 'architecture-review']),
  ...named(COORDINATE, ['pr-lifecycle', 'feature-development', 'feature', 'full-development', 'end-to-end']),
]);

function named(swarm: string, names: string[]): [string, string][] {
  return names.map((name) => [name, swarm]);
}

const ENDINGS = ['-fast', '-team', '-swarm', '-agents', '-agent', '-workflow'];
/** Longer names are not looked up. */
const LONGEST_NAME = 100;

/** The swarm with that id, with that id in another spelling (`coding_swarm`), or with an earlier name of a team or workflow. */
export function findSwarmByName(library: SwarmLibrary, name: string): SwarmDefinition | undefined {
  const known = [...library.all(), COORDINATION];
  const byId = (wanted: string | undefined) => known.find(({ id }) => id === wanted);
  const spelled = name.length > LONGEST_NAME ? '' : name.trim().toLowerCase().replaceAll('_', '-').replaceAll(' ', '-');
  const stem = withoutEndings(spelled);
  const earlier = [spelled, stem].map((one) => byId(WORKFLOWS.get(one) ?? TEAMS.get(one)));
  return byId(name) ?? byId(name.toLowerCase()) ?? byId(spelled) ?? earlier.find(Boolean);
}

/** The id of the swarm to start; an unknown name is returned unchanged, so that the error quotes it. */
export function toSwarmId(library: SwarmLibrary, name: string): string {
  return findSwarmByName(library, name)?.id ?? name;
}

function withoutEndings(name: string): string {
  const ending = ENDINGS.find((one) => name.endsWith(one));
  return ending ? withoutEndings(name.slice(0, -ending.length)) : name;
}
