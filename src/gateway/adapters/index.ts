/** All gateways; the first configured one is chosen. A new gateway needs a file next to this one and a line here. */
import type { z } from 'zod';
import { compatible } from './compatible';
import { local } from './local';
import { openrouter } from './openrouter';
import { portkey } from './portkey';

export const ADAPTERS = [compatible, portkey, openrouter, local] as const;

export type GatewayName = (typeof ADAPTERS)[number]['name'];
export const GATEWAY_NAMES: readonly GatewayName[] = ADAPTERS.map(({ name }) => name);

type Intersection<Union> = (Union extends unknown ? (one: Union) => void : never) extends (all: infer All) => void
  ? All
  : never;

/** The settings of all gateways, by variable. */
export const gatewayVariables = Object.fromEntries(
  ADAPTERS.flatMap(({ variables }) => Object.entries<z.ZodType>(variables)),
) as Intersection<(typeof ADAPTERS)[number]['variables']>;

export function findAdapter(name: GatewayName): (typeof ADAPTERS)[number] {
  const adapter = ADAPTERS.find((one) => one.name === name);
  if (!adapter) throw new Error(`There is no gateway "${name}".`);
  return adapter;
}

/** Returns the first gateway whose selecting variable is set, or the one that needs none. */
export function chooseGateway(settings: Readonly<Record<string, unknown>>): GatewayName {
  const isChosen = ({ selectedBy }: (typeof ADAPTERS)[number]) => selectedBy === null || Boolean(settings[selectedBy]);
  const chosen = ADAPTERS.find(isChosen);
  if (!chosen) throw new Error('No gateway is configured.');
  return chosen.name;
}
