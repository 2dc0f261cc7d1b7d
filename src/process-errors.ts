/** Handles errors that are not caught elsewhere. By default Node would end the process, with all its running turns. */
import type { Logger } from './log';
import { toPrintable } from './printable';

/**
 * An unhandled rejection does not affect other work: it is logged, and the process continues. An uncaught exception may have left
 * inconsistent state: the process ends, and its supervisor starts another one.
 */
export function handleStrayErrors(log: Logger): void {
  process.on('unhandledRejection', (error) => log.error({ error }, 'a rejection was not handled'));
  process.on('uncaughtException', (error) => {
    log.fatal({ error }, 'an exception was not caught: the process ends');
    process.exit(1);
  });
}

/** Ends a process that cannot start. Prints its name and the reason, with the `variable` of the environment that the error names. */
export function endOnFailure(name: string): (error: unknown) => never {
  return (error) => {
    const isPortTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
    const variable = error instanceof Error && 'variable' in error ? `${String(error.variable)}: ` : '';
    const reason = `${variable}${error instanceof Error ? error.message : String(error)}`;
    const advice = isPortTaken ? '. Stop the program that uses the port, or set PORT.' : '';
    process.stderr.write(`${name}: ${toPrintable(reason)}${advice}\n`);
    process.exit(1);
  };
}
