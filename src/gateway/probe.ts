/** Asks a gateway whether it is there, takes our key and has credit left, without spending anything. */
import { z } from 'zod';
import { ask } from './ask';
import type { Endpoint } from './endpoints/endpoint';

export interface ProbeResult {
  gateway: string;
  ok: boolean;
  /** What is wrong, in one sentence. */
  problem?: string;
}

const PROBE_TIMEOUT_MS = 5000;

/** OpenRouter's `GET /key`; `limit_remaining` is null for a key without a limit of its own. */
const keyReport = z.object({ data: z.object({ limit_remaining: z.number().nullish() }) });

export async function probe(endpoint: Endpoint): Promise<ProbeResult> {
  const { name, label, apiKey, keyRequired, keyVariable, baseUrl, probePath } = endpoint;
  const bad = (problem: string): ProbeResult => ({ gateway: name, ok: false, problem });
  if (keyRequired && !apiKey) return bad(`${label} needs a key: set ${keyVariable}.`);
  try {
    const response = await ask(endpoint, probePath, PROBE_TIMEOUT_MS);
    if (response.ok && (await isSpent(response))) return bad(`The key in ${keyVariable} has no credit left.`);
    await response.body?.cancel().catch(() => undefined);
    return response.ok ? { gateway: name, ok: true } : bad(`${label} answered ${response.status} to ${probePath}.`);
  } catch {
    return bad(`${label} cannot be reached at ${baseUrl}.`);
  }
}

async function isSpent(response: Response): Promise<boolean> {
  if (!response.url.endsWith('/key')) return false;
  const report = keyReport.safeParse(await response.json().catch(() => undefined)).data;
  const left = report?.data.limit_remaining;
  return typeof left === 'number' && left <= 0;
}
