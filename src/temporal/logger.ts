/** Forwards warnings and errors of the Temporal SDK, activities and workflows to this process's log, including attributes. */
import { SdkComponent, type LogLevel, type LogMetadata, type Logger as TemporalLogger } from '@temporalio/common';
import type { Logger } from '../log';

export function createTemporalLogger(log: Logger): TemporalLogger {
  const write = (level: LogLevel, message: string, attributes: LogMetadata = {}) => {
    const kept = selectAttributes(attributes);
    if (level === 'WARN') log.warn(kept, message);
    if (level === 'ERROR') log.error(kept, message);
  };
  const ignore = () => undefined;
  return {
    log: write,
    trace: ignore,
    debug: ignore,
    info: ignore,
    warn: (message, attributes) => write('WARN', message, attributes),
    error: (message, attributes) => write('ERROR', message, attributes),
  };
}

/**
 * The SDK logs each failure of an activity or workflow with the thrown error, whose message may quote model output. So only the kind of
 * the error is kept. Entries logged by our own activities and workflows are not changed.
 */
function selectAttributes({ taskToken: _taskToken, ...attributes }: LogMetadata): LogMetadata {
  const { error, ...others } = attributes;
  const isOurs = others.sdkComponent === SdkComponent.activity || others.sdkComponent === SdkComponent.workflow;
  return isOurs || !(error instanceof Error) ? attributes : { ...others, failure: nameKind(error) };
}

function nameKind(error: Error): string {
  const type = 'type' in error && typeof error.type === 'string' ? error.type : undefined;
  return type ? `${error.name} ${type}` : error.name;
}
