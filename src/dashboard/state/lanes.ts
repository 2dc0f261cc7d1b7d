/** Which turns share a lane: those of one role in one stage. Pure. */
import { stageOf, titleOf } from './picture';
import type { TurnView } from './turn-view';

export interface LaneGroup {
  /** Name of the stage; empty in a run of one swarm. */
  stage: string;
  title: string;
  lanes: { id: string; title: string; hue: number; turns: TurnView[] }[];
}

/** As many colours as the styles have. */
const HUES = 6;

const roleKey = ({ snapshot }: TurnView): string => `${snapshot.team_id}/${snapshot.role}`;

/** Each role keeps its colour over all stages and plots of a run. */
export function hueOf(turn: TurnView, turns: readonly TurnView[]): number {
  return [...new Set(turns.map(roleKey))].indexOf(roleKey(turn)) % HUES;
}

export function lanesOf(turns: readonly TurnView[]): LaneGroup[] {
  const groups = new Map<string, LaneGroup>();
  for (const turn of turns) {
    const { turn: id, role, label } = turn.snapshot;
    const stage = stageOf(id);
    const group = groups.get(stage) ?? { stage, title: titleOf(stage), lanes: [] };
    groups.set(stage, group);
    const laneId = `lane-${stage || 'run'}-${role}`.replace(/[^\w-]/g, '-');
    const lane = group.lanes.find((one) => one.id === laneId);
    if (lane) lane.turns.push(turn);
    // a label says which of the role's turns it is after a comma
    else group.lanes.push({ id: laneId, title: label.split(', ')[0] ?? role, hue: hueOf(turn, turns), turns: [turn] });
  }
  return [...groups.values()];
}
