/** The target of an HTTP request: host and port of its `Host` header (RFC 9110, 7.2). */
import type { IncomingMessage } from 'node:http';

/** In lower case; `port` is '' if the request names none. An IPv6 address keeps its brackets. */
export interface Authority {
  host: string;
  port: string;
}

/** No user information, no empty label (so no trailing dot), no IPv6 zone. Addresses are compared as text: `127.1` is not `127.0.0.1`. */
const AUTHORITY = /^(\[[\da-f:.]+\]|[\w-]+(?:\.[\w-]+)*)(?::(\d{1,5}))?$/i;
const LONGEST = 300;

export function parseAuthority(text: string): Authority | undefined {
  const [, host, port = ''] = (text.length <= LONGEST && AUTHORITY.exec(text)) || [];
  return host === undefined ? undefined : { host: host.toLowerCase(), port };
}

/** Returns undefined if the request names no valid host, two hosts, or a different host in an absolute request target. */
export function readAuthority({ url = '/', headersDistinct }: IncomingMessage): Authority | undefined {
  const [host = '', ...others] = headersDistinct.host ?? [];
  if (others.length > 0) return undefined;
  const target = /^[a-z][a-z\d+.-]*:\/\/([^/?#]*)/i.exec(url)?.[1];
  if (target !== undefined && target.toLowerCase() !== host.toLowerCase()) return undefined;
  return parseAuthority(host);
}
