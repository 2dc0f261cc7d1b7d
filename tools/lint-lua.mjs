// @ts-check
// Lints the Lua scripts that run inside Redis: syntax, undeclared and unused names, shadowed names, includes.
// Argument: the folder of all scripts.

import { fileURLToPath } from 'node:url';
import { checkNames } from './lua/scopes.mjs';
import { readScripts } from './lua/scripts.mjs';

const SCRIPTS = fileURLToPath(new URL('../src/redis/lua', import.meta.url));

const { scripts, findings: unreadable } = readScripts(process.argv[2] ?? SCRIPTS);
const checked = scripts.map(checkNames);
const findings = [...unreadable, ...checked.flatMap(({ findings }) => findings), ...listUnread()];
const lines = new Set(findings.map(({ file, line, message }) => `${file}:${line} ${message}`));
for (const line of lines) console.error(line);
console.log(`${scripts.length} Lua scripts, ${lines.size} findings`);
process.exitCode = lines.size ? 1 : 0;

/** A name of a shared file is unused only if no script reads it. */
function listUnread() {
  const declarations = checked.flatMap(({ declarations }) => declarations).filter(({ name }) => !name.startsWith('_'));
  const read = new Set(declarations.filter(({ isRead }) => isRead).map(identify));
  return declarations
    .filter((declaration) => !read.has(identify(declaration)))
    .map(({ file, line, name }) => ({ file, line, message: `'${name}' is never read` }));
}

/** @param {import('./lua/scopes.mjs').Declaration} declaration */
function identify({ file, line, name }) {
  return `${file}:${line}:${name}`;
}
