// @ts-check
// Finds the files that a lint program reads.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Lists the files at or under a folder whose names have this ending, in a stable order. A missing folder has none.
 * @param {string} folder
 * @param {string} ending such as `.lua`
 * @returns {string[]}
 */
export function findFiles(folder, ending) {
  /** @type {import('node:fs').Dirent[]} */
  let entries;
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return [];
    throw error;
  }
  return entries
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return findFiles(path, ending);
      return entry.name.endsWith(ending) ? [path] : [];
    });
}
