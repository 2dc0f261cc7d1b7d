/** Settings of our Temporal server. Tests and the benchmark start theirs with the same arguments. */
import http2 from 'node:http2';

export const TEMPORAL_PORT = 7233;
export const TEMPORAL_UI_PORT = 8233;

/** Without the first five, a lone job waits 50 ms at every hop, and a retry fires up to 1 s late. */
const DYNAMIC_CONFIG = [
  'system.enableActivityEagerExecution=true',
  'history.transferProcessorMaxPollRPS=10000',
  'matching.numTaskqueueReadPartitions=1',
  'matching.numTaskqueueWritePartitions=1',
  'history.timerProcessorMaxTimeShift="1ms"',
  // The server's HTTP API executes anything that a web page posts to it. Nothing here uses it: no request has this host.
  'frontend.httpAllowedHosts=["none.invalid"]',
];
const SEARCH_ATTRIBUTES = ['SwarmId=Keyword', 'SessionId=Keyword', 'RunStatus=Keyword', 'RunMessage=Keyword'];
/** With the default rollback journal and full sync, everything takes twice as long. */
const SQLITE_PRAGMAS = ['journal_mode=WAL', 'synchronous=NORMAL'];

/**
 * Environment of a Temporal server: fewer garbage collections, a quarter less CPU, until it uses the memory that a machine with little load
 * needs. Beyond it, the server collects more often instead of growing.
 */
export const TEMPORAL_SERVER_ENV = { GOGC: '400', GOMEMLIMIT: '256MiB' };

export interface TemporalServerOptions {
  port: number;
  /** Without it, the server has no Web UI. */
  uiPort?: number;
  /** Without it, the server stores nothing on disk. */
  dbFile?: string;
  ip?: string;
}

/** Returns the arguments of our Temporal server. */
export function temporalServerArgs({ port, uiPort, dbFile, ip = '127.0.0.1' }: TemporalServerOptions): string[] {
  return [
    ...['server', 'start-dev', '--ip', ip, '--port', String(port), '--log-level', 'error'],
    ...(uiPort ? ['--ui-port', String(uiPort)] : ['--headless']),
    ...(dbFile ? ['--db-filename', dbFile, ...repeat('--sqlite-pragma', SQLITE_PRAGMAS)] : []),
    ...repeat('--search-attribute', SEARCH_ATTRIBUTES),
    ...repeat('--dynamic-config-value', DYNAMIC_CONFIG),
  ];
}

function repeat(flag: string, values: string[]): string[] {
  return values.flatMap((value) => [flag, value]);
}

const HEALTH_SERVICE = 'temporal.api.workflowservice.v1.WorkflowService';

/** Whether the server on this port accepts calls. Sends the gRPC health check as raw bytes, without a gRPC package. */
export function isTemporalServing(port: number): Promise<boolean> {
  const message = Buffer.concat([Buffer.from([0x0a, HEALTH_SERVICE.length]), Buffer.from(HEALTH_SERVICE)]);
  const frame = Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message]);
  return new Promise((resolve) => {
    const session = http2.connect(`http://127.0.0.1:${port}`);
    const answer = (serving: boolean) => {
      session.destroy();
      resolve(serving);
    };
    session.setTimeout(1000, () => answer(false));
    session.once('error', () => answer(false));
    const request = session.request({
      ':method': 'POST',
      ':path': '/grpc.health.v1.Health/Check',
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    request.once('error', () => answer(false));
    // The reply's message is `status: SERVING`, that is 08 01.
    request.once('data', (reply: Buffer) => answer(reply.subarray(5).equals(Buffer.from([0x08, 0x01]))));
    request.once('close', () => answer(false));
    request.end(frame);
  });
}
