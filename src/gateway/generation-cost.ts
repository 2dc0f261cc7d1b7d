/** Fetches the cost of a call whose stream was cut or cancelled, from gateways that report it later by generation id. */
import { setTimeout as sleep } from 'node:timers/promises';
import { fetchPath } from './fetch-path';
import type { Endpoint, GenerationCost } from './adapters/endpoint';

/** A generation is not indexed immediately: 404 means "not yet". Half a minute in total. */
const WAITS_MS = [200, 400, 800, 1600, 3000, 5000, 8000, 12_000];
const ASK_TIMEOUT_MS = 5000;

/** Returns undefined if the gateway does not report the cost. */
export async function fetchGenerationCost(endpoint: Endpoint, id: string): Promise<GenerationCost | undefined> {
  if (!endpoint.generationPath) return undefined;
  const path = `${endpoint.generationPath}?id=${encodeURIComponent(id)}`;
  for (const waitMs of WAITS_MS) {
    await sleep(waitMs, undefined, { ref: false });
    const response = await fetchPath(endpoint, path, ASK_TIMEOUT_MS).catch(() => undefined);
    if (!response?.ok) continue;
    const cost = endpoint.readGenerationCost(await response.json().catch(() => undefined));
    if (cost) return cost;
  }
  return undefined;
}
