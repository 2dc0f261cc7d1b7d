// @ts-check
// Where the Temporal server comes from: TEMPORAL_ADDRESS, a program on this machine, the official download, or a build
// with Go; and with which settings it runs. Tests and the benchmark start theirs with the same arguments.

import { mkdirSync } from 'node:fs';
import http2 from 'node:http2';
import { dirname, join } from 'node:path';
import { CalledOff, StartFailure } from './failure.mjs';
import { withLock } from './lock.mjs';
import { findProgram, isExecutable } from './run-command.mjs';
import { buildTemporal, downloadTemporal } from './temporal-program.mjs';

export const TEMPORAL_PORT = 7233;
export const TEMPORAL_UI_PORT = 8233;

/** Without these a lone job waits 50 ms at every hop, and a retry fires up to 1 s late. */
const DYNAMIC_CONFIG = [
  'system.enableActivityEagerExecution=true',
  'history.transferProcessorMaxPollRPS=10000',
  'matching.numTaskqueueReadPartitions=1',
  'matching.numTaskqueueWritePartitions=1',
  'history.timerProcessorMaxTimeShift="1ms"',
];
const SEARCH_ATTRIBUTES = ['SwarmId=Keyword', 'SessionId=Keyword', 'RunStatus=Keyword', 'CostUsd=Double'];
/** With the default rollback journal and full sync, everything takes twice as long. */
const SQLITE_PRAGMAS = ['journal_mode=WAL', 'synchronous=NORMAL'];

/** Environment of a Temporal server: fewer collections, a quarter less CPU. */
export const TEMPORAL_SERVER_ENV = { GOGC: '400' };

/**
 * The arguments of a Temporal server of ours. Without `uiPort` it has no Web UI, without `dbFile` it keeps nothing on
 * disk.
 * @param {{port: number, uiPort?: number, dbFile?: string, ip?: string}} options
 */
export function temporalServerArgs({ port, uiPort, dbFile, ip = '127.0.0.1' }) {
  return [
    ...['server', 'start-dev', '--ip', ip, '--port', String(port), '--log-level', 'error'],
    ...(uiPort ? ['--ui-port', String(uiPort)] : ['--headless']),
    ...(dbFile ? ['--db-filename', dbFile, ...repeat('--sqlite-pragma', SQLITE_PRAGMAS)] : []),
    ...repeat('--search-attribute', SEARCH_ATTRIBUTES),
    ...repeat('--dynamic-config-value', DYNAMIC_CONFIG),
  ];
}

/** @param {string} flag @param {string[]} values */
function repeat(flag, values) {
  return values.flatMap((value) => [flag, value]);
}

/**
 * The path of a Temporal program, fetched or built first where needed.
 * @param {import('./environment.mjs').Environment} place
 * @param {import('./prepare.mjs').Context} context
 * @returns {Promise<string>}
 */
export async function ensureTemporalProgram(place, { progress, signal }) {
  const target = join(place.cacheDir, 'bin', 'temporal');
  const find = () =>
    [process.env.TEMPORAL_BIN, findProgram(['temporal']), join(place.dataDir, 'bin', 'temporal'), target].find(
      isProgram,
    );
  const found = find();
  if (found) return found;
  return progress.run('Temporal', (step) =>
    withLock(
      join(place.cacheDir, 'locks', 'temporal'),
      { step, signal },
      async () => find() ?? fetchOrBuild(target, { step, signal }),
    ),
  );
}

/** @param {string | undefined} file @returns {file is string} */
function isProgram(file) {
  return Boolean(file && isExecutable(file));
}

/**
 * @param {string} target
 * @param {{step: import('./progress.mjs').Step, signal: AbortSignal}} context
 */
async function fetchOrBuild(target, context) {
  mkdirSync(dirname(target), { recursive: true });
  /** @type {string[]} */
  const reasons = [];
  for (const provide of [downloadTemporal, buildTemporal]) {
    try {
      await provide(target, context);
      return target;
    } catch (error) {
      if (error instanceof CalledOff || context.signal.aborted) throw new CalledOff();
      reasons.push(error instanceof Error ? error.message : String(error));
    }
  }
  throw new StartFailure(
    'The Temporal server could not be had.',
    `Install the Temporal CLI (https://docs.temporal.io/cli) or Go 1.24 or newer, put the program at ${target}, or set TEMPORAL_ADDRESS.`,
    reasons,
  );
}

/**
 * Whether the server on this port takes calls (the gRPC health check, spoken by hand: there is no gRPC package yet).
 * @param {number} port
 * @returns {Promise<boolean>}
 */
export function isTemporalServing(port) {
  const service = 'temporal.api.workflowservice.v1.WorkflowService';
  const message = Buffer.concat([Buffer.from([0x0a, service.length]), Buffer.from(service)]);
  const frame = Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message]);
  return new Promise((resolve) => {
    const session = http2.connect(`http://127.0.0.1:${port}`);
    const answer = (/** @type {boolean} */ serving) => {
      session.destroy();
      resolve(serving);
    };
    session.setTimeout(1000, () => answer(false));
    session.once('error', () => answer(false));
    const headers = {
      ':method': 'POST',
      ':path': '/grpc.health.v1.Health/Check',
      'content-type': 'application/grpc',
      te: 'trailers',
    };
    const request = session.request(headers);
    request.once('error', () => answer(false));
    // The reply's message is `status: SERVING`, that is 08 01.
    request.once('data', (reply) => answer(reply.subarray(5).equals(Buffer.from([0x08, 0x01]))));
    request.once('close', () => answer(false));
    request.end(frame);
  });
}
