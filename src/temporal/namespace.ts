/** Checks the namespace of the runs: it must exist, and its retention must be as long as configured. */
import type { Client } from '@temporalio/client';
import { NamespaceNotFoundError } from '@temporalio/client';
import type { Config } from '../config/config';
import type { Logger } from '../log';

/** gRPC status codes (google.rpc.Code). */
const NOT_FOUND = 5;
const DAY_SECONDS = 24 * 3600;

/** The namespace does not exist; the message names it. */
class MissingNamespace extends Error {
  override name = 'MissingNamespace';

  constructor(namespace: string) {
    super(
      `Temporal has no namespace "${namespace}". Create it (temporal operator namespace create --namespace ${namespace}), or set TEMPORAL_NAMESPACE.`,
    );
  }
}

/** Whether a call failed because its namespace does not exist. Temporal's two clients report the same code in different error classes. */
export function isNamespaceMissing(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof NamespaceNotFoundError) return true;
  const isNotFound = 'code' in error && error.code === NOT_FOUND && /\bnamespace\b/i.test(error.message.slice(0, 500));
  return isNotFound || isNamespaceMissing(error.cause);
}

/**
 * Throws {@link MissingNamespace}. Returns the retention of ended runs in seconds: 0 if there is no limit, undefined if the server refuses
 * the query, in which case the namespace is assumed to exist.
 */
export async function checkNamespace(client: Client, namespace: string, log: Logger): Promise<number | undefined> {
  try {
    const { config } = await client.workflowService.describeNamespace({ namespace });
    return Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0);
  } catch (error) {
    if (isNamespaceMissing(error)) throw new MissingNamespace(namespace);
    log.warn({ error }, `For how long Temporal keeps the runs of the namespace "${namespace}" could not be read.`);
    return undefined;
  }
}

/** Throws {@link MissingNamespace}. If the retention is shorter than RETENTION_DAYS, raises it in mode `set`, otherwise warns. */
export async function checkRetention(
  client: Client,
  { TEMPORAL_NAMESPACE: namespace, RETENTION_DAYS, RETENTION_MODE }: Config,
  log: Logger,
): Promise<void> {
  const { workflowService } = client;
  const wanted = RETENTION_DAYS * DAY_SECONDS;
  const kept = (await checkNamespace(client, namespace, log)) ?? 0;
  if (kept === 0 || kept >= wanted) return;
  if (RETENTION_MODE === 'set') {
    try {
      const config = { workflowExecutionRetentionTtl: { seconds: wanted as never } };
      await workflowService.updateNamespace({ namespace, config });
      log.info({ namespace, days: RETENTION_DAYS }, 'Temporal keeps runs that have ended for longer now');
      return;
    } catch (error) {
      log.warn({ error }, 'retention');
    }
  }
  log.warn(
    { namespace, seconds: kept, wanted },
    `Temporal forgets runs ${describeSeconds(kept)} after their end, RETENTION_DAYS says ${RETENTION_DAYS} days: temporal operator namespace update --namespace ${namespace} --retention ${RETENTION_DAYS}d, or lower RETENTION_DAYS.`,
  );
}

function describeSeconds(seconds: number): string {
  return seconds % DAY_SECONDS === 0 ? `${seconds / DAY_SECONDS} days` : `${Math.round(seconds / 3600)} hours`;
}
