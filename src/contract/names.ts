/** Names and limits that more than one module uses. Constants only: this file is part of the workflow bundle. */

export const DEFAULT_TASK_QUEUE = 'murmuration';

/** The task queue for executing generated code. Separate, so that executions waiting for a sandbox take no slots of model calls. */
export const nameCodeQueue = (taskQueue: string) => `${taskQueue}-code`;

/** The workflow type of runs. */
export const RUN_TYPE = 'runSwarm';

/** The Temporal search attributes of runs. The first three filter lists of runs; the Web UI shows the last one in its list. */
export const SEARCH_ATTRIBUTES = {
  swarm: 'SwarmId',
  session: 'SessionId',
  status: 'RunStatus',
  message: 'RunMessage',
} as const;

/** Memo fields of an ended run: its account, its spending (USD, tokens), and the summary of its checks. */
export const MEMO_ACCOUNT = 'account';
export const MEMO_SPENT = 'spent';
export const MEMO_CHECKS = 'checks_summary';

/** The states of a run as shown to people; `src/events/run-state.ts` says when each applies and what it is called. */
export const RUN_STATES = [
  'queued',
  'starting',
  'running',
  'waiting',
  'needs_approval',
  'paused',
  'no_worker',
  'completed',
  'checks_passed',
  'checks_failed',
  'not_executed',
  'failed',
  'cancelled',
] as const;
export type RunState = (typeof RUN_STATES)[number];
/** The states by which runs can be listed, besides their status: the workflow writes them to a search attribute. */
export const LISTED_STATES = ['needs_approval', 'checks_passed', 'checks_failed', 'not_executed'] as const;

/** The swarm id of the coordination of the three built-in swarms. */
export const COORDINATE = 'coordinate';

/** The swarm id of runs of several swarms on one message. */
export const MULTI = 'multi';

/** The id of the swarm that concludes a consensus, and the name of its stage. */
export const CONSENSUS = 'consensus';

/** Names for ordered lists of models, set by configuration (`MODEL_STRATEGIC`, ...). */
export const ALIASES = ['strategic', 'coding', 'debate_1', 'debate_2', 'fast'] as const;
export type Alias = (typeof ALIASES)[number];

/** Maximum number of first drafts that a swarm or a request may ask for. */
export const MOST_DRAFTS = 8;

/** Maximum length of a request's message, in UTF-16 units. */
export const MESSAGE_LIMIT = 6_000_000;

/** The signal for a part of a long message, and the length of a part. A Temporal payload is limited to 2 MB. */
export const MESSAGE_PART = 'messagePart';
export const MESSAGE_PART_LENGTH = 400_000;

/** What a run does while another run of its session is active: wait in the queue, be refused, or cancel the other. */
export const SESSION_POLICIES = ['queue', 'reject', 'interrupt'] as const;
export type SessionPolicy = (typeof SESSION_POLICIES)[number];

/** Maximum number of tags of a run, and the length of each, in characters. */
export const MOST_TAGS = 10;
export const TAG_LIMIT = 40;

/** Maximum lengths of a run id and of an `Idempotency-Key`, in characters. */
export const RUN_ID_LIMIT = 200;
export const IDEMPOTENCY_KEY_LIMIT = 255;

/** Maximum length of a session id, in characters. */
export const SESSION_ID_LIMIT = 128;

/** Interval of an activity's heartbeats, and how long Temporal waits for one before it retries the activity. */
export const HEARTBEAT_INTERVAL_MS = 2000;
export const HEARTBEAT_TIMEOUT = '15 seconds';

/** Start of the termination reason of a run whose workflow task fails on every worker. */
export const TASK_FAILED = 'The workflow task of this run failed';

/** The account of callers without an API key. */
export const ANONYMOUS_ACCOUNT = 'anyone';

/** The parts that a plan must have. */
export const PLAN_PARTS = ['architecture', 'steps', 'challenges', 'resources'] as const;
export type PlanPart = (typeof PLAN_PARTS)[number];

/** The stances that a voice of a debate may declare. */
export const STANCES = ['for', 'against', 'depends'] as const;
export type Stance = (typeof STANCES)[number];
