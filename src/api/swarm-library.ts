/** The swarms that can be started now: the built-in ones and the last valid version of the user's file. */
import { statSync } from 'node:fs';
import { SWARMS, type SwarmDefinition } from '../contract/swarms';
import type { Logger } from '../log';
import { readSwarmsFile } from '../config/swarms-file';

export interface SwarmLibrary {
  /** The definitions for new runs; a run that has started keeps its definition. The same array until they change. */
  all(): readonly SwarmDefinition[];
  /** Why the current version of the file is not used; undefined if it is used. */
  warning(): string | undefined;
  close(): void;
}

/** How often the file is checked without requests, so that an error is logged soon after it is made. */
const INTERVAL_MS = 1000;

/** Reads the file again whenever it has changed. Throws {@link SwarmsFileError} if it is invalid at startup. */
export function createSwarmLibrary(file: string | undefined, log: Logger): SwarmLibrary {
  if (!file) return { all: () => SWARMS, warning: () => undefined, close: () => undefined };
  let mark = readFileMark(file);
  let all = [...SWARMS, ...readSwarmsFile(file)];
  let warning: string | undefined;

  function refresh(file: string): void {
    const now = readFileMark(file);
    if (now === mark) return;
    mark = now;
    try {
      const own = readSwarmsFile(file);
      all = [...SWARMS, ...own];
      warning = undefined;
      log.info({ file, swarms: own.map(({ id }) => id) }, 'swarms file read again');
    } catch (error) {
      warning = error instanceof Error ? error.message : String(error);
      log.warn({ problem: warning }, 'swarms file not used: its last good version holds');
    }
  }

  // compares time and size instead of using file events: those are lost if an editor replaces the file, and on many mounts
  const timer = setInterval(() => refresh(file), INTERVAL_MS).unref();
  return {
    all() {
      refresh(file);
      return all;
    },
    warning() {
      refresh(file);
      return warning && `SWARMS_FILE: its last good version holds: ${warning}`;
    },
    close: () => clearInterval(timer),
  };
}

/** Changes when the file changes; a missing file has its own value. */
function readFileMark(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false, bigint: true });
  return stat ? `${stat.ino} ${stat.size} ${stat.mtimeNs}` : '';
}
