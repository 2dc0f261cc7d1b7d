/** Certificate files of a connection: additional authorities, and a client certificate with its key. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext, rootCertificates } from 'node:tls';
import { ConfigError, type Config } from './config/config';

/** In the format of Node's TLS options; empty if nothing is configured. */
export interface Certificates {
  ca?: string[];
  cert?: string;
  key?: string;
}

type Prefix = 'GATEWAY_TLS' | 'REDIS_TLS' | 'TEMPORAL_TLS';

/** Reads the files named by `<prefix>_CA`, `_CERT` and `_KEY`. Throws a `ConfigError` that names the variable for an invalid file. */
export function readCertificates(config: Config, prefix: Prefix): Certificates {
  const authority = readCertificateAuthority(config, prefix);
  const certFile = config[`${prefix}_CERT`];
  const keyFile = config[`${prefix}_KEY`];
  const ca = authority === undefined ? {} : { ca: [...rootCertificates, authority] };
  if (!certFile || !keyFile) return ca;
  const cert = readPem(`${prefix}_CERT`, certFile);
  const key = readPem(`${prefix}_KEY`, keyFile);
  check(`${prefix}_CERT, ${prefix}_KEY`, () => createSecureContext({ cert, key }));
  return { ...ca, cert, key };
}

/** Reads only the certificates of `<prefix>_CA`. */
export function readCertificateAuthority(config: Config, prefix: Prefix): string | undefined {
  const file = config[`${prefix}_CA`];
  if (!file) return undefined;
  const authority = readPem(`${prefix}_CA`, file);
  check(`${prefix}_CA`, () => new X509Certificate(authority));
  return authority;
}

function readPem(variable: string, file: string): string {
  return check(variable, () => readFileSync(file, 'utf8'));
}

function check<T>(variables: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new ConfigError(`${variables}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
