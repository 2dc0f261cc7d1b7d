/** Reads the client address of a request, for rate limiting. */
import type { IncomingMessage } from 'node:http';
import { isIPv6 } from 'node:net';

/** The first four groups of an IPv6 address identify a client: one machine may use every address of its /64 network. */
const NETWORK_GROUPS = 4;
const GROUPS = 8;

/** The longest address that is kept: the forwarded header may contain anything. */
const LONGEST = 64;

/** `trustedProxies`: the number of proxies in front of this process. Each appends the address of its caller to X-Forwarded-For. */
export function readClientAddress({ socket, headers }: IncomingMessage, trustedProxies: number): string {
  const direct = socket.remoteAddress ?? 'unknown';
  if (trustedProxies === 0) return toNetwork(direct);
  const forwarded = String(headers['x-forwarded-for'] ?? '')
    .split(',')
    .map((entry) => entry.trim())
    .filter(Boolean);
  return toNetwork(forwarded[Math.max(0, forwarded.length - trustedProxies)] ?? direct);
}

function toNetwork(given: string): string {
  const address = given.replace(/^::ffff:(?=\d+\.)/i, '');
  if (!isIPv6(address)) return address.slice(0, LONGEST);
  return `${expandGroups(address.split('%')[0] ?? '')
    .slice(0, NETWORK_GROUPS)
    .join(':')}::/64`;
}

/** The eight groups of an IPv6 address, with `::` expanded. */
function expandGroups(address: string): string[] {
  const [left = [], right = []] = address.split('::').map((part) => part.split(':').filter(Boolean));
  const missing = Math.max(0, GROUPS - left.length - right.length);
  return [...left, ...Array<string>(missing).fill('0'), ...right];
}
