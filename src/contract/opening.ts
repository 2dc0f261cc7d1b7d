/** What the first event of a run says, for the workflow that begins and the activity that restores. */
import type { Opening, SwarmRunInput } from './runs';

/** A message longer than this is told in part: every reader of the stream gets it. In UTF-16 units. */
const TOLD_MESSAGE = 10_000;

/** `team_id` is the swarm that the caller asked for. */
export function openingOf({ team_id, message, fork }: Pick<SwarmRunInput, 'team_id' | 'message' | 'fork'>): Opening {
  const about = { swarm_id: team_id, ...(fork ? { forked_from: { run_id: fork.run_id, from: fork.from } } : {}) };
  if (message.length <= TOLD_MESSAGE) return { ...about, message };
  return { ...about, message: `${message.slice(0, TOLD_MESSAGE).replace(/[\uD800-\uDBFF]$/, '')}…` };
}
