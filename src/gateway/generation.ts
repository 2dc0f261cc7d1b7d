/** What a call has cost whose stream was cut or cancelled: OpenRouter tells it by the generation's id, a little later. */
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { ask } from './ask';
import type { Endpoint } from './endpoints/endpoint';

/** What was used, in US dollars and tokens. */
export interface GenerationCost {
  usd: number;
  tokens: number;
}

const count = z.number().nullish();
const report = z.object({
  data: z.object({ total_cost: z.number(), tokens_prompt: count, tokens_completion: count }),
});

/** A generation is not indexed at once: 404 means "not yet". Together half a minute. */
const WAITS_MS = [200, 400, 800, 1600, 3000, 5000, 8000, 12_000];
const ASK_TIMEOUT_MS = 5000;

/** Undefined when the gateway does not tell. */
export async function askGenerationCost(endpoint: Endpoint, id: string): Promise<GenerationCost | undefined> {
  if (!endpoint.generationPath) return undefined;
  const path = `${endpoint.generationPath}?id=${encodeURIComponent(id)}`;
  for (const waitMs of WAITS_MS) {
    await sleep(waitMs, undefined, { ref: false });
    const response = await ask(endpoint, path, ASK_TIMEOUT_MS).catch(() => undefined);
    if (!response?.ok) continue;
    const told = report.safeParse(await response.json().catch(() => undefined)).data?.data;
    if (told) return { usd: told.total_cost, tokens: (told.tokens_prompt ?? 0) + (told.tokens_completion ?? 0) };
  }
  return undefined;
}
