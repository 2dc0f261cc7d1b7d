/** The turns with which a run begins, if its input alone determines them: the express lane makes their model calls before the run asks. */
import type { SwarmRunInput, TurnRequest } from '../contract';
import { isBeginningKnown } from '../contract/express-lane';
import { makeOpening } from '../events/opening';
import { toPromptParts } from './message';
import { findComposition, findPattern } from './registry';
import { makeRunGraph } from './run-graph';
import { makeStageInput, toStageTask } from './stage-input';
import { toRequest } from './turn-request';

/** The requests that the run will make first, equal to the workflow's own; empty if they depend on more than the input. */
export function listFirstRequests(input: SwarmRunInput): TurnRequest[] {
  if (!isBeginningKnown(input)) return [];
  const graph = makeRunGraph(input.swarm, (id) => input.members?.[id], input.gates);
  const opening = makeOpening({ ...input, graph });
  return listOpenings(input).map((request) => ({ ...request, opening, reports_stop: true }));
}

function listOpenings(input: SwarmRunInput): TurnRequest[] {
  const { swarm, stage } = input;
  const composition = findComposition(swarm.pattern);
  if (composition) {
    return composition.open(toStageTask(input)).flatMap((order) => listOpenings(makeStageInput(input, order, {})));
  }
  const team = { definition: swarm, task: stage?.brief ?? toPromptParts(input) };
  const invitations = findPattern(swarm.pattern)?.open(team) ?? [];
  return invitations.map(({ role, ask }) => toRequest(input, role, { ...ask, try: 1 }));
}
