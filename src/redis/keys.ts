/** The keys of this product. A run's keys share one hash slot, so that the scripts also work on a Redis Cluster. */

const PREFIX = 'murmuration';

/** Redis Stream of the run's events. */
export const eventsKey = (runId: string) => `${PREFIX}:{${runId}}:events`;
/** Hash: `generation` and `seq` of the stream, what was published once, and how the run closed. */
export const runKey = (runId: string) => `${PREFIX}:{${runId}}:run`;
/** Hash: `epoch`, `next` index, `route` and `result` of a turn. */
export const turnKey = (runId: string, turn: string) => `${PREFIX}:{${runId}}:turn:${turn}`;
/** String: the text of a turn so far. */
export const textKey = (runId: string, turn: string) => `${PREFIX}:{${runId}}:text:${turn}`;
/** String: the session's conversation as the run found it, JSON. */
export const contextKey = (runId: string) => `${PREFIX}:{${runId}}:context`;
/** List of the session's messages, JSON, oldest first. */
export const sessionKey = (sessionId: string) => `${PREFIX}:{session:${sessionId}}:messages`;
/** List of the session's runs that have not ended, the one that speaks first. */
export const sessionQueueKey = (sessionId: string) => `${PREFIX}:{session:${sessionId}}:queue`;
/** Set of the runs whose messages the session holds. */
export const sessionRunsKey = (sessionId: string) => `${PREFIX}:{session:${sessionId}}:runs`;
/** Hash of what else is known of a session: which life of it this is, `dropped` messages, and the `summary` that `covers` so many. */
export const sessionMemoryKey = (sessionId: string) => `${PREFIX}:{session:${sessionId}}:memory`;
/** String with a short time to live: what a worker knows of itself, JSON. */
export const workerKey = (id: string) => `${PREFIX}:worker:${id}`;
/** Set of the ids of workers that have reported. */
export const WORKERS = `${PREFIX}:workers`;
/** Stream that wakes the blocked reader of one API process. */
export const doorbellKey = (id: string) => `${PREFIX}:doorbell:${id}`;
/** Channel on which a cancelled run's id is called out to all workers. */
export const CANCEL_CHANNEL = `${PREFIX}:cancel`;
/** Hash of worker processes, by the worker's id: where each runs, JSON. */
export const WORKER_PROCESSES = `${PREFIX}:worker-processes`;
/** Hash of the turns that a worker has in hand: task token -> the workflow execution, JSON. */
export const leasesKey = (workerId: string) => `${PREFIX}:worker:${workerId}:turns`;
/** Sorted set of runs that have ended and whose streams are not compacted yet, by the time of their end. */
export const ENDED_RUNS = `${PREFIX}:ended-runs`;

/**
 * What all workers know of a model, in one hash slot: its health (hash), its calls within the window (sorted by time) and their tokens (hash), the
 * open calls (sorted by the end of their lease), and who waits (sorted by fair turn, and by when each is due) with what is known
 * of them (hash).
 */
export const modelKeys = (model: string) => {
  const key = <Name extends string>(name: Name) => `${PREFIX}:{model:${model}}:${name}`;
  return [key('health'), key('calls'), key('spent'), key('open'), key('queue'), key('dues'), key('waiters')] as const;
};

/**
 * The ledger of an account, in one hash slot: what a run, a session and the account itself have spent and hold (hashes), the single holds (hash), and when
 * they end (sorted). `period` separates the account's months or days.
 */
export const ledgerKeys = (account: string, runId: string, sessionId: string, period: string) => {
  const key = (name: string) => `${PREFIX}:{ledger:${account}}:${name}`;
  const scopes = [key(`run:${runId}`), key(`session:${sessionId}`), key(`account:${period}`)] as const;
  return [...scopes, key('holds'), key('leases')] as const;
};

/** String: an answer that may be given again, JSON; `hash` is that of the question. */
export const answerKey = (account: string, hash: string) => `${PREFIX}:answer:${account}:${hash}`;

/** Hash: the metrics of all workers added up, by sample. */
export const METRICS = `${PREFIX}:metrics`;
/** Channel on which the API processes tell each other of runs that were started. */
export const STARTED_CHANNEL = `${PREFIX}:started`;
/** Hash: by swarm when it last did something, milliseconds. */
export const ACTIVITY = `${PREFIX}:activity`;
