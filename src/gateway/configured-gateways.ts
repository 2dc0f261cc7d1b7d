/** Builds the gateways from configuration. */
import { readCertificates, type Certificates } from '../certificates';
import { ConfigError, type Config } from '../config/config';
import { findAdapter } from './adapters';
import type { Endpoint } from './adapters/endpoint';
import type { Network } from './network';
import { chooseProxy } from './proxy';

/** Returns the configured gateways in order of preference. */
export function createEndpoints(config: Config): Endpoint[] {
  const { FIRST_TOKEN_TIMEOUT_SECONDS: first, IDLE_TIMEOUT_SECONDS: idle } = config;
  const certificates = readCertificates(config, 'GATEWAY_TLS');
  return config.gateways.map((name) => {
    const endpoint = findAdapter(name).create(config);
    const rule = (model: string) => config.CONTINUATION.find(({ models }) => matches(models, model))?.how;
    return {
      ...endpoint,
      network: networkTo(endpoint, config, certificates),
      continues: (model) => rule(model) ?? endpoint.continues(model),
      firstTokenTimeoutMs: first ? first * 1000 : endpoint.firstTokenTimeoutMs,
      idleTimeoutMs: idle ? idle * 1000 : endpoint.idleTimeoutMs,
    };
  });
}

/** The local model is called without a proxy: `npm start` serves it on this machine, Docker Compose in the next container. */
function networkTo({ isOurs, baseUrl }: Endpoint, config: Config, tls: Certificates): Network {
  try {
    const proxy = isOurs ? undefined : chooseProxy(baseUrl, config);
    return { tls, ...(proxy ? { proxy } : {}) };
  } catch (error) {
    throw new ConfigError(error instanceof Error ? error.message : String(error));
  }
}

/** A trailing `*` matches any suffix. */
function matches(pattern: string, model: string): boolean {
  return pattern.endsWith('*') ? model.startsWith(pattern.slice(0, -1)) : model === pattern;
}
