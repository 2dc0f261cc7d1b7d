/** Compares the configured models with the gateways' model lists: to warn early, and to learn prices. */
import { z } from 'zod';
import type { Alias } from '../contract';
import { fetchPath } from './fetch-path';
import type { Endpoint } from './adapters/endpoint';
import type { Prices } from './prices';
import type { Routes } from './model-fallback';

/** One model of a gateway's list. `expires` is the day on which it is removed. */
interface ListedModel {
  id: string;
  price: { input: number; output: number } | undefined;
  expires: string | undefined;
}

const decimal = z
  .union([z.number().min(0), z.string().regex(/^\d/).pipe(z.coerce.number())])
  .optional()
  .catch(undefined);
const list = z.object({
  data: z.array(
    z.looseObject({
      id: z.string(),
      pricing: z.looseObject({ prompt: decimal, completion: decimal }).optional().catch(undefined),
      expiration_date: z.string().nullish().catch(undefined),
    }),
  ),
  links: z.looseObject({ next: z.string().nullish() }).nullish().catch(undefined),
});

const LIST_TIMEOUT_MS = 10_000;
const MOST_PAGES = 20;

/** Returns the gateway's models (`GET /models`, following pages); undefined if the gateway does not list them. */
async function listModels(endpoint: Endpoint): Promise<ListedModel[] | undefined> {
  const models: ListedModel[] = [];
  let path: string | undefined = '/models';
  for (let page = 0; path && page < MOST_PAGES; page++) {
    const response: Response | undefined = await fetchPath(endpoint, path, LIST_TIMEOUT_MS).catch(() => undefined);
    const parsed = list.safeParse(response?.ok ? await response.json().catch(() => undefined) : undefined).data;
    if (!parsed) return undefined;
    models.push(...parsed.data.map(readModel));
    path = nextPage(parsed.links?.next);
  }
  return models;
}

function readModel({ id, pricing, expiration_date }: z.infer<typeof list>['data'][number]): ListedModel {
  const { prompt, completion } = pricing ?? {};
  const price = prompt !== undefined && completion !== undefined ? { input: prompt, output: completion } : undefined;
  return { id, price, expires: expiration_date ?? undefined };
}

/** A link to the next page may be absolute or relative: only its query is used. */
function nextPage(link: string | null | undefined): string | undefined {
  const query = link?.includes('?') ? link.slice(link.indexOf('?')) : undefined;
  return query && `/models${query}`;
}

/** Learns the prices of all models. Returns a sentence for each configured model that its gateway does not list or will remove. */
export async function checkModels(endpoints: Endpoint[], routes: Routes, prices: Prices): Promise<string[]> {
  const lists = await Promise.all(
    endpoints.map(async (endpoint) => ({ endpoint, models: await listModels(endpoint) })),
  );
  const warnings = lists.flatMap(({ endpoint, models = [] }) => {
    for (const { id, price } of models) if (price) prices.learn(endpoint.name, id, price);
    // an empty list says nothing: small servers return one whatever they serve
    return models.length === 0 ? [] : listWarnings(endpoint, models, routes);
  });
  return [...new Set(warnings)];
}

function listWarnings(endpoint: Endpoint, models: ListedModel[], routes: Routes): string[] {
  const known = new Map(models.map((model) => [model.id, model]));
  return (Object.keys(routes) as Alias[]).flatMap((alias) =>
    routes[alias]
      .filter((candidate) => candidate.endpoint.name === endpoint.name)
      .flatMap(({ model }) => {
        const listed = known.get(model);
        if (!listed) return `${endpoint.label} does not list the model "${model}" (MODEL_${alias.toUpperCase()}).`;
        return listed.expires ? `${endpoint.label} gives the model "${model}" up on ${listed.expires}.` : [];
      }),
  );
}
