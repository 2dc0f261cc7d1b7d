// @ts-check
// Reads the scripts that run inside Redis. A line `-- @include <path>` includes a shared file; the path is relative to the folder of all
// scripts and without `.lua`. Each file is included once, before the code that needs it.

import { existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import luaparse from 'luaparse';
import { findFiles } from '../files.mjs';

const INCLUDE = /^-- @include +(\S+) *$/gm;

/** @typedef {{file: string, chunk: luaparse.Chunk}} Part a file of a script, parsed */
/** @typedef {{file: string, line: number, message: string}} Finding */

/**
 * Reads each script of a folder as its parts, in the order in which Redis receives them.
 * @param {string} folder
 * @returns {{scripts: Part[][], findings: Finding[]}} findings: unreadable files, and shared files that no script includes
 */
export function readScripts(folder) {
  /** @type {Finding[]} */
  const findings = [];
  const files = findFiles(folder, '.lua').map((file) => relative(folder, file));
  const chunks = new Map(files.flatMap((file) => parseFile(folder, file, findings)));
  const included = new Set(files.flatMap((file) => listIncludes(folder, file)));
  const shared = files.filter((file) => file.includes('/'));
  for (const file of shared)
    if (!included.has(file)) findings.push({ file, line: 1, message: 'no script includes this file' });
  for (const file of files)
    for (const target of listIncludes(folder, file))
      if (!existsSync(join(folder, target)))
        findings.push({ file, line: 1, message: `includes ${target}, which does not exist` });
  const scripts = files
    .filter((file) => !included.has(file))
    .map((file) =>
      collectParts(folder, file).flatMap((part) => {
        const chunk = chunks.get(part);
        return chunk ? [{ file: part, chunk }] : [];
      }),
    );
  return { scripts, findings };
}

/**
 * @param {string} folder
 * @param {string} file
 * @param {Finding[]} findings
 * @returns {[string, luaparse.Chunk][]} nothing for a file with a syntax error
 */
function parseFile(folder, file, findings) {
  try {
    const text = readFileSync(join(folder, file), 'utf8');
    return [[file, luaparse.parse(text, { luaVersion: '5.1', locations: true, comments: false })]];
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const { line = 1 } = /** @type {SyntaxError & {line?: number}} */ (error);
    findings.push({ file, line, message: `syntax error ${error.message}` });
    return [];
  }
}

/**
 * @param {string} folder
 * @param {string} file
 */
function listIncludes(folder, file) {
  if (!existsSync(join(folder, file))) return [];
  return [...readFileSync(join(folder, file), 'utf8').matchAll(INCLUDE)].map(([, name]) => `${name}.lua`);
}

/**
 * Returns the files of a script, each once, included files first.
 * @param {string} folder
 * @param {string} file
 * @param {string[]} parts
 */
function collectParts(folder, file, parts = [], visited = new Set()) {
  if (visited.has(file)) return parts;
  visited.add(file);
  for (const included of listIncludes(folder, file)) collectParts(folder, included, parts, visited);
  parts.push(file);
  return parts;
}
