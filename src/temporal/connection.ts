/**
 * Address, credentials and proxy of Temporal, in the formats of the client (gRPC in JavaScript) and of the worker (gRPC in Rust). Temporal
 * Cloud works with an API key or a certificate.
 */
import { readCertificateAuthority, readCertificates } from '../certificates';
import { ConfigError, type Config } from '../config/config';
import { isLoopback } from '../gateway/proxy';

const DEFAULT_PORT = 7233;

/** Options that client and worker share. */
function credentials(config: Config) {
  const { TEMPORAL_API_KEY } = config;
  const { cert, key } = readCertificates(config, 'TEMPORAL_TLS');
  const pair = cert && key ? { clientCertPair: { crt: Buffer.from(cert), key: Buffer.from(key) } } : undefined;
  const ca = readCertificateAuthority(config, 'TEMPORAL_TLS');
  const authority = ca ? { serverRootCACertificate: Buffer.from(ca) } : undefined;
  return {
    ...(pair || authority || TEMPORAL_API_KEY ? { tls: { ...pair, ...authority } } : {}),
    ...(TEMPORAL_API_KEY ? { apiKey: TEMPORAL_API_KEY } : {}),
  };
}

/** Options of `NativeConnection`, which accepts a proxy only here. */
export function temporalConnection(config: Config) {
  const proxy = readProxy(config);
  const { username, password } = proxy ?? {};
  const basicAuth = username ? { basicAuth: { username, password: password ?? '' } } : {};
  return {
    address: config.TEMPORAL_ADDRESS,
    ...credentials(config),
    ...(proxy ? { proxy: { type: 'http-connect' as const, targetHost: proxy.address, ...basicAuth } } : {}),
  };
}

/**
 * Options of `Connection`. By default it would use the proxy of `https_proxy` or `http_proxy`, even for an address of this machine; those
 * variables are for the gateways.
 */
export function temporalClientConnection(config: Config) {
  const direct = { 'grpc.enable_http_proxy': 0 };
  const proxy = readProxy(config);
  if (!proxy) return { address: config.TEMPORAL_ADDRESS, ...credentials(config), channelArgs: direct };
  const { host } = temporalUrl(config);
  const login = proxy.username ? { 'grpc.http_connect_creds': `${proxy.username}:${proxy.password}` } : {};
  return {
    address: proxy.address,
    ...credentials(config),
    channelArgs: { ...direct, 'grpc.http_connect_target': `dns:${host}`, 'grpc.default_authority': host, ...login },
  };
}

/** Parses TEMPORAL_PROXY; undefined for a server on this machine. */
function readProxy(config: Config): { address: string; username: string; password: string } | undefined {
  const { TEMPORAL_PROXY } = config;
  if (!TEMPORAL_PROXY || isLoopback(temporalUrl(config).hostname)) return undefined;
  const url = URL.canParse(TEMPORAL_PROXY) ? new URL(TEMPORAL_PROXY) : undefined;
  if (url?.protocol !== 'http:' || !url.hostname) throw new ConfigError('TEMPORAL_PROXY: must be an http address.');
  const { hostname, port, username, password } = url;
  return {
    address: `${hostname}:${port || '80'}`,
    username: decodeURIComponent(username),
    password: decodeURIComponent(password),
  };
}

/** The address with a port; adds the default port, as the clients do. */
function temporalUrl({ TEMPORAL_ADDRESS }: Config): URL {
  const address = TEMPORAL_ADDRESS.includes('://') ? TEMPORAL_ADDRESS : `tcp://${TEMPORAL_ADDRESS}`;
  if (!URL.canParse(address)) throw new ConfigError('TEMPORAL_ADDRESS: must be host:port.');
  const url = new URL(address);
  if (!url.port) url.port = String(DEFAULT_PORT);
  return url;
}
