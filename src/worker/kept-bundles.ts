/**
 * Stores the workflow code of builds whose runs may still be open, as files in DATA_DIR. A worker that replaces an earlier build on the
 * same machine uses them to continue that build's runs.
 */
import { chmodSync, copyFileSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { WorkerVersion } from '../redis/workers';

const ENDING = '.js';

export interface KeptBundles {
  /** Stores a copy of this file as the code of a build. Throws if the folder is not writable. */
  keep(buildId: string, bundleFile: string): void;
  /** The builds whose code is stored. */
  list(): string[];
  file(buildId: string): string;
  remove(buildId: string): void;
}

export function createKeptBundles(dataDir: string, { deploymentName }: WorkerVersion): KeptBundles {
  const folder = path.join(dataDir, 'workflow-bundles', deploymentName);
  const toFile = (buildId: string) => path.join(folder, `${buildId}${ENDING}`);
  return {
    keep(buildId, bundleFile) {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const unfinished = `${toFile(buildId)}.${process.pid}`;
      rmSync(unfinished, { force: true });
      copyFileSync(bundleFile, unfinished);
      chmodSync(unfinished, 0o600);
      renameSync(unfinished, toFile(buildId));
    },
    list() {
      const files = readFolder(folder).filter((file) => file.endsWith(ENDING));
      return files.map((file) => file.slice(0, -ENDING.length));
    },
    file: toFile,
    remove: (buildId) => rmSync(toFile(buildId), { force: true }),
  };
}

function readFolder(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
