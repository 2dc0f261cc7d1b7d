/** Small questions to a gateway beside the completions: with its headers, bounded in time, and without spending anything. */
import type { Endpoint } from './endpoints/endpoint';

const NO_RUN = { run_id: 'probe', session_id: 'probe', team_id: 'probe', turn: 'probe' };

/** `GET` on a path under the base URL. Rejects when nobody answers in time. */
export async function ask(endpoint: Endpoint, path: string, timeoutMs: number): Promise<Response> {
  const { apiKey, baseUrl } = endpoint;
  const given = Object.entries({ Authorization: apiKey ? `Bearer ${apiKey}` : null, ...endpoint.headers(NO_RUN) });
  const headers = Object.fromEntries(given.filter((entry): entry is [string, string] => entry[1] !== null));
  // a base URL may end with a slash, as the `openai` client allows
  return fetch(`${baseUrl.replace(/\/$/, '')}${path}`, { headers, signal: AbortSignal.timeout(timeoutMs) });
}
