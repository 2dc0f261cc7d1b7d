/**
 * What patterns and compositions declare besides their flow. Workflows, the API, the swarms file and the run graph all read this
 * declaration, so adding a pattern takes one file and one line in its index. Schemas are functions that take zod as a parameter, which
 * keeps zod out of the workflow bundle.
 */
import type { z } from 'zod';
import type { GraphStep } from '../contract/graph';
import type { GateOptions } from '../contract/steering';
import type { SwarmDefinition } from '../contract/swarms';
import type { StageOrder, StageTask } from './stage-input';
import type { Stages } from './stages';
import type { Team } from './team';
import type { Invitation } from './turn-request';

export type Zod = typeof z;

/** Rules for the roles in a swarms file. */
interface RoleRules {
  /** Roles that the flow calls by name. */
  needed?: readonly string[];
  /** Minimum number of roles; default 1. */
  atLeast?: number;
  /** Description in the JSON Schema. */
  description?: string;
  /** Whether a role may have its own prompt in place of the task. */
  mayHavePrompts?: true;
  /** Why a role cannot have this name; undefined if it can. */
  findNameFault?(name: string): string | undefined;
  /** The variables of a role's prompt besides `task`. */
  listVariables?(name: string, names: readonly string[]): string[];
}

/** A pattern: how the roles of one swarm produce an answer. */
interface Declaration<Options> {
  name: string;
  roles: RoleRules;
  /** Whether swarms with this pattern may require checks of the code that they write. */
  takesChecks?: true;
  /** Why a swarm with this pattern cannot be used in a stage, which has exactly one answer; undefined if it can. */
  findStageFault?(swarm: { id: string; roles: readonly string[] }): string | undefined;
  /** The steps of the pattern's graph, in order. */
  listSteps(roles: readonly string[], options: Options): GraphStep[];
  /** The turns that every run begins with, all at once; the flow asks for exactly these first. */
  open(team: Opener, roles: string[], options: Options): Invitation[];
  /** The flow. Runs the team's turns; resolves to the ids of the turns that form the answer. */
  lead(team: Team, roles: string[], options: Options): Promise<string[]>;
}

/** What the first turns depend on. */
export type Opener = Pick<Team, 'definition' | 'task'>;

type Schema = z.ZodObject;

/** A pattern as other modules use it: options are read from the swarm's definition, under the pattern's name. */
export interface Pattern extends Pick<Declaration<never>, 'name' | 'roles' | 'takesChecks' | 'findStageFault'> {
  options: ((zod: Zod) => Schema) | undefined;
  listSteps(definition: SwarmDefinition): GraphStep[];
  open(team: Opener): Invitation[];
  lead(team: Team): Promise<string[]>;
}

export function definePattern(declaration: Declaration<unknown>): Pattern;
export function definePattern<S extends Schema>(
  declaration: Declaration<z.infer<S>> & { options: (zod: Zod) => S },
): Pattern;
export function definePattern(declaration: Declaration<unknown> & { options?: (zod: Zod) => Schema }): Pattern {
  const { name, options, listSteps, open, lead } = declaration;
  // already validated when the definition was read
  const readOptions = (definition: SwarmDefinition): unknown => definition[name] ?? {};
  return {
    ...declaration,
    options,
    listSteps: (definition) => listSteps(Object.keys(definition.roles), readOptions(definition)),
    open: (team) => open(team, Object.keys(team.definition.roles), readOptions(team.definition)),
    lead: (team) => lead(team, Object.keys(team.definition.roles), readOptions(team.definition)),
  };
}

/** A stage of a composition, as the run graph shows it. */
export interface PlannedStage {
  name: string;
  swarm: string;
  title?: string;
  givesVerdict?: true;
  asksApproval?: true;
}

/** A pattern that runs other swarms as its stages. */
export interface Composition {
  name: string;
  /** Whether a swarms file may use it. */
  isOpen?: true;
  /** The stages of its graph, in order; default: the stages of the definition. */
  listStages?(definition: SwarmDefinition, gates: GateOptions): PlannedStage[];
  /** The stages that every run begins with, all at once; the flow leads exactly these first. */
  open(run: StageTask): StageOrder[];
  /** The flow. Runs swarms as stages; `stages` records their results. */
  lead(stages: Stages): Promise<void>;
}
