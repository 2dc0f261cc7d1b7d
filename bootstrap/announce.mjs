// @ts-check
// The block of text that a start ends with: where everything is, and one request to try.

import { join } from 'node:path';
import { splitList } from './environment.mjs';

/**
 * @param {import('./environment.mjs').Environment} place
 * @param {{addresses: import('./services.mjs').Addresses, models: string[] | undefined, foreignRedis: string | undefined, problems: string[]}} started
 * @param {number} seconds
 */
export function announce(place, { addresses, models, foreignRedis, problems }, seconds) {
  const redis = withoutPassword(addresses.redisUrl);
  /** @type {[string, string][]} */
  const rows = [
    ['API', place.apiUrl],
    ['Temporal Web UI', addresses.temporalUiUrl || 'see your Temporal service'],
    ['Temporal', addresses.temporalAddress],
    ['Redis', foreignRedis ? `${redis}   (was already running)` : redis],
    ['Model', models ? `${addresses.localModelUrl}   (${models.join(', ')})` : describeGateway(place)],
    ['Data', `${place.dataDir}   (logs: ${join(place.logDir, '*.log')})`],
  ];
  const auth = place.env.API_KEYS ? ` -H 'Authorization: Bearer <one of API_KEYS>'` : '';
  return [
    '',
    problems.length
      ? 'Murmuration runs, but cannot carry out tasks yet:'
      : `Murmuration is ready (${seconds.toFixed(1)} s).`,
    ...problems.map((problem) => `  ${problem}`),
    '',
    ...rows.map(([name, value]) => `  ${name.padEnd(17)}${value}`),
    '',
    'Try:',
    `  curl -X POST ${place.apiUrl}/swarm/execute -H 'Content-Type: application/json'${auth} \\`,
    `    -d '{"swarm_id":"coding-swarm","message":"Write a Python function to calculate fibonacci"}'`,
    '',
    'Ctrl-C stops everything that this start has started.',
    '',
  ].join('\n');
}

/** @param {import('./environment.mjs').Environment} place */
function describeGateway({ env }) {
  if (env.GATEWAYS) return splitList(env.GATEWAYS).join(', ');
  if (env.GATEWAY_URL) return withoutPassword(env.GATEWAY_URL);
  if (env.PORTKEY_API_KEY) return 'Portkey';
  return env.OPENROUTER_API_KEY ? 'OpenRouter' : (env.LOCAL_MODEL_URL ?? '');
}

/** @param {string} address */
function withoutPassword(address) {
  try {
    const url = new URL(address);
    if (url.password) url.password = '***';
    return url.href.replace(/\/$/, '');
  } catch {
    return address;
  }
}
