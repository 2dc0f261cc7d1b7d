/**
 * Continues the runs of earlier builds. A worker also serves the stored code of each earlier build until that build is drained, so an
 * upgrade on a single machine, where no worker of the old build remains, strands no run.
 */
import type { Client } from '@temporalio/client';
import type { Worker } from '@temporalio/worker';
import type { Logger } from '../log';
import type { Loop } from '../loop-health';
import type { WorkerVersion } from '../redis/workers';
import { describeDeployment } from './deployment';
import type { KeptBundles } from './kept-bundles';

const INTERVAL_MS = 15_000;

interface EarlierBuildsOptions {
  client: Client;
  version: WorkerVersion;
  bundles: KeptBundles;
  /** Creates the workers of a build: one for workflows and turns, one for code executions. */
  createWorkers: (version: WorkerVersion, bundleFile: string) => Promise<Worker[]>;
  loop: Loop;
  log: Logger;
}

export interface EarlierBuilds {
  /** Stops checking for drained builds; resolves once all workers of earlier builds have stopped. */
  stop(): Promise<void>;
}

export function serveEarlierBuilds(options: EarlierBuildsOptions): EarlierBuilds {
  const { client, version, bundles, createWorkers, loop, log } = options;
  const served = new Map<string, { workers: Worker[]; ended: Promise<unknown> }>();

  async function serve(buildId: string): Promise<void> {
    const workers = await createWorkers({ ...version, buildId }, bundles.file(buildId));
    const onFailure = (error: unknown) => log.error({ buildId, error }, 'a worker of an earlier build has failed');
    served.set(buildId, { workers, ended: Promise.all(workers.map((worker) => worker.run().catch(onFailure))) });
    log.info({ ...version, buildId }, 'carrying on the runs of an earlier build');
  }

  async function retire(buildId: string): Promise<void> {
    const { workers = [], ended } = served.get(buildId) ?? {};
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
    await ended;
    served.delete(buildId);
    bundles.remove(buildId);
    log.info({ ...version, buildId }, 'an earlier build is drained');
  }

  async function round(): Promise<void> {
    const earlier = bundles.list().filter((buildId) => buildId !== version.buildId);
    if (earlier.length === 0) return;
    const { versions = [] } = (await describeDeployment(client, version.deploymentName)) ?? {};
    for (const { buildId, isDrained } of versions.filter((one) => earlier.includes(one.buildId))) {
      if (isDrained) await retire(buildId);
      else if (!served.has(buildId)) await serve(buildId);
    }
  }

  let underWay: Promise<void> | undefined;
  const look = () =>
    (underWay ??= round()
      .then(loop.succeeded, loop.failed)
      .finally(() => (underWay = undefined)));
  void look();
  const timer = setInterval(() => void look(), INTERVAL_MS);
  return {
    async stop() {
      clearInterval(timer);
      await underWay;
      for (const { workers } of served.values())
        for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
      await Promise.all([...served.values()].map(({ ended }) => ended));
    },
  };
}
