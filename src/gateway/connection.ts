/** Why a connection failed, and whether anything was sent over it: if not, the gateway cannot have begun, nor charge for it. */
import { z } from 'zod';

/** The error that lies under all others. */
export function rootCause(error: unknown): unknown {
  let deepest = error;
  while (deepest instanceof Error && deepest.cause) deepest = deepest.cause;
  return deepest;
}

/** The shortest word for it. */
export function wordFor(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message;
}

const UNCONNECTED = [
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
];
const CONNECTING = ['connect', 'getaddrinfo'];
/** Nobody vouches for the certificate (the names are OpenSSL's), or the two sides have no common language. */
const NO_HANDSHAKE = [
  /^(CERT|CRL|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH|HOSTNAME_MISMATCH|ERR_TLS_CERT)(_|$)/,
  /^ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|UNSUPPORTED_PROTOCOL|NO_PROTOCOLS_AVAILABLE)$/,
  /^ERR_SSL_.*(PROTOCOL_VERSION|HANDSHAKE_FAILURE|UNRECOGNIZED_NAME)$/,
];

const systemError = z.looseObject({ code: z.string(), syscall: z.string().optional() });

/** Whether the connection failed before the request was sent. Where that is not certain, it was sent. */
export function isUnsent(cause: unknown): boolean {
  const { data } = systemError.safeParse(cause);
  if (!data) return false;
  const { code, syscall } = data;
  if (syscall) return CONNECTING.includes(syscall);
  // several addresses were tried in vain, or TLS names the host to which it has lost the connection in its handshake
  const isConnecting = 'errors' in data || (code === 'ECONNRESET' && 'host' in data);
  return isConnecting || UNCONNECTED.includes(code) || NO_HANDSHAKE.some((pattern) => pattern.test(code));
}
