/**
 * How calls reach a gateway: with or without a proxy, with custom certificates, for as long as the watchdogs allow, and never redirected to
 * another origin, which would receive the keys and the prompt.
 */
import { Agent, fetch, ProxyAgent, request, type Dispatcher, type RequestInit } from 'undici';
import { isUnsent, rootCause, UnsentRequest, wordFor } from './connection';
import type { Proxy } from './proxy';
import { decode, StreamedResponse } from './streamed-response';

/** The configured part; a field of an endpoint. */
export interface Network {
  proxy?: Proxy | undefined;
  /** Options of Node's TLS. */
  tls?: { ca?: string[]; cert?: string; key?: string };
}

type Fetch = typeof globalThis.fetch;

/** By default, `fetch` gives up after 300 s without headers or between two parts of a body, whatever the watchdogs allow. */
const WITHOUT_LIMITS = { headersTimeout: 0, bodyTimeout: 0 };
const MOST_REDIRECTS = 5;
const REDIRECTS = [301, 302, 303, 307, 308];
/** The redirects that keep the method and the body. */
const SAME_METHOD = [307, 308];

interface Ways {
  fetch: Fetch;
  stream: Fetch;
}

const known = new WeakMap<Network, Ways>();

/** Returns the `fetch` of a network. Each network has one, since it holds the connections. */
export function fetchThrough(network: Network): Fetch {
  return findWays(network).fetch;
}

/**
 * The same for long answers in many packets: a successful response is a {@link StreamedResponse}. The web stream of a `fetch` costs several
 * promises per packet.
 */
export function streamThrough(network: Network): Fetch {
  return findWays(network).stream;
}

function findWays(network: Network): Ways {
  const found = known.get(network) ?? createWays(createDispatcher(network));
  known.set(network, found);
  return found;
}

// the package's `fetch` has the same classes as Node's own, except for their names
function createWays(dispatcher: Dispatcher): Ways {
  return {
    fetch: ((address: string | URL, init: RequestInit = {}) =>
      followRedirects(address, init.method, async (url) => {
        const reply = await fetch(url, { ...init, dispatcher, redirect: 'manual' }).catch(throwAsUnsent);
        return { reply, discard: () => reply.body?.cancel() };
      })) as unknown as Fetch,
    stream: ((address: string | URL, init: RequestInit = {}) =>
      followRedirects(address, init.method, async (url) => {
        const { statusCode: status, ...reply } = await send(url, init, dispatcher);
        const headers = toHeaders(reply.headers);
        return {
          reply: new StreamedResponse(decode(reply.body, headers), { status, headers }),
          discard: () => reply.body.dump(),
        };
      })) as unknown as Fetch,
  };
}

interface Hop<Reply> {
  reply: Reply;
  /** Reads the rest of the response, so that its connection can be reused. */
  discard(): Promise<void> | undefined;
}

async function followRedirects<Reply extends Pick<Response, 'status' | 'headers'>>(
  address: string | URL,
  method = 'GET',
  ask: (url: URL) => Promise<Hop<Reply>>,
): Promise<Reply> {
  let url = new URL(address);
  // settings contain no credentials; `fetch` would quote them in its error
  url.username = url.password = '';
  for (let hops = 0; ; hops++) {
    const { reply, discard } = await ask(url);
    const next = findRedirect(reply, url, method);
    if (!next || hops >= MOST_REDIRECTS) return reply;
    await discard()?.catch(() => undefined);
    url = next;
  }
}

/** Behaves like `fetch`, including its errors. */
async function send(url: URL, { method = 'GET', headers, body, signal }: RequestInit, dispatcher: Dispatcher) {
  try {
    return await request(url, {
      dispatcher,
      method: method.toUpperCase() as Dispatcher.HttpMethod,
      headers: Object.fromEntries(new Headers(headers as Headers | undefined)),
      body: body as string,
      ...(signal ? { signal } : {}),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    return throwAsUnsent(new TypeError('fetch failed', { cause: error }));
  }
}

function toHeaders(fields: Dispatcher.ResponseData['headers']): Headers {
  const headers = new Headers();
  for (const [name, value = []] of Object.entries(fields)) for (const one of [value].flat()) headers.append(name, one);
  return headers;
}

function createDispatcher({ proxy, tls = {} }: Network): Dispatcher {
  if (!proxy) return new Agent({ ...WITHOUT_LIMITS, connect: tls });
  const { address, authorization } = proxy;
  return new ProxyAgent({
    ...{ ...WITHOUT_LIMITS, uri: address, requestTls: tls },
    ...(tls.ca ? { proxyTls: { ca: tls.ca } } : {}),
    ...(authorization ? { token: authorization } : {}),
  });
}

/** Returns the target of a redirect if it may be followed: same origin, same request. */
function findRedirect(
  { status, headers }: Pick<Response, 'status' | 'headers'>,
  from: URL,
  method: string,
): URL | undefined {
  const location = headers.get('location');
  if (!REDIRECTS.includes(status) || !location || !URL.canParse(location, from.href)) return undefined;
  const to = new URL(location, from);
  const keepsMethod = method.toUpperCase() === 'GET' || SAME_METHOD.includes(status);
  return to.origin === from.origin && keepsMethod ? to : undefined;
}

/** The `openai` client treats each error whose text mentions a timeout as a late answer, although this request was never sent. */
function throwAsUnsent(error: unknown): never {
  const cause = rootCause(error);
  throw isUnsent(cause) ? new TypeError('fetch failed', { cause: new UnsentRequest(wordFor(cause)) }) : error;
}
