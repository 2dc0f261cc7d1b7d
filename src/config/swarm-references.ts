/** Rules for a file of swarms beyond its schema: ids are unique, stages name existing swarms without cycles, variables exist. */
import { CONSENSUS, COORDINATE, MULTI } from '../contract/names';
import { SWARMS, type Role } from '../contract/swarms';
import { findVariableFault, listTemplateVariables } from '../contract/templates';
import { findRoundFault } from '../contract/turn-names';
import { findPattern } from '../workflows/registry';
import type { OwnStaged, OwnSwarm, OwnTeam } from './own-swarms';

/** An error and the path of its field. */
export interface Fault {
  path: PropertyKey[];
  message: string;
}

type Find = (id: string) => Known | undefined;
/** The parts of a swarm that matter to swarms that reference it. */
type Known = Pick<OwnSwarm, 'id' | 'pattern'> & { roles?: object; stages?: { swarm: string }[] };
interface Answering {
  id: string;
  pattern: string;
  roles?: object | undefined;
}
type Texts = Pick<Role, 'system' | 'reminder' | 'prompt'>;

/** Ids that a user-defined swarm may not have, besides those of the built-in ones. */
const RESERVED: readonly string[] = [COORDINATE, MULTI, CONSENSUS];
const BUILT_IN = SWARMS as readonly Known[];
/** With twelve turns of 2,000 tokens each, 16 swarms fill the 4 MB of history at which Temporal suggests continue-as-new. */
const MOST_SWARMS = 16;

/** Returns all faults of well-formed swarms, in file order. */
export function findFaults(own: readonly OwnSwarm[]): Fault[] {
  const all = new Map([...own, ...BUILT_IN].map((swarm) => [swarm.id, swarm as Known]));
  return own.flatMap((swarm, index) => {
    const faults = [
      ...idFaults(swarm.id, own.slice(0, index)),
      ...('stages' in swarm ? stagesFaults(swarm, all) : rolesFaults(swarm)),
    ];
    return faults.map(({ path, message }) => ({ path: [index, ...path], message }));
  });
}

function idFaults(id: string, before: readonly OwnSwarm[]): Fault[] {
  if (RESERVED.includes(id) || BUILT_IN.some((known) => known.id === id))
    return [{ path: ['id'], message: `"${id}" is taken` }];
  return before.some((known) => known.id === id) ? [{ path: ['id'], message: `"${id}" is used twice` }] : [];
}

function rolesFaults({ pattern, roles }: OwnTeam): Fault[] {
  const rules = findPattern(pattern)?.roles;
  const names = Object.keys(roles);
  return Object.entries<Texts>(roles).flatMap(([name, { system, reminder, prompt }]) => {
    const path = ['roles', name];
    const known = ['task', ...(rules?.listVariables?.(name, names) ?? [])];
    const nameFault = rules?.findNameFault?.(name);
    return [
      ...(nameFault === undefined ? [] : [{ path, message: nameFault }]),
      ...variableFaults([...path, 'system'], system, []),
      ...variableFaults([...path, 'reminder'], reminder, []),
      ...variableFaults([...path, 'prompt'], prompt, known),
    ];
  });
}

function stagesFaults({ id, pattern, stages }: OwnStaged, all: Map<string, Known>): Fault[] {
  const find: Find = (wanted) => all.get(wanted);
  const led = swarmsLedBy({ id, pattern, stages }, find);
  const many = led > MOST_SWARMS ? [`leads to ${led} swarms; ${MOST_SWARMS} are the most for one run`] : [];
  const ofStages = stages.flatMap(({ name, swarm, prompt }, i) => {
    const before = stages.slice(0, i).map((stage) => stage.name);
    const known = ['task', ...(i > 0 ? ['previous'] : []), ...before];
    const path = ['stages', i];
    return [
      ...nameFaults(name, before).map((message) => ({ path: [...path, 'name'], message })),
      ...swarmFaults(id, swarm, find, [...all.keys()]).map((message) => ({ path: [...path, 'swarm'], message })),
      ...variableFaults([...path, 'prompt'], prompt, known),
    ];
  });
  return [...many.map((message) => ({ path: ['stages'], message })), ...ofStages];
}

/** Returns how many swarms a run of this one executes in total; a swarm in a cycle counts once. */
function swarmsLedBy({ id, stages }: Known, find: Find, counted = new Map<string, number>()): number {
  if (!stages) return 1;
  const known = counted.get(id);
  if (known !== undefined) return known;
  counted.set(id, 1);
  const led = stages.map(({ swarm }) => find(swarm)).map((next) => (next ? swarmsLedBy(next, find, counted) : 1));
  const total = led.reduce((sum, count) => sum + count, 0);
  counted.set(id, total);
  return total;
}

function nameFaults(name: string, before: string[]): string[] {
  const fault = findVariableFault(name, ['task', 'previous']) ?? findRoundFault(name);
  if (fault !== undefined) return [fault];
  return before.includes(name) ? [`"${name}" is used twice`] : [];
}

function swarmFaults(id: string, named: string, find: Find, known: string[]): string[] {
  const swarm = find(named);
  if (!swarm) return [`there is no swarm "${named}"; there are ${known.join(', ')}`];
  const circle = wayTo(id, swarm, find);
  if (circle) return [`leads in a circle: ${[id, ...circle].join(' -> ')}`];
  return answerFaults(swarm);
}

/** Returns why a swarm cannot be a stage, or run beside others: its successor needs exactly one answer. */
export function answerFaults({ id, pattern, roles = {} }: Answering): string[] {
  const fault = findPattern(pattern)?.findStageFault?.({ id, roles: Object.keys(roles) });
  return fault === undefined ? [] : [fault];
}

/** Returns the path through stages to a swarm, if there is one. */
function wayTo(id: string, from: Known, find: Find, seen: string[] = []): string[] | undefined {
  if (from.id === id) return [id];
  if (seen.includes(from.id)) return undefined;
  for (const { swarm } of from.stages ?? []) {
    const next = find(swarm);
    const way = next && wayTo(id, next, find, [...seen, from.id]);
    if (way) return [from.id, ...way];
  }
  return undefined;
}

function variableFaults(path: PropertyKey[], template: string | undefined, known: string[]): Fault[] {
  const list = known.length > 0 ? `here are ${known.map((name) => `{{${name}}}`).join(', ')}` : 'here are none';
  return listTemplateVariables(template ?? '')
    .filter((name) => !known.includes(name))
    .map((name) => ({ path, message: `there is no variable {{${name}}}; ${list}` }));
}
