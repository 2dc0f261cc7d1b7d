/** The swarms that can be started now: the built-in ones, and those of the user's file as it was when it was last right. */
import { statSync } from 'node:fs';
import { SWARMS, type SwarmDefinition } from '../contract/swarms';
import type { Logger } from '../log';
import { readSwarmsFile } from '../swarms-file';

export interface SwarmLibrary {
  /** What a run that starts now may be; a run that has started carries its definition with it. */
  all(): readonly SwarmDefinition[];
  /** Why the file as it stands is not used; undefined when it is. */
  warning(): string | undefined;
  close(): void;
}

/** How often the file is looked at while nobody asks, so that a fault is logged when it is made. */
const INTERVAL_MS = 1000;

/** Reads the file again whenever it has changed. Throws {@link SwarmsFileError} when it is wrong at the start. */
export function createSwarmLibrary(file: string | undefined, log: Logger): SwarmLibrary {
  if (!file) return { all: () => SWARMS, warning: () => undefined, close: () => undefined };
  let mark = markOf(file);
  let own = readSwarmsFile(file);
  let warning: string | undefined;

  function refresh(file: string): void {
    const now = markOf(file);
    if (now === mark) return;
    mark = now;
    try {
      own = readSwarmsFile(file);
      warning = undefined;
      log.info({ file, swarms: own.map(({ id }) => id) }, 'swarms file read again');
    } catch (error) {
      warning = error instanceof Error ? error.message : String(error);
      log.warn({ problem: warning }, 'swarms file not used: its last good version holds');
    }
  }

  // by time and size, not by file events: those are lost where an editor replaces the file, and on many mounts
  const timer = setInterval(() => refresh(file), INTERVAL_MS).unref();
  return {
    all() {
      refresh(file);
      return [...SWARMS, ...own];
    },
    warning() {
      refresh(file);
      return warning && `SWARMS_FILE: its last good version holds: ${warning}`;
    },
    close: () => clearInterval(timer),
  };
}

/** Another one when the file has changed; one of its own when it is not there. */
function markOf(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false, bigint: true });
  return stat ? `${stat.ino} ${stat.size} ${stat.mtimeNs}` : '';
}
