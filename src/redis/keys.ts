/** The Redis keys of this product. All keys that one script takes share a hash slot. */

const PREFIX = 'murmuration';

/** Redis Stream of the run's events. */
export const eventsKey = (runId: string) => `${PREFIX}:{${runId}}:events`;
/** Hash: `generation` and `seq` of the stream, the names of events that are published once, and how the run closed. */
export const runKey = (runId: string) => `${PREFIX}:{${runId}}:run`;
/**
 * Hash: `epoch`, `owner`, `next` index, `reference` of the pieces to come, `route` and `result` of a turn. Of an attempt in the express
 * lane also: the fingerprint of its request (`lane`), the end of its lease (`lane_until`, milliseconds), its worker (`lane_worker`), and
 * what it leaves to the turn's activity (`lane_failure`, `lane_result`). `foreign`: the text belongs to another request.
 */
export const turnKey = (runId: string, turn: string) => `${PREFIX}:{${runId}}:turn:${turn}`;
/** String: the text of a turn so far. */
export const textKey = (runId: string, turn: string) => `${PREFIX}:{${runId}}:text:${turn}`;
/** String: the session's conversation as the run first read it, JSON. */
export const contextKey = (runId: string) => `${PREFIX}:{${runId}}:context`;
/** List of the session's messages, JSON, oldest first. */
export const sessionKey = (sessionId: string) => `${PREFIX}:{session:${sessionId}}:messages`;
/** List of the session's runs that have not ended; the active run comes first. */
export const sessionQueueKey = (sessionId: string) => `${PREFIX}:{session:${sessionId}}:queue`;
/** Set of the runs whose messages the session contains. */
export const sessionRunsKey = (sessionId: string) => `${PREFIX}:{session:${sessionId}}:runs`;
/** Hash of the session's other data: its incarnation, the count of `dropped` messages, the `summary`, and how many messages it `covers`. */
export const sessionMemoryKey = (sessionId: string) => `${PREFIX}:{session:${sessionId}}:memory`;
/** String with a short TTL: a worker's report about itself, JSON. */
export const workerKey = (id: string) => `${PREFIX}:worker:${id}`;
/** Set of the ids of workers that have reported. */
export const WORKERS = `${PREFIX}:workers`;
/** Stream that wakes the blocking reader of one API process. */
export const doorbellKey = (id: string) => `${PREFIX}:doorbell:${id}`;
/** Channel on which the ids of cancelled runs are broadcast to all workers. */
export const CANCEL_CHANNEL = `${PREFIX}:cancel`;
/** Hash of worker processes by worker id: where each runs, JSON. */
export const WORKER_PROCESSES = `${PREFIX}:worker-processes`;
/** Hash of the turns that a worker is executing: task token -> the workflow execution, JSON. */
export const leasesKey = (workerId: string) => `${PREFIX}:worker:${workerId}:turns`;
/** Hash of the runs that a worker has in its express lane: run id -> owner and turns, JSON. */
export const lanesKey = (workerId: string) => `${PREFIX}:worker:${workerId}:lanes`;
/** Channel on which an API hands runs that it starts to a worker's express lane. */
export const startsChannel = (workerId: string) => `${PREFIX}:worker:${workerId}:starts`;
/** Channel on which workers announce turns that have left the express lane. */
export const LANE_ENDS_CHANNEL = `${PREFIX}:lane-ends`;
/** Sorted set of ended runs whose streams are not compacted yet, by end time. */
export const ENDED_RUNS = `${PREFIX}:ended-runs`;

/**
 * State of a model that all workers share, in one hash slot: its health (hash), its calls within the window (sorted by time) and their
 * tokens (hash), the open calls (sorted by lease end), and the waiters: sorted by fair turn, sorted by due time, and their details (hash).
 */
export const modelKeys = (model: string) => {
  const key = <Name extends string>(name: Name) => `${PREFIX}:{model:${model}}:${name}`;
  return [key('health'), key('calls'), key('spent'), key('open'), key('queue'), key('dues'), key('waiters')] as const;
};

/**
 * The ledger of an account, in one hash slot: amounts spent and held by a run, a session and the account itself (hashes), the individual
 * holds (hash), and their expiry (sorted). `period` separates the account's months or days.
 */
export const ledgerKeys = (account: string, runId: string, sessionId: string, period: string) => {
  const key = (name: string) => `${PREFIX}:{ledger:${account}}:${name}`;
  const scopes = [key(`run:${runId}`), key(`session:${sessionId}`), key(`account:${period}`)] as const;
  return [...scopes, key('holds'), key('leases')] as const;
};

/** String: a reusable answer, JSON; `hash` is the hash of the question. */
export const answerKey = (account: string, hash: string) => `${PREFIX}:answer:${account}:${hash}`;

/** Hash: request fields that a model rejects, JSON; `name` combines the model and a fingerprint of its gateway configuration. */
export const refusedFieldsKey = (name: string) => `${PREFIX}:refused-fields:${name}`;

/** Hash: the metrics of all workers, summed by sample. */
export const METRICS = `${PREFIX}:metrics`;
/** Channel on which the API processes announce started runs to each other. */
export const STARTED_CHANNEL = `${PREFIX}:started`;
/** Sorted set of the runs that a tool caller's request waits for, by lease end, milliseconds. */
export const callRequestKey = (request: string) => `${PREFIX}:call:request:${request}`;
/** Sorted set of the runs started for a tool caller's question and not answered yet, by lease end, milliseconds. */
export const callQuestionKey = (question: string) => `${PREFIX}:call:question:${question}`;
/** Hash: last activity time of each swarm, milliseconds. */
export const ACTIVITY = `${PREFIX}:activity`;

/**
 * Usage of an account, in one hash slot: its open runs (sorted by the time they were last confirmed open, milliseconds) and their message
 * bytes (hash, sum under `*`), the bytes of its sessions (hash, sum under `*`) and their expiry (sorted).
 */
export const accountKeys = (account: string) => {
  const key = (name: string) => `${PREFIX}:{usage:${account}}:${name}`;
  return [key('open-runs'), key('open-bytes'), key('session-bytes'), key('session-expiry')] as const;
};
/** String written to find out whether Redis accepts writes. */
export const WRITE_PROBE = `${PREFIX}:write-probe`;
/** Prefix of the request counters per minute. */
export const REQUEST_RATE = `${PREFIX}:request-rate`;
/** Keys written only to find out what Redis allows. The keys of one check share a hash slot. */
export const probeKey = (check: string, name: string) => `${PREFIX}:{probe:${check}}:${name}`;
