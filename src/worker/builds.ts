/** This worker's role among the builds of its deployment: whether new runs go to it, and which earlier builds' runs it continues. */
import type { Client } from '@temporalio/client';
import type { Worker } from '@temporalio/worker';
import type { Config } from '../config/config';
import type { Logger } from '../log';
import type { LoopHealth } from '../loop-health';
import type { RedisConnection } from '../redis/connect';
import { listLiveWorkers, type WorkerVersion } from '../redis/workers';
import { readVersion, supportsVersioning } from './deployment';
import { serveEarlierBuilds } from './earlier-builds';
import { createKeptBundles, type KeptBundles } from './kept-bundles';
import { startPromotion } from './promotion';

export interface Builds {
  /** Resolves once it is known which build receives new runs. */
  decided: Promise<void>;
  /** Whether new runs go to this worker's build. */
  isCurrent(): boolean;
  /** Resolves once all workers of earlier builds have stopped. */
  stop(): Promise<void>;
}

interface BuildsOptions {
  config: Config;
  client: Client;
  redis: RedisConnection;
  /** Undefined if the server does not support versioning. */
  version: WorkerVersion | undefined;
  bundleFile: string;
  createWorkers: (version: WorkerVersion, bundleFile: string) => Promise<Worker[]>;
  loops: LoopHealth;
  log: Logger;
}

/** The version that this worker serves; undefined if the server does not support versioning. */
export async function findVersion(
  client: Client,
  config: Config,
  bundleFile: string,
  log: Logger,
): Promise<WorkerVersion | undefined> {
  return (await supportsVersioning(client, log)) ? readVersion(config, bundleFile) : undefined;
}

export function startBuilds(options: BuildsOptions): Builds {
  const { config, client, redis, version, bundleFile, createWorkers, loops, log } = options;
  if (!version) return { decided: Promise.resolve(), isCurrent: () => true, stop: () => Promise.resolve() };
  const bundles = createKeptBundles(config.DATA_DIR, version);
  keepOwn(bundles, version.buildId, bundleFile, log);
  const liveBuilds = async () => (await listLiveWorkers(redis)).flatMap((worker) => worker.version ?? []);
  const isAutomatic = config.WORKER_PROMOTION === 'auto';
  const promoting = loops.loop(isAutomatic ? 'making this build current' : 'finding the current build');
  const promotion = startPromotion({ client, version, liveBuilds, isAutomatic, log, loop: promoting });
  const loop = loops.loop('carrying on the runs of earlier builds');
  const earlier = serveEarlierBuilds({ client, version, bundles, createWorkers, loop, log });
  return {
    decided: isAutomatic ? promotion.decided : Promise.resolve(),
    isCurrent: () => promotion.isCurrent(),
    stop() {
      promotion.stop();
      return earlier.stop();
    },
  };
}

/** A read-only disk does not stop the worker, but an old build then needs its own worker until it is drained. */
function keepOwn(bundles: KeptBundles, buildId: string, bundleFile: string, log: Logger): void {
  try {
    bundles.keep(buildId, bundleFile);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    log.warn(
      { reason },
      'The workflow code of this build cannot be kept in DATA_DIR: keep a worker of it until it is drained.',
    );
  }
}
