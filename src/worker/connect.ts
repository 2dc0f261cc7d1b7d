/** Connects to Temporal with the library of the workers. An API in the same process can use the connection, too. */
import { NativeConnection, Runtime, makeTelemetryFilterString } from '@temporalio/worker';
import type { Config } from '../config/config';
import type { Logger } from '../log';
import { temporalConnection } from '../temporal/connection';
import { createTemporalLogger } from '../temporal/logger';

export function connectWorker(config: Config, log: Logger): Promise<NativeConnection> {
  Runtime.install({
    logger: createTemporalLogger(log),
    telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }), forward: {} } },
  });
  return NativeConnection.connect(temporalConnection(config));
}
