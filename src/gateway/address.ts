/** Formats addresses for messages and logs. */
import type { Endpoint } from './adapters/endpoint';

const LONGEST = 200;

/** Removes what may be secret: user name, password and query. */
export function showAddress(address: string): string {
  if (!URL.canParse(address)) return 'an address that is none';
  const { protocol, host, pathname } = new URL(address);
  return `${protocol}//${host}${pathname}`.slice(0, LONGEST);
}

/** Returns the address of a path under the base URL, which may end with a slash, as the `openai` client allows. */
export function addressOfPath({ baseUrl }: Pick<Endpoint, 'baseUrl'>, path: string): string {
  return `${baseUrl.replace(/\/$/, '')}${path}`;
}
