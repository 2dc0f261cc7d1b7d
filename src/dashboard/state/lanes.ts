/** Groups turns into lanes: those of one role in one stage. Pure. */
import type { RunGraph } from '../../contract';
import { countPlannedRoles, findRoleLabel, writeStageTitle } from './run-graph';
import type { TurnView } from './turn-view';

export interface LaneGroup {
  /** Name of the stage; empty in a run of one swarm. */
  stage: string;
  title: string;
  /** The number of roles that will speak in any case: columns are reserved for them, so that no lane moves when another one comes. */
  planned: number;
  lanes: { id: string; title: string; hue: number; turns: TurnView[] }[];
}

/** The number of colours in the styles. */
const HUES = 6;

const roleKey = ({ snapshot }: TurnView): string => `${snapshot.team_id}/${snapshot.role}`;

/** Each role has the same colour in all stages and charts of a run. */
export function chooseHue(turn: TurnView, turns: readonly TurnView[]): number {
  return [...new Set(turns.map(roleKey))].indexOf(roleKey(turn)) % HUES;
}

export function groupLanes(turns: readonly TurnView[], graph: RunGraph | undefined): LaneGroup[] {
  const groups = new Map<string, LaneGroup>();
  for (const turn of turns) {
    const { role, place } = turn.snapshot;
    const stage = place.stage?.id ?? '';
    const group = groups.get(stage) ?? {
      stage,
      title: writeStageTitle(place.stage, graph),
      planned: countPlannedRoles(place.stage, graph),
      lanes: [],
    };
    groups.set(stage, group);
    const laneId = `lane-${stage || 'run'}-${role}`.replace(/[^\w-]/g, '-');
    const lane = group.lanes.find((one) => one.id === laneId);
    if (lane) lane.turns.push(turn);
    else {
      const title = findRoleLabel(graph, place.stage, role);
      group.lanes.push({ id: laneId, title, hue: chooseHue(turn, turns), turns: [turn] });
    }
  }
  return [...groups.values()];
}
