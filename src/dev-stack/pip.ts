/** Downloads wheels from PyPI with the user's own pip, which applies its index, proxies and certificates. */
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { CommandError, runCommand } from './run-command';

const TRIES = 3;
const CLIENTS = [['python3', '-m', 'pip'], ['python', '-m', 'pip'], ['pip3'], ['pip']];
// Never download a source archive: pip would run its set-up script to determine its name.
const DOWNLOAD = [
  'download',
  '--no-deps',
  '--no-cache-dir',
  '--only-binary',
  ':all:',
  '--no-input',
  '--disable-pip-version-check',
];

/** Returns a command line that runs pip. */
export async function findPip(signal: AbortSignal): Promise<string[]> {
  for (const [command = '', ...args] of CLIENTS) {
    try {
      await runCommand(command, [...args, '--version'], { signal });
      return [command, ...args];
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
    }
  }
  throw new Error('pip was not found');
}

/** Resolves to the path of the wheel. Bytes in transfer are also below `folder`, so that they can be counted. */
export async function fetchWheel(pip: string[], name: string, folder: string, signal: AbortSignal): Promise<string> {
  const [command = 'pip', ...args] = pip;
  const temporary = join(folder, 'temporary');
  mkdirSync(temporary, { recursive: true });
  for (let attempt = 1; ; attempt += 1) {
    try {
      await runCommand(command, [...args, ...DOWNLOAD, '-d', folder, name], { env: { TMPDIR: temporary }, signal });
      const wheel = readdirSync(folder).find((entry) => entry.endsWith('.whl'));
      if (wheel) return join(folder, wheel);
      throw new Error(`pip fetched no wheel for ${name}`);
    } catch (error) {
      signal.throwIfAborted();
      if (attempt === TRIES)
        throw error instanceof CommandError ? new Error(`pip: ${error.tail.at(-1) ?? error.message}`) : error;
    }
  }
}
