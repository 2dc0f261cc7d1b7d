// @ts-check
// Lints the Python files with ruff, as WebAssembly from npm, so only Node is required. The settings are in ruff.toml,
// which an installed ruff also reads. Arguments: folders; by default all that contain Python files.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { PositionEncoding, Workspace } from '@astral-sh/ruff-wasm-nodejs';
import { parse } from 'smol-toml';
import { findFiles } from './files.mjs';

const SETTINGS = new URL('../ruff.toml', import.meta.url);
const FOLDERS = ['src', 'test'];

const folders = process.argv.length > 2 ? process.argv.slice(2) : FOLDERS;
process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const ruff = new Workspace(parse(readFileSync(SETTINGS, 'utf8')), PositionEncoding.Utf32);
const files = folders.flatMap((folder) => findFiles(folder, '.py'));
const findings = files.flatMap((file) =>
  lint(readFileSync(file, 'utf8')).map(
    ({ code, message, start_location: { row, column } }) => `${file}:${row}:${column} ${code ?? 'syntax'} ${message}`,
  ),
);
for (const finding of findings) console.error(finding);
console.log(`${files.length} Python files, ${findings.length} findings`);
process.exitCode = findings.length ? 1 : 0;

/**
 * @param {string} text
 * @returns {import('@astral-sh/ruff-wasm-nodejs').Diagnostic[]}
 */
function lint(text) {
  return ruff.check(text);
}
