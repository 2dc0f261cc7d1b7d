/**
 * DATA_DIR/run: `<name>.pid` for people and scripts, and `started.json`, which also records the identity of each process, to detect a
 * reused pid. A killed start leaves both behind; the next start stops the processes that are provably left from it.
 */
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { identifyProcess } from '../../bootstrap/process-identity.cjs';

const STALE_GRACE_MS = 8000;
const POLL_MS = 50;

interface Started {
  pid: number;
  identity?: string | undefined;
}

export interface PidFiles {
  record(name: string, pid: number): void;
  forget(name: string): void;
}

export function createPidFiles(runDir: string): PidFiles {
  const started: Record<string, Started> = {};
  const save = () => writeFileSync(join(runDir, 'started.json'), `${JSON.stringify(started)}\n`);
  return {
    record(name, pid) {
      started[name] = { pid, identity: identifyProcess(pid) };
      mkdirSync(runDir, { recursive: true });
      writeFileSync(join(runDir, `${name}.pid`), `${pid}\n`);
      save();
    },
    forget(name) {
      if (!started[name]) return;
      delete started[name];
      rmSync(join(runDir, `${name}.pid`), { force: true });
      save();
    },
  };
}

/**
 * Stops the processes that a killed start left running, in the given order, and removes its pid files. Resolves to their names.
 */
export async function stopLeftovers(runDir: string, order: string[]): Promise<string[]> {
  const started = readStarted(runDir);
  const left = order.filter((name) => isStillOurs(started[name]));
  for (const name of left) await stopProcess(started[name]?.pid ?? 0, () => isStillOurs(started[name]));
  for (const file of listPidFiles(runDir)) rmSync(join(runDir, file), { force: true });
  return left;
}

async function stopProcess(pid: number, lives: () => boolean): Promise<void> {
  const deadline = Date.now() + STALE_GRACE_MS;
  sendSignal(pid, 'SIGTERM');
  while (lives()) {
    if (Date.now() > deadline) sendSignal(pid, 'SIGKILL');
    await sleep(POLL_MS);
  }
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // it has just ended by itself
  }
}

function isStillOurs(entry: Started | undefined): boolean {
  return entry?.identity !== undefined && identifyProcess(entry.pid) === entry.identity;
}

function readStarted(runDir: string): Record<string, Started> {
  try {
    return JSON.parse(readFileSync(join(runDir, 'started.json'), 'utf8')) as Record<string, Started>;
  } catch {
    return {};
  }
}

function listPidFiles(runDir: string): string[] {
  try {
    return readdirSync(runDir).filter((file) => file.endsWith('.pid') || file === 'started.json');
  } catch {
    return [];
  }
}
