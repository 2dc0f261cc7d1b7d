/** The patterns by name. A new one is a file beside this one and a line here. */
import type { PatternName } from '../../contract';
import type { Team } from '../team';
import { build } from './build';
import { coding } from './coding';
import { debate } from './debate';
import { panel } from './panel';
import { single } from './single';
import { strategic } from './strategic';

/** Leads a team through its turns; resolves to the turns that are its answer. `roles` are the names of the swarm's roles. */
export type Pattern = (team: Team, roles: string[]) => Promise<string[]>;

export const patterns: Record<PatternName, Pattern> = { strategic, coding, build, debate, panel, single };
