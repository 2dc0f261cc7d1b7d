/** Asks a gateway whether it is there and takes our key, without spending anything. */
import type { Endpoint } from './endpoints/endpoint';

export interface ProbeResult {
  gateway: string;
  ok: boolean;
  /** What is wrong, in one sentence. */
  problem?: string;
}

const PROBE_TIMEOUT_MS = 5000;
const NO_RUN = { run_id: 'probe', session_id: 'probe', team_id: 'probe', turn: 'probe' };

export async function probe(endpoint: Endpoint): Promise<ProbeResult> {
  const { name, label, apiKey, keyRequired, keyVariable, baseUrl, probePath } = endpoint;
  const bad = (problem: string): ProbeResult => ({ gateway: name, ok: false, problem });
  if (keyRequired && !apiKey) return bad(`${label} needs a key: set ${keyVariable}.`);
  const given = Object.entries({ Authorization: apiKey ? `Bearer ${apiKey}` : null, ...endpoint.headers(NO_RUN) });
  const headers = Object.fromEntries(given.filter((entry): entry is [string, string] => entry[1] !== null));
  try {
    // a base URL may end with a slash, as the `openai` client allows
    const url = `${baseUrl.replace(/\/$/, '')}${probePath}`;
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
    await response.body?.cancel();
    return response.ok ? { gateway: name, ok: true } : bad(`${label} answered ${response.status} to ${probePath}.`);
  } catch {
    return bad(`${label} cannot be reached at ${baseUrl}.`);
  }
}
