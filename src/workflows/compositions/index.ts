/** The compositions by name: patterns whose turns are those of other swarms. A new one is a file beside this one and a line here. */
import type { CompositionName } from '../../contract';
import type { Stages } from '../stages';
import { coordinate } from './coordinate';
import { pipeline } from './pipeline';
import { consensus, parallel, sequential } from './several';

/** Leads swarms through their stages; what they did is kept by `stages`. */
export type Composition = (stages: Stages) => Promise<void>;

export const compositions: Record<CompositionName, Composition> = {
  coordinate,
  parallel,
  sequential,
  consensus,
  pipeline,
};
