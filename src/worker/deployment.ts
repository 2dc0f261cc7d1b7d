/**
 * Worker Versioning: this worker as a version of a Temporal Worker Deployment. A run is pinned to the build on which it started. New runs
 * go to the deployment's current version, which the workers set.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Client } from '@temporalio/client';
import type { WorkerOptions } from '@temporalio/worker';
import type { Config } from '../config/config';
import type { Logger } from '../log';
import type { WorkerVersion } from '../redis/workers';

export type Versioning = Pick<WorkerOptions, 'workerDeploymentOptions'>;

/** gRPC status codes (google.rpc.Code). */
const NOT_FOUND = 5;
const PERMISSION_DENIED = 7;
const UNIMPLEMENTED = 12;

/** Start of the appended source map, which is excluded from the hash because it contains paths of the build machine. */
const SOURCE_MAP = '//# sourceMappingURL=';
const BUILD_ID_LENGTH = 16;

/**
 * The deployment's name, and the build id, by default the hash of the workflow code. A release that does not change that code is the same
 * build, so earlier runs need no worker of the earlier release.
 */
export function readVersion(
  { WORKER_DEPLOYMENT_NAME, WORKER_BUILD_ID, TASK_QUEUE }: Config,
  bundleFile: string,
): WorkerVersion {
  return {
    deploymentName: WORKER_DEPLOYMENT_NAME ?? TASK_QUEUE.replace(/[^\w-]/g, '-'),
    buildId: WORKER_BUILD_ID ?? hashCode(readFileSync(bundleFile, 'utf8')),
  };
}

function hashCode(bundle: string): string {
  const end = bundle.indexOf(SOURCE_MAP);
  const code = end < 0 ? bundle : bundle.slice(0, end);
  return createHash('sha256').update(code).digest('hex').slice(0, BUILD_ID_LENGTH);
}

/** The options of a worker that serves this version. */
export function pinnedTo(version: WorkerVersion): Versioning {
  return { workerDeploymentOptions: { version, useWorkerVersioning: true, defaultVersioningBehavior: 'PINNED' } };
}

/** Whether the server supports Worker Deployments and permits their use; logs a warning if not. */
export async function supportsVersioning(client: Client, log: Logger): Promise<boolean> {
  try {
    await client.workflowService.listWorkerDeployments({ namespace: client.options.namespace, pageSize: 1 });
    return true;
  } catch (error) {
    if (!hasCode(error, UNIMPLEMENTED, PERMISSION_DENIED)) throw error;
    log.warn(
      { reason: error.message },
      'This Temporal server offers no Worker Versioning (version 1.28 and newer do): workers run without it, and a release that changes workflow code can break runs that are under way.',
    );
    return false;
  }
}

/** The state of one version of the deployment. */
interface VersionState {
  buildId: string;
  createdAt: number;
  /** Whether no open run is pinned to it any more. */
  isDrained: boolean;
}

export interface DeploymentState {
  current: string | undefined;
  versions: VersionState[];
  /** Token for a conditional change, which fails if the deployment was changed meanwhile. */
  conflictToken: Uint8Array | null;
}

/** temporal.api.enums.v1.VersionDrainageStatus */
const DRAINED = 2;

/** Returns undefined if no worker of the deployment has ever polled. */
export async function describeDeployment(client: Client, deploymentName: string): Promise<DeploymentState | undefined> {
  const request = { namespace: client.options.namespace, deploymentName };
  try {
    const { workerDeploymentInfo, conflictToken } = await client.workflowService.describeWorkerDeployment(request);
    const { routingConfig, versionSummaries } = workerDeploymentInfo ?? {};
    const versions = (versionSummaries ?? []).map(({ deploymentVersion, createTime, drainageInfo }) => ({
      buildId: deploymentVersion?.buildId ?? '',
      createdAt: Number(createTime?.seconds ?? 0) * 1000 + (createTime?.nanos ?? 0) / 1e6,
      isDrained: drainageInfo?.status === DRAINED,
    }));
    return { current: routingConfig?.currentDeploymentVersion?.buildId ?? undefined, versions, conflictToken };
  } catch (error) {
    if (hasCode(error, NOT_FOUND)) return undefined;
    throw error;
  }
}

/** Routes new runs to this version. Throws if the server does not know all its task queues yet, or another worker was faster. */
export async function setCurrentVersion(
  client: Client,
  { deploymentName, buildId }: WorkerVersion,
  conflictToken: Uint8Array | null,
): Promise<void> {
  const { namespace, identity } = client.options;
  const request = { namespace, identity, deploymentName, buildId, conflictToken };
  await client.workflowService.setWorkerDeploymentCurrentVersion(request);
}

function hasCode(error: unknown, ...codes: number[]): error is Error {
  return error instanceof Error && 'code' in error && codes.some((code) => code === error.code);
}
