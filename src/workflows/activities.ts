/** The activities as workflows call them: who retries, for how long, and what counts as alive. */
import { ActivityCancellationType, proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { Activities } from '../activities';
import { HEARTBEAT_TIMEOUT } from '../contract/names';

/**
 * Model calls. The activity says itself when another try makes no sense, and when too many attempts have died (src/activities/pulse.ts):
 * one that waits its turn in a long queue is an attempt to Temporal too. The bound here is for those that do not even begin.
 */
const MODEL_CALL = {
  startToCloseTimeout: '1 hour',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  retry: { initialInterval: '200ms', backoffCoefficient: 2, maximumInterval: '30 seconds', maximumAttempts: 100_000 },
} as const;

/** A turn that is stopped goes on until it has said how it ended. */
export const { takeTurn } = proxyActivities<Pick<Activities, 'takeTurn'>>({
  ...MODEL_CALL,
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
});

/** For runs that began before stopped turns were heard out. */
export const { takeTurn: takeTurnUnheard } = proxyActivities<Pick<Activities, 'takeTurn'>>(MODEL_CALL);

/** Executions of code: short once they have a place, which may take long, and without effect outside, so that another try is always right. */
export const { verifyCode, compareDrafts } = proxyActivities<Pick<Activities, 'verifyCode' | 'compareDrafts'>>({
  startToCloseTimeout: '1 hour',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  retry: { initialInterval: '200ms', backoffCoefficient: 2, maximumInterval: '10 seconds', maximumAttempts: 10 },
});

/**
 * What people are told. Not a local activity: an event must not be seen before what it tells of stands in the history, or a worker that
 * dies between the two leaves a gate that readers see and the run does not know.
 */
export const { announce } = proxyActivities<Pick<Activities, 'announce'>>({
  startToCloseTimeout: '30 seconds',
  retry: { initialInterval: '200ms', backoffCoefficient: 2, maximumInterval: '10 seconds' },
});

/** Records of a few milliseconds: as local activities they cost no round trip through the server. */
export const {
  openRun,
  closeRun,
  restoreRun,
  restoreTexts,
  readStructure,
  enterSession,
  leaveSession,
  nextStretch,
  keepSummary,
} = proxyLocalActivities<Omit<Activities, 'takeTurn' | 'announce'>>({
  startToCloseTimeout: '30 seconds',
  retry: { initialInterval: '200ms', backoffCoefficient: 2, maximumInterval: '10 seconds' },
});
