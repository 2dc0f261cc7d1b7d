// @ts-check
// Asks the API how it is, and tells our API from another program on the same port.

const ASK_TIMEOUT_MS = 3000;

/** How long a service that lacks nothing but its gateway is waited for; a wrong key does not mend itself. */
const GATEWAY_PATIENCE_MS = 15_000;

/** @typedef {{status: string, systems: Record<string, unknown>, problems?: string[]}} Health */

/**
 * What `/healthz` says; undefined when nothing answers there, or something that is not this project's API.
 * @param {string} apiUrl
 * @returns {Promise<Health | undefined>}
 */
export async function readHealth(apiUrl) {
  try {
    const reply = await fetch(`${apiUrl}/healthz`, { signal: AbortSignal.timeout(ASK_TIMEOUT_MS) });
    const body = /** @type {any} */ (await reply.json());
    return typeof body?.status === 'string' && isOurs(body.systems) ? body : undefined;
  } catch {
    return undefined;
  }
}

/** @param {unknown} systems */
function isOurs(systems) {
  return typeof systems === 'object' && systems !== null && 'redis' in systems && 'temporal' in systems;
}

/**
 * What the service lacks, `all` where nobody answers for it.
 * @param {Health | undefined} health
 */
export function missingIn(health) {
  return Object.entries(health?.systems ?? { all: false }).flatMap(([name, well]) => (well ? [] : [name]));
}

/**
 * Whether the service is as ready as it will become: well, or for some time in want of its gateway alone.
 * @param {string} apiUrl
 */
export function createReadiness(apiUrl) {
  let since = 0;
  return async () => {
    const health = await readHealth(apiUrl);
    if (health?.status === 'ok') return true;
    if (missingIn(health).join() !== 'gateway') since = 0;
    else since ||= Date.now();
    return since > 0 && Date.now() - since > GATEWAY_PATIENCE_MS;
  };
}
