// @ts-check
// Runs another program to its end: finds it on PATH, passes its output on line by line, and takes its whole process
// group down when the work is called off (npm, pip and go start programs of their own).

import { spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { CalledOff } from './failure.mjs';

const TAIL_LINES = 15;

/** A program that could not be started or ended with an error; `tail` holds the last lines it said. */
export class CommandFailed extends Error {
  /**
   * @param {string} message
   * @param {string[]} tail
   */
  constructor(message, tail) {
    super(message);
    this.name = 'CommandFailed';
    this.tail = tail;
  }
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {{cwd?: string, env?: NodeJS.ProcessEnv, signal?: AbortSignal, onLine?: (line: string) => void}} [options]
 * @returns {Promise<string[]>} the last lines that it said
 */
export async function runCommand(command, args, { cwd, env, signal, onLine } = {}) {
  if (signal?.aborted) throw new CalledOff();
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  /** @type {string[]} */
  const tail = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      onLine?.(line);
      if (line.trim()) tail.push(line);
      if (tail.length > TAIL_LINES) tail.shift();
    });
  }
  const callOff = () => killGroup(child.pid);
  signal?.addEventListener('abort', callOff, { once: true });
  try {
    const ending = await endOf(child);
    if (signal?.aborted) throw new CalledOff();
    if (ending !== 'exit code 0') throw new CommandFailed(`${command} ended with ${ending}`, tail);
    return tail;
  } finally {
    signal?.removeEventListener('abort', callOff);
  }
}

/** @param {import('node:child_process').ChildProcess} child @returns {Promise<string>} */
function endOf(child) {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
}

/** @param {number | undefined} pid */
function killGroup(pid) {
  if (!pid) return;
  try {
    process.kill(-pid, 'SIGTERM');
  } catch {
    // it has just ended by itself
  }
}

/**
 * The full path of the first of these programs that PATH knows.
 * @param {string[]} names
 * @returns {string | undefined}
 */
export function findProgram(names) {
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable);
}

/** @param {string} file */
export function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
