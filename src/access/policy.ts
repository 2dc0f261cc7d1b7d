/**
 * Decides which browser requests a server on this machine accepts. Any page in a browser can send requests to loopback addresses, also
 * under a host name that resolves to one (DNS rebinding). `Host`, `Origin` and `Sec-Fetch-Site` reveal it.
 */
import type { IncomingMessage } from 'node:http';
import { readAuthority, type Authority } from './authority';

export interface AccessRules {
  /** Whether every request is authenticated by a key, which pages of other origins do not know. */
  needsKey: boolean;
  /** Allowed values of `Host` besides those of this machine, each for one port or for all ports. */
  allowedHosts: readonly string[] | 'any';
  /** Origins whose pages may use the server; `*` allows all. Undefined: those on localhost. */
  corsOrigins: readonly string[] | undefined;
  /** Whether another site may link to this path. */
  isPage?(path: string): boolean;
}

interface Refusal {
  code: 'FORBIDDEN_HOST' | 'FORBIDDEN_ORIGIN';
  message: string;
}

export interface AccessPolicy {
  /** Returns why a request is rejected; undefined if it is allowed. */
  refuse(request: IncomingMessage): Refusal | undefined;
  /** The same for a WebSocket, to which browsers do not apply the same-origin policy. */
  refuseWebSocket(request: IncomingMessage): Refusal | undefined;
  /** Whether the request comes from a page that may not use the server, according to `Origin`. */
  isForeign(request: IncomingMessage): boolean;
  /** Returns the value of `Access-Control-Allow-Origin`; '' if the header is not sent. */
  corsOrigin(request: IncomingMessage): string;
}

const LOOPBACK_HOSTS = ['localhost', '127.0.0.1', '[::1]'];
const LOOPBACK_ORIGIN = /^https?:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/;
const DEFAULT_PORTS: Record<string, string> = { http: '80', https: '443' };
const QUOTED_LENGTH = 100;

export function createAccessPolicy({ needsKey, allowedHosts, corsOrigins, isPage }: AccessRules): AccessPolicy {
  const anyHost = allowedHosts === 'any';
  const hosts = new Set([...LOOPBACK_HOSTS, ...(anyHost ? [] : allowedHosts.map((host) => host.toLowerCase()))]);
  const origins = corsOrigins?.map((origin) => origin.toLowerCase());
  const isOpen = origins?.includes('*') ?? false;
  const isAllowedHost = (authority: Authority | undefined) =>
    authority !== undefined &&
    (anyHost || hosts.has(authority.host) || hosts.has(`${authority.host}:${authority.port}`));
  const isAllowedOrigin = (origin: string) =>
    isOpen || (origins ? origins.includes(origin) : LOOPBACK_ORIGIN.test(origin));

  function isForeign(request: IncomingMessage): boolean {
    const origin = readOrigin(request);
    return origin !== undefined && !isAllowedOrigin(origin) && !isOwnOrigin(origin, readAuthority(request));
  }

  function refuse(request: IncomingMessage): Refusal | undefined {
    if (needsKey) return undefined;
    if (!isAllowedHost(readAuthority(request))) return forbiddenHost(request);
    if (isForeign(request)) return forbiddenOrigin(request);
    const isUnnamed = readOrigin(request) === undefined && request.headers['sec-fetch-site'] === 'cross-site';
    return isUnnamed && !isOpen && !isLinkToPage(request, isPage) ? forbiddenOrigin(request) : undefined;
  }

  return {
    refuse,
    refuseWebSocket: (request) => refuse(request) ?? (isForeign(request) ? forbiddenOrigin(request) : undefined),
    isForeign,
    corsOrigin(request) {
      const origin = readOrigin(request);
      if (refuse(request)) return '';
      if (isOpen) return '*';
      return origin !== undefined && isAllowedOrigin(origin) ? origin : '';
    },
  };
}

/** Policy of a server without keys. If others can reach it, its names are unknown and any is allowed. `host` is its listen address. */
export function createKeylessPolicy(
  host: string,
  { allowedHosts = [], corsOrigins }: Partial<Pick<AccessRules, 'allowedHosts' | 'corsOrigins'>> = {},
): AccessPolicy {
  const isLoopback = ['localhost', '127.0.0.1', '::1'].includes(host);
  return createAccessPolicy({ needsKey: false, allowedHosts: isLoopback ? allowedHosts : 'any', corsOrigins });
}

/** Several `Origin` headers arrive joined, which is not a valid origin. */
function readOrigin({ headers }: IncomingMessage): string | undefined {
  return headers.origin?.toLowerCase();
}

/** Whether the page was served from the address that it now requests. The scheme may differ: a proxy in front may use TLS. */
function isOwnOrigin(origin: string, authority: Authority | undefined): boolean {
  const [, scheme = '', host] = /^(https?):\/\/(.+)$/.exec(origin) ?? [];
  if (!authority || host === undefined) return false;
  const { port } = authority;
  const isDefault = port === '' || port === DEFAULT_PORTS[scheme];
  return host === (isDefault ? authority.host : `${authority.host}:${port}`);
}

/** Whether the request is a link click that opens the page in a tab; frames, images and scripts of other sites are not. */
function isLinkToPage({ method, url = '/', headers }: IncomingMessage, isPage: AccessRules['isPage']): boolean {
  const isNavigation = headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';
  const path = url.split('?', 1)[0] ?? '';
  return isNavigation && (method === 'GET' || method === 'HEAD') && (isPage?.(path) ?? false);
}

function forbiddenHost({ headers }: IncomingMessage): Refusal {
  const message = `Host: ${quote(headers.host)} is not an address of this server; add it to ALLOWED_HOSTS if it is.`;
  return { code: 'FORBIDDEN_HOST', message };
}

function forbiddenOrigin({ headers }: IncomingMessage): Refusal {
  const page = headers.origin === undefined ? 'a page of another site' : quote(headers.origin);
  const message = `Origin: ${page} may not use this server; add its origin to CORS_ORIGINS to allow it.`;
  return { code: 'FORBIDDEN_ORIGIN', message };
}

function quote(text = ''): string {
  return JSON.stringify(text.slice(0, QUOTED_LENGTH));
}
