/** Chooses the proxy of a call from HTTP_PROXY, HTTPS_PROXY and NO_PROXY, interpreted as curl does. */
import { BlockList, isIP } from 'node:net';

export interface ProxySettings {
  HTTP_PROXY?: string | undefined;
  HTTPS_PROXY?: string | undefined;
  NO_PROXY?: string | undefined;
}

/** A proxy's address without user name and password, and the header that carries them. */
export interface Proxy {
  address: string;
  authorization?: string;
}

/** Returns undefined for a direct call. Throws an error that names the variable if its value is not a valid proxy. */
export function chooseProxy(address: string, settings: ProxySettings): Proxy | undefined {
  const url = new URL(address);
  const variable = url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  const proxy = settings[variable];
  return proxy && !isExempt(url, settings.NO_PROXY ?? '') ? readProxy(variable, proxy) : undefined;
}

/** Whether a host is this machine itself. */
export function isLoopback(hostname: string): boolean {
  const host = toHost(hostname);
  return host === 'localhost' || host.endsWith('.localhost') || isWithin(host, '127.0.0.0/8') || isWithin(host, '::1');
}

function readProxy(variable: string, value: string): Proxy {
  const text = value.includes('://') ? value : `http://${value}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url?.hostname || !['http:', 'https:'].includes(url.protocol))
    throw new Error(`${variable}: must be the http or https address of a proxy`);
  const { origin, username, password } = url;
  if (!username) return { address: origin };
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { address: origin, authorization: `Basic ${Buffer.from(credentials).toString('base64')}` };
}

/** Matches NO_PROXY: names including their subdomains, addresses, networks (CIDR), each with or without a port; `*` matches all. */
function isExempt(url: URL, list: string): boolean {
  const host = toHost(url.hostname);
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  return list
    .split(/[\s,]+/)
    .filter(Boolean)
    .some((entry) => {
      if (entry === '*') return true;
      const named = splitPort(entry);
      return (named.port === undefined || named.port === port) && matches(host, named.host);
    });
}

function splitPort(entry: string): { host: string; port?: string } {
  const bare = entry.startsWith('[') ? entry.lastIndexOf(']:') + 1 : entry.indexOf(':');
  const isAddress = !entry.startsWith('[') && entry.indexOf(':') !== entry.lastIndexOf(':');
  if (bare <= 0 || isAddress) return { host: toHost(entry) };
  return { host: toHost(entry.slice(0, bare)), port: entry.slice(bare + 1) };
}

function matches(host: string, entry: string): boolean {
  if (isIP(host)) return isWithin(host, entry);
  const name = entry.startsWith('*.') ? entry.slice(2) : entry.startsWith('.') ? entry.slice(1) : entry;
  return name !== '' && (host === name || host.endsWith(`.${name}`));
}

const FAMILIES = { 4: { family: 'ipv4', bits: 32 }, 6: { family: 'ipv6', bits: 128 } } as const;

/** Whether an IP address equals an address, in any notation, or is in a network. */
function isWithin(host: string, network: string): boolean {
  const [address = '', prefix] = network.split('/');
  const version = isIP(host);
  if (version === 0 || version !== isIP(address)) return false;
  const { family, bits } = FAMILIES[version === 6 ? 6 : 4];
  const length = Number(prefix ?? bits);
  if (prefix === '' || !Number.isInteger(length) || length < 0 || length > bits) return false;
  const list = new BlockList();
  list.addSubnet(address, length, family);
  return list.check(host, family);
}

/** Normalises a host: lower case, without brackets, without a trailing dot. */
function toHost(hostname: string): string {
  const host = hostname.toLowerCase();
  if (host.startsWith('[')) return host.slice(1, host.indexOf(']'));
  return host.endsWith('.') ? host.slice(0, -1) : host;
}
