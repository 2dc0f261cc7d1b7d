/** Why a connection failed, and whether the request was sent: if not, the gateway cannot have started it or charged for it. */
import { types } from 'node:util';
import { z } from 'zod';

/** Returns the innermost cause of an error; one in between may be a DOMException. */
export function rootCause(error: unknown): unknown {
  let deepest = error;
  while (typeof deepest === 'object' && deepest !== null && 'cause' in deepest && deepest.cause)
    deepest = deepest.cause;
  return deepest;
}

/** The connection was not established; `code` is the short reason. */
export class UnsentRequest extends Error {
  constructor(readonly code: string) {
    super('The request was not sent.');
  }
}

/** The client's message for a proxy that refuses the connection to the gateway. */
const PROXY_REFUSAL = /^Proxy response \((\d{3})\)/;

/** Returns a short reason for an error. */
export function wordFor(cause: unknown): string {
  if (!types.isNativeError(cause)) return String(cause);
  const [, proxyStatus] = PROXY_REFUSAL.exec(cause.message) ?? [];
  if (proxyStatus) return `the proxy answered ${proxyStatus}`;
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message;
}

const UNCONNECTED = [
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_PRX_TLS',
];
const CONNECTING = ['connect', 'getaddrinfo'];
/** The certificate is not trusted (the names are OpenSSL's), or the TLS versions do not match. */
const NO_HANDSHAKE = [
  /^(CERT|CRL|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH|HOSTNAME_MISMATCH|ERR_TLS_CERT)(_|$)/,
  /^ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|UNSUPPORTED_PROTOCOL|NO_PROTOCOLS_AVAILABLE)$/,
  /^ERR_SSL_.*(PROTOCOL_VERSION|HANDSHAKE_FAILURE|UNRECOGNIZED_NAME)$/,
];

const systemError = z.looseObject({ code: z.string(), syscall: z.string().optional() });

/** Whether the peer's certificate was issued by a CA that we do not trust. */
export function isUnknownAuthority(word: string): boolean {
  return /^(UNABLE_TO_(GET_ISSUER_CERT|VERIFY_LEAF)|SELF_SIGNED_CERT|DEPTH_ZERO_SELF_SIGNED)/.test(word);
}

/** Whether the connection failed before the request was sent. If unsure, returns false. */
export function isUnsent(cause: unknown): boolean {
  const { data } = systemError.safeParse(cause);
  if (!data) return false;
  if (cause instanceof UnsentRequest || PROXY_REFUSAL.test((cause as Error).message)) return true;
  const { code, syscall } = data;
  if (syscall) return CONNECTING.includes(syscall);
  // all of several addresses failed, or the connection was lost during the TLS handshake, whose errors name the host
  const isConnecting = 'errors' in data || (code === 'ECONNRESET' && 'host' in data);
  return isConnecting || UNCONNECTED.includes(code) || NO_HANDSHAKE.some((pattern) => pattern.test(code));
}
