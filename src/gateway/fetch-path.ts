/** Small requests to a gateway besides completions: with its headers, a time limit, and at no cost. */
import { addressOfPath } from './address';
import type { Endpoint } from './adapters/endpoint';
import { fetchThrough } from './network';

const NO_RUN = { run_id: 'probe', session_id: 'probe', team_id: 'probe', turn: 'probe' };

/** `GET` on a path under the base URL. Rejects if there is no response in time. */
export async function fetchPath(endpoint: Endpoint, path: string, timeoutMs: number): Promise<Response> {
  const { apiKey } = endpoint;
  const given = Object.entries({ Authorization: apiKey ? `Bearer ${apiKey}` : null, ...endpoint.headers(NO_RUN) });
  const headers = Object.fromEntries(given.filter((entry): entry is [string, string] => entry[1] !== null));
  const fetch = fetchThrough(endpoint.network);
  return fetch(addressOfPath(endpoint, path), { headers, signal: AbortSignal.timeout(timeoutMs) });
}
