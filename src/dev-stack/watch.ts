/**
 * `npm run dev`: rebuilds when a source changes, and restarts the affected processes. If the build fails, nothing is restarted.
 */
import { watch } from 'node:fs';
import { join, sep } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeFailure } from '../../bootstrap/failure.cjs';
import { PROGRAM_FOLDERS, buildProduct } from './build';
import type { Environment } from './environment';
import type { Context } from './progress';

/** An editor writes several files, or one in several steps. */
const QUIET_MS = 300;
const FOLDER = 'src';

/** Resolves when the work is aborted. `restart` restarts the children with these names. */
export async function watchSources(
  environment: Environment,
  context: Context,
  restart: (names: string[]) => Promise<void>,
): Promise<void> {
  const { progress, signal } = context;
  const changed = new Set<string>();
  let wakeUp: () => void = () => undefined;
  const watcher = watch(join(environment.root, FOLDER), { recursive: true, signal }, (_event, file) => {
    // files that no child runs from take effect at the next start
    if (file && !isBelow(PROGRAM_FOLDERS, file)) changed.add(file);
    wakeUp();
  });
  watcher.on('error', (error) => !signal.aborted && progress.say(`The sources can not be watched: ${error.message}`));
  signal.addEventListener('abort', () => wakeUp(), { once: true });
  progress.say(`Watching ${FOLDER}: a change is built, and what runs from it is restarted.`);
  while (!signal.aborted) {
    if (!changed.size) await new Promise<void>((resolve) => (wakeUp = resolve));
    await sleep(QUIET_MS, undefined, { signal }).catch(() => undefined);
    if (signal.aborted || !changed.size) continue;
    const files = [...changed];
    changed.clear();
    progress.say(`Changed: ${files.join(', ')}`);
    await buildAndRestart(environment, context, () => restart(findAffected(files)));
  }
}

async function buildAndRestart(
  environment: Environment,
  context: Context,
  restart: () => Promise<void>,
): Promise<void> {
  try {
    await buildProduct(environment, context);
    await restart();
  } catch (error) {
    if (!context.signal.aborted) context.progress.say(describeFailure(error).join('\n'));
  }
}

/** Returns the children that run from these files. The API serves the dashboard; workers run no code of the dashboard or the API. */
function findAffected(files: string[]): string[] {
  return files.every((file) => isBelow(['dashboard', 'api'], file)) ? ['api'] : ['worker', 'api'];
}

function isBelow(folders: string[], file: string): boolean {
  return folders.some((folder) => file.startsWith(folder + sep));
}
