/** Checks the API's health, and distinguishes our API from another program on the same port. */
import type { HealthReply } from '../contract/service-replies';
import { writeKeyHeaders, type Environment } from './environment';

const REQUEST_TIMEOUT_MS = 3000;

/** How long to wait for a service that lacks only its gateway; a wrong key does not fix itself. */
const GATEWAY_PATIENCE_MS = 15_000;

type ApiAddress = Pick<Environment, 'apiUrl' | 'env'>;

/** Returns the reply of `/healthz`; undefined if nothing answers, or something other than this project's API. */
export async function readHealth({ apiUrl, env }: ApiAddress): Promise<HealthReply | undefined> {
  try {
    // without a key, an API that requires keys does not report reasons
    const headers = writeKeyHeaders(env);
    const reply = await fetch(`${apiUrl}/healthz`, { headers, signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) });
    const body: unknown = await reply.json();
    return isHealth(body) ? body : undefined;
  } catch {
    return undefined;
  }
}

function isHealth(body: unknown): body is HealthReply {
  if (typeof body !== 'object' || body === null || !('status' in body) || !('systems' in body)) return false;
  const { status, systems } = body;
  if (typeof status !== 'string' || typeof systems !== 'object' || systems === null) return false;
  return 'redis' in systems && 'temporal' in systems;
}

/** Returns the missing parts of the service; `all` if no API answers. */
export function listMissing(health: HealthReply | undefined): string[] {
  return Object.entries(health?.systems ?? { all: false }).flatMap(([name, isWell]) => (isWell ? [] : [name]));
}

/** Whether the service is as ready as it will become: healthy, or lacking only its gateway for some time. */
export function createReadiness(api: ApiAddress): () => Promise<boolean> {
  let since = 0;
  return async () => {
    const health = await readHealth(api);
    if (health?.status === 'ok') return true;
    if (listMissing(health).join() !== 'gateway') since = 0;
    else since ||= Date.now();
    return since > 0 && Date.now() - since > GATEWAY_PATIENCE_MS;
  };
}
