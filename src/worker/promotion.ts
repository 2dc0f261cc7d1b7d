/**
 * Makes a build current, so that new runs go to it. Each worker decides for its own build from the state in the server and Redis. So
 * several workers may start at once, and a restarted old worker does not replace a newer build.
 */
import type { Client } from '@temporalio/client';
import type { Logger } from '../log';
import type { Loop } from '../loop-health';
import type { WorkerVersion } from '../redis/workers';
import { describeDeployment, setCurrentVersion, type DeploymentState } from './deployment';

/** Intervals before and after the decision. */
const FIRST_INTERVAL_MS = 200;
const INTERVAL_MS = 5000;
/** Errors during this time after the start are ignored, because the server learns of the worker's task queues one after the other. */
const PATIENCE_MS = 10_000;

interface PromotionOptions {
  client: Client;
  version: WorkerVersion;
  /** The builds of all live workers. */
  liveBuilds: () => Promise<WorkerVersion[]>;
  /** Without it, somebody else decides which build is current, and this only looks. */
  isAutomatic: boolean;
  loop: Loop;
  log: Logger;
}

export interface Promotion {
  /** Resolves once it is known which build receives new runs. */
  decided: Promise<void>;
  /** Whether new runs go to this build, as far as is known. */
  isCurrent(): boolean;
  stop(): void;
}

/** A worker's decision about the current version. */
type Decision = 'is current' | 'promote' | 'leave' | 'wait';

/**
 * Promotes a build that is newer than the current one. Also promotes an older one if no worker of the current build is alive: it was rolled
 * back, and new runs must not wait for workers that are gone. `isLive` returns undefined if that is not known yet.
 */
export function decide(
  state: DeploymentState | undefined,
  own: string,
  isLive: (buildId: string) => boolean | undefined,
): Decision {
  const toVersion = (buildId: string) => state?.versions.find((one) => one.buildId === buildId);
  const mine = toVersion(own);
  if (!state || !mine) return 'wait';
  if (state.current === own) return 'is current';
  const current = state.current === undefined ? undefined : toVersion(state.current);
  if (!current || mine.createdAt > current.createdAt) return 'promote';
  const lives = isLive(current.buildId);
  if (lives === undefined) return 'wait';
  return lives ? 'leave' : 'promote';
}

export function startPromotion({ client, version, liveBuilds, isAutomatic, loop, log }: PromotionOptions): Promotion {
  const startedAt = Date.now();
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;
  let last: Decision | undefined;
  let settle: () => void;
  const decided = new Promise<void>((resolve) => (settle = resolve));

  async function round(): Promise<Decision> {
    const [state, live] = await Promise.all([describeDeployment(client, version.deploymentName), liveBuilds()]);
    const builds = live.filter(({ deploymentName }) => deploymentName === version.deploymentName);
    const has = (buildId: string) => builds.some((one) => one.buildId === buildId);
    // a Redis without this worker's report may have lost the others' reports too
    const isLive = (buildId: string) => (has(version.buildId) ? has(buildId) : undefined);
    const decision = decide(state, version.buildId, isLive);
    if (decision === 'promote' && !isAutomatic) return 'leave';
    if (decision !== 'promote') return decision;
    await setCurrentVersion(client, version, state?.conflictToken ?? null);
    log.info({ ...version, before: state?.current }, 'new runs go to this build');
    return 'is current';
  }

  async function repeat(): Promise<void> {
    const decision = await round().then(
      (made) => {
        loop.succeeded();
        return made;
      },
      (error: unknown) => {
        if (Date.now() - startedAt > PATIENCE_MS) loop.failed(error);
        return 'wait' as const;
      },
    );
    if (decision === 'leave' && last !== 'leave' && isAutomatic)
      log.info(version, 'a newer build is current: this one keeps its runs');
    if (decision !== 'wait') settle();
    last = decision;
    if (isStopped) return;
    timer = setTimeout(() => void repeat(), decision === 'wait' ? FIRST_INTERVAL_MS : INTERVAL_MS);
  }

  void repeat();
  return {
    decided,
    isCurrent: () => last === 'is current',
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
