/** What a file of swarms must fulfil beyond its shape: ids are its own, stages name swarms and lead in no circle, variables exist. */
import { CHAIR, CONSENSUS, COORDINATE, MULTI } from './names';
import type { OwnSwarm } from './own-swarms';
import { SWARMS, type Role } from './swarms';
import { variablesOf } from './templates';

/** A fault and the way to the field that has it. */
export interface Fault {
  path: PropertyKey[];
  message: string;
}

type Find = (id: string) => Known | undefined;
/** What of a swarm matters to others that name it. */
type Known = Pick<OwnSwarm, 'id' | 'pattern'> & { roles?: object; stages?: { swarm: string }[] };
interface Answering {
  id: string;
  pattern: string;
  roles?: object | undefined;
}
type Texts = Pick<Role, 'system' | 'reminder' | 'prompt'>;
type Stage = Extract<OwnSwarm, { pattern: 'pipeline' }>['stages'][number];

/** Ids that no swarm of a user's may have, beside those of the built-in ones. */
const RESERVED: readonly string[] = [COORDINATE, MULTI, CONSENSUS];
const BUILT_IN = SWARMS as readonly Known[];
/** With twelve turns of 2,000 tokens each, 16 swarms fill the 4 MB of history at which Temporal suggests to begin a new one. */
const MOST_SWARMS = 16;

/** All faults of swarms that are well-formed, in the order of the file. */
export function faultsOf(own: readonly OwnSwarm[]): Fault[] {
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

function rolesFaults({ pattern, roles }: Exclude<OwnSwarm, { stages: unknown }>): Fault[] {
  const names = Object.keys(roles);
  return Object.entries<Texts>(roles).flatMap(([name, { system, reminder, prompt }]) => {
    const path = ['roles', name];
    const chairs = pattern === 'panel' && name === CHAIR;
    const known = chairs ? ['task', 'answers', ...names.filter((other) => other !== CHAIR)] : ['task'];
    return [
      ...roleNameFaults(pattern, name).map((message) => ({ path, message })),
      ...variableFaults([...path, 'system'], system, []),
      ...variableFaults([...path, 'reminder'], reminder, []),
      ...variableFaults([...path, 'prompt'], prompt, known),
    ];
  });
}

/** Under which the moderator of a debate speaks. */
const MODERATOR_TURNS = /^(summary|(judge|critic)(-repair)?)$/;

/** Turns and variables are named after roles, and no name may mean two things. */
function roleNameFaults(pattern: string, name: string): string[] {
  if (pattern === 'panel' && ['task', 'answers'].includes(name)) return [`"${name}" is the name of a variable`];
  if (pattern !== 'debate') return [];
  if (MODERATOR_TURNS.test(name)) return [`"${name}" is the name of a turn of the moderator`];
  return /-\d+$/.test(name) ? [`"${name}" ends like the number of a round`] : [];
}

function stagesFaults({ id, stages }: { id: string; stages: Stage[] }, all: Map<string, Known>): Fault[] {
  const find: Find = (wanted) => all.get(wanted);
  const led = swarmsLedBy({ id, pattern: 'pipeline', stages }, find);
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

/** How often a swarm speaks in a run of this one; what leads in a circle counts once. */
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
  if (['task', 'previous'].includes(name)) return [`"${name}" is the name of a variable`];
  if (/-\d+$/.test(name)) return [`"${name}" ends like the number of a round`];
  return before.includes(name) ? [`"${name}" is used twice`] : [];
}

function swarmFaults(id: string, named: string, find: Find, known: string[]): string[] {
  const swarm = find(named);
  if (!swarm) return [`there is no swarm "${named}"; there are ${known.join(', ')}`];
  const circle = wayTo(id, swarm, find);
  if (circle) return [`leads in a circle: ${[id, ...circle].join(' -> ')}`];
  return answerFaults(swarm);
}

/** Why a swarm can't be led by another one, or beside others: whoever goes on from it needs one answer. */
export function answerFaults({ id, pattern, roles = {} }: Answering): string[] {
  if (pattern !== 'panel' || Object.hasOwn(roles, CHAIR)) return [];
  return [`a stage has one answer: the panel "${id}" needs a role "${CHAIR}" here`];
}

/** The way through stages to a swarm, if there is one. */
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
  return variablesOf(template ?? '')
    .filter((name) => !known.includes(name))
    .map((name) => ({ path, message: `there is no variable {{${name}}}; ${list}` }));
}
