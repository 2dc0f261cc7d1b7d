// @ts-check
// Tells whether files have changed since an earlier install or build read them.

const { createHash } = require('node:crypto');
const { readFileSync, readdirSync, renameSync, statSync, writeFileSync } = require('node:fs');
const { join, relative } = require('node:path');

/**
 * Returns one hash over the names and contents of files and folders; a missing one counts as empty.
 * @param {string} root
 * @param {string[]} paths relative to the root
 */
function fingerprint(root, paths) {
  const hash = createHash('sha256');
  for (const file of paths.flatMap((path) => listFiles(join(root, path)))) {
    const content = readFileSync(file);
    hash.update(`${relative(root, file)}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

/**
 * Lists all files at or under a path, in a stable order.
 * @param {string} path
 * @returns {string[]}
 */
function listFiles(path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) return [];
  if (!stat.isDirectory()) return [path];
  return readdirSync(path)
    .sort()
    .flatMap((name) => listFiles(join(path, name)));
}

/**
 * Returns the text that an earlier install, build or check wrote to a file.
 * @param {string} file
 */
function readRecord(file) {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return undefined;
  }
}

/**
 * Replaces the file instead of overwriting its content, which hard-linked copies of the folder would share.
 * @param {string} file
 * @param {string} text
 */
function writeRecord(file, text) {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}

module.exports = { fingerprint, listFiles, readRecord, writeRecord };
