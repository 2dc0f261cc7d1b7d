/** Names and limits that more than one room must agree on. Constants only: this file is part of the workflow bundle. */

export const DEFAULT_TASK_QUEUE = 'murmuration';

/** The Temporal search attributes that every run carries. */
export const SEARCH_ATTRIBUTES = { swarm: 'SwarmId', session: 'SessionId', status: 'RunStatus' } as const;

/** The swarm id under which the coordination of all three teams is listed. */
export const COORDINATE = 'coordinate';

/** The id under which runs of several swarms on one message are listed. */
export const MULTI = 'multi';

/** The id of the swarm of one that closes a consensus, and the name of its stage. */
export const CONSENSUS = 'consensus';

/** The role of a panel that concludes from what the others have answered. */
export const CHAIR = 'chair';

/** Names that route to an ordered list of models; configuration says which (`MODEL_STRATEGIC`, ...). */
export const ALIASES = ['strategic', 'coding', 'debate_1', 'debate_2', 'fast'] as const;
export type Alias = (typeof ALIASES)[number];

/** Longest message that a request may carry, in UTF-16 units. */
export const MESSAGE_LIMIT = 6_000_000;

/** The signal that carries a part of a longer message, and the length of a part: a Temporal payload ends at 2 MB. */
export const MESSAGE_PART = 'messagePart';
export const MESSAGE_PART_LENGTH = 400_000;

/** What a run does while another run of its session speaks: wait its turn, be refused, or cancel the other. */
export const SESSION_POLICIES = ['queue', 'reject', 'interrupt'] as const;
export type SessionPolicy = (typeof SESSION_POLICIES)[number];

/** Longest session id, in characters. */
export const SESSION_ID_LIMIT = 128;

/** How often a turn reports that it lives, and how long Temporal waits for such a sign before it tries the turn again. */
export const HEARTBEAT_INTERVAL_MS = 2000;
export const HEARTBEAT_TIMEOUT = '15 seconds';
