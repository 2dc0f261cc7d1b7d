/** What the first event of a run says, for the workflow that begins and the activity that restores. */
import type { Opening } from './runs';

/** A message longer than this is told in part: every reader of the stream gets it. In UTF-16 units. */
const TOLD_MESSAGE = 10_000;

/** `team_id` is the swarm that the caller asked for. */
export function openingOf({ team_id, message }: { team_id: string; message: string }): Opening {
  if (message.length <= TOLD_MESSAGE) return { swarm_id: team_id, message };
  return { swarm_id: team_id, message: `${message.slice(0, TOLD_MESSAGE).replace(/[\uD800-\uDBFF]$/, '')}…` };
}
