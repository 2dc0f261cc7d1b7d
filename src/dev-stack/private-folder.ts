/**
 * DATA_DIR contains prompts and answers: only its owner may read it. If DATA_DIR is a folder that also contains other files, those are
 * not touched.
 */
import { chmodSync, lstatSync, mkdirSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Environment } from './environment';

const OWNER_ONLY = 0o700;
const OTHERS = 0o077;
/** For processes that write to the folder. */
export const PRIVATE_UMASK = OTHERS;
/** Names of this product's entries in the folder. */
const OURS = /^(?:run|log|eval|redis|sandbox|bin|temporal\.db(?:-\w+)?)$/;

/**
 * Creates the folder with mode 0700, or removes other users' permissions from it and from our entries in it. Returns what could not be
 * changed: another user owns it, or the folder also contains other files.
 */
export function makePrivate({ root, dataDir }: Pick<Environment, 'root' | 'dataDir'>): string[] {
  mkdirSync(dataDir, { recursive: true, mode: OWNER_ONLY });
  const entries = readdirSync(dataDir);
  const isOurs = dataDir === resolve(root, '.data') || entries.every((name) => OURS.test(name));
  const changed = entries.filter((name) => OURS.test(name)).flatMap((name) => tighten(join(dataDir, name)));
  const rest = isOurs ? restrict(dataDir) : [dataDir].filter(isOpenToOthers);
  return [...rest, ...changed];
}

function tighten(path: string): string[] {
  const state = lstatSync(path, { throwIfNoEntry: false });
  if (!state || state.isSymbolicLink()) return [];
  const failed = restrict(path);
  if (!state.isDirectory() || failed.length > 0) return failed;
  return readdirSync(path).flatMap((name) => tighten(join(path, name)));
}

function restrict(path: string): string[] {
  try {
    if (isOpenToOthers(path)) chmodSync(path, lstatSync(path).mode & OWNER_ONLY);
    return [];
  } catch {
    return lstatSync(path, { throwIfNoEntry: false }) ? [path] : [];
  }
}

function isOpenToOthers(path: string): boolean {
  return (lstatSync(path).mode & OTHERS) !== 0;
}
