/** The activities as workflows call them, with their timeouts and retry policies. */
import { ActivityCancellationType, proxyActivities, proxyLocalActivities, workflowInfo } from '@temporalio/workflow';
import type { Activities } from '../activities';
import { nameCodeQueue, HEARTBEAT_TIMEOUT } from '../contract/names';

/** Bugs of ours, mostly on unexpected data; a retry would fail the same way. */
const nonRetryableErrorTypes = ['RangeError', 'ReferenceError', 'SyntaxError', 'TypeError'];

/**
 * Model calls. The activity itself decides when a retry makes no sense and when too many attempts have died (src/model-call/heartbeat.ts),
 * because Temporal also counts each wait in a long queue as an attempt. The limit here is for attempts that do not even begin.
 */
const MODEL_CALL = {
  startToCloseTimeout: '1 hour',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  retry: {
    initialInterval: '200ms',
    backoffCoefficient: 2,
    maximumInterval: '30 seconds',
    maximumAttempts: 100_000,
    nonRetryableErrorTypes,
  },
} as const;

/** A cancelled turn runs until its activity has reported how it ended. */
export const { takeTurn } = proxyActivities<Pick<Activities, 'takeTurn'>>({
  ...MODEL_CALL,
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
});

/**
 * Executions of code: short, but they may wait long for a free process. The activity itself limits how often a program is executed
 * (src/activities/execution-attempts.ts); the attempts here also include those handed to another worker or ended by a worker's shutdown.
 */
const CODE_EXECUTION = {
  startToCloseTimeout: '1 hour',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  retry: {
    initialInterval: '200ms',
    backoffCoefficient: 2,
    maximumInterval: '10 seconds',
    maximumAttempts: 12,
    nonRetryableErrorTypes,
  },
} as const;

type CodeExecution = Pick<Activities, 'verifyCode' | 'compareDrafts'>;

export function codeActivities() {
  return proxyActivities<CodeExecution>({ ...CODE_EXECUTION, taskQueue: nameCodeQueue(workflowInfo().taskQueue) });
}

/**
 * Publishes events. Not a local activity: the history must contain a fact before readers see its event. Otherwise a worker that dies in
 * between leaves a gate that readers see and the run does not know.
 */
export const { announce } = proxyActivities<Pick<Activities, 'announce'>>({
  startToCloseTimeout: '30 seconds',
  retry: { initialInterval: '200ms', backoffCoefficient: 2, maximumInterval: '10 seconds', nonRetryableErrorTypes },
});

/** Activities of a few milliseconds. As local activities they need no round trip through the Temporal server. */
export const {
  closeRun,
  failTurn,
  restoreRun,
  restoreTexts,
  readStructure,
  enterSession,
  leaveSession,
  nextRange,
  keepSummary,
} = proxyLocalActivities<Omit<Activities, 'takeTurn' | 'announce'>>({
  startToCloseTimeout: '30 seconds',
  retry: { initialInterval: '200ms', backoffCoefficient: 2, maximumInterval: '10 seconds', nonRetryableErrorTypes },
});
