/** Which runs may begin in the express lane: those whose first turns need no decision; and what the lane learns about their start. */
import type { SwarmRunInput } from './runs';

/** UTF-16 units. A message up to this length in each turn's input is small compared with the turns' own texts. */
export const INLINE_LENGTH = 8000;

/**
 * Whether the first turns follow from the input alone. Not so in a session, which has earlier runs and a queue; in a fork, which reuses
 * turns; with gates, at which a person decides; and for a long message, which the run stores first.
 */
export function isBeginningKnown(input: SwarmRunInput): boolean {
  const { session_policy, fork, gates = {}, message_parts, message } = input;
  if (session_policy !== undefined || fork !== undefined || message_parts !== undefined) return false;
  return message.length <= INLINE_LENGTH && Object.keys(gates).length === 0;
}

/** Reports to the lane how the start of a run has ended. */
export interface AnnouncedStart {
  /** Temporal has started the run. */
  started(): void;
  /** Temporal has not started it, as far as the caller knows. */
  rejected(): void;
}
