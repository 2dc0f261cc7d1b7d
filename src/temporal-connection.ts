/** Address and credentials of Temporal in the shape that client and worker share. Temporal Cloud works through key or certificate. */
import { readFileSync } from 'node:fs';
import type { Config } from './config';

export function temporalConnection(config: Config) {
  const { TEMPORAL_ADDRESS, TEMPORAL_API_KEY, TEMPORAL_TLS_CERT, TEMPORAL_TLS_KEY, TEMPORAL_TLS_CA } = config;
  const pair =
    TEMPORAL_TLS_CERT && TEMPORAL_TLS_KEY
      ? { clientCertPair: { crt: readFileSync(TEMPORAL_TLS_CERT), key: readFileSync(TEMPORAL_TLS_KEY) } }
      : undefined;
  const authority = TEMPORAL_TLS_CA ? { serverRootCACertificate: readFileSync(TEMPORAL_TLS_CA) } : undefined;
  return {
    address: TEMPORAL_ADDRESS,
    ...(pair || authority || TEMPORAL_API_KEY ? { tls: { ...pair, ...authority } } : {}),
    ...(TEMPORAL_API_KEY ? { apiKey: TEMPORAL_API_KEY } : {}),
  };
}
