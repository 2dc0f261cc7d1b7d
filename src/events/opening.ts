/** The contents of a run's first event, for the workflow that starts it and the activity that restores it. */
import type { RunPayload } from '../contract/events';
import type { Opening, RunScope, SwarmRunInput } from '../contract/runs';

/** Maximum length of the published message, which every reader of the stream receives; a longer one is cut. UTF-16 units. */
const MESSAGE_LIMIT = 10_000;

type Opened = Pick<SwarmRunInput, 'team_id' | 'message' | 'fork'> & Pick<Opening, 'graph'>;

/** `team_id` is the swarm that the caller requested. */
export function makeOpening(run: Opened): Opening {
  const { team_id, message, fork, graph } = run;
  const about = {
    swarm_id: team_id,
    ...(graph ? { graph } : {}),
    ...(fork ? { forked_from: { run_id: fork.run_id, from: fork.from } } : {}),
  };
  if (message.length <= MESSAGE_LIMIT) return { ...about, message };
  return { ...about, message: `${message.slice(0, MESSAGE_LIMIT).replace(/[\uD800-\uDBFF]$/, '')}…` };
}

/** The event that opens a run, in the scope of the run itself, not of its first stage. */
export function openingEvent(
  { run_id, session_id }: RunScope,
  opening: Opening,
): { scope: RunScope; payload: RunPayload } {
  return { scope: { run_id, session_id, team_id: opening.swarm_id }, payload: { type: 'run.started', ...opening } };
}
