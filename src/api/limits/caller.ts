/** The identity that a request is counted for: its API key and its client address. */
import type { IncomingMessage } from 'node:http';
import { readClientAddress } from '../client-address';

export interface LimitedCaller {
  /** The name of the API key; undefined if no keys are configured. */
  tenant: string | undefined;
  address: string;
  /** The key of the per-process limits: the API key's name, or the address if there are no keys. */
  name: string;
}

export function describeCaller(
  tenant: string | undefined,
  request: IncomingMessage,
  trustedProxies: number,
): LimitedCaller {
  const address = readClientAddress(request, trustedProxies);
  return { tenant, address, name: tenant === undefined ? `address:${address}` : `key:${tenant}` };
}
