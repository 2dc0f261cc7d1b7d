/** The text printed at the end of a start: all addresses, and one request to try. */
import { join } from 'node:path';
import { selectGateway, splitList, type Environment } from '../dev-stack/environment';
import type { Started } from '../dev-stack/stack';
import { toPrintableLine } from '../printable';

export function announce(environment: Environment, started: Started, seconds: number): string {
  const { addresses, models, foreignRedis, problems } = started;
  const { apiUrl, dataDir, env, logDir } = environment;
  const redis = hidePassword(addresses.redisUrl);
  const rows: [string, string][] = [
    ['API', apiUrl],
    ['Temporal Web UI', addresses.temporalUiUrl || 'see your Temporal service'],
    ['Temporal', addresses.temporalAddress],
    ['Redis', foreignRedis ? `${redis}   (was already running)` : redis],
    ['Model', models ? `${addresses.localModelUrl}   (${models.join(', ')})` : describeGateway(env)],
    ['Data', `${dataDir}   (logs: ${join(logDir, '*.log')})`],
  ];
  const auth = env.API_KEYS ? ` -H 'Authorization: Bearer <one of API_KEYS>'` : '';
  return [
    '',
    problems.length
      ? 'Murmuration runs, but cannot carry out tasks yet:'
      : `Murmuration is ready (${seconds.toFixed(1)} s).`,
    ...problems.map((problem) => `  ${toPrintableLine(problem)}`),
    ...listWarnings(env),
    '',
    ...rows.map(([name, value]) => `  ${name.padEnd(17)}${value}`),
    '',
    'Try:',
    `  curl -X POST ${apiUrl}/swarm/execute -H 'Content-Type: application/json'${auth} \\`,
    `    -d '{"swarm_id":"coding-swarm","message":"Write a Python function to calculate fibonacci"}'`,
    '',
    'Ctrl-C stops everything that this start has started.',
    '',
  ].join('\n');
}

function listWarnings(env: Record<string, string>): string[] {
  if (!splitList(env.CORS_ORIGINS).includes('*')) return [];
  const harm = env.API_KEYS ? 'use the API with a key' : 'start runs, read answers and delete sessions';
  return ['', `  Warning: CORS_ORIGINS=* lets every web page in a browser on this machine ${harm}.`];
}

function describeGateway(env: Record<string, string>): string {
  if (env.GATEWAYS) return splitList(env.GATEWAYS).join(', ');
  if (env.GATEWAY_URL) return hidePassword(env.GATEWAY_URL);
  return selectGateway(env) ?? env.LOCAL_MODEL_URL ?? '';
}

function hidePassword(address: string): string {
  try {
    const url = new URL(address);
    // a token may be in place of the user name
    if (url.password || url.username) [url.username, url.password] = ['', '***'];
    return url.href.replace(/\/$/, '');
  } catch {
    return address;
  }
}
