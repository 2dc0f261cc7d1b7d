/** What an adapter declares: how its gateway is named, configured and called. Each adapter is one file and one line in `index.ts`. */
import type { z } from 'zod';
import type { Endpoint } from './endpoint';

export interface Adapter<Name extends string, Variables extends Record<string, z.ZodType>> {
  /** Short name in `GATEWAYS`, events and metrics. */
  name: Name;
  /** Name used in sentences. */
  label: string;
  /** A line about its settings for `.env.example`. */
  description: string;
  /** Its settings; `meta({ example })` is the value that `.env.example` shows for a setting without a default. */
  variables: Variables;
  /** The variable that selects the gateway if `GATEWAYS` is not set; null for the gateway used when none is selected. */
  selectedBy: (keyof Variables & string) | null;
  /** Variables without which the gateway cannot be called. */
  required: readonly (keyof Variables & string)[];
  /** Creates the gateway from its settings. */
  create(settings: z.infer<z.ZodObject<Variables>>): Endpoint;
}

/** Declares an adapter, and infers the types of its settings. */
export function defineAdapter<const Name extends string, Variables extends Record<string, z.ZodType>>(
  adapter: Adapter<Name, Variables>,
): Adapter<Name, Variables> {
  return adapter;
}
