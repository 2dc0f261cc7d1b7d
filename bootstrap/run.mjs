// @ts-check
// Runs a program of src/cli/programs, such as `node bootstrap/run.mjs start "task"`. Requires only Node: it first installs the packages
// and bundles the programs if the sources have changed.

import { fileURLToPath, pathToFileURL } from 'node:url';
import { bundlePrograms } from './bundle-programs.mjs';
import { describeFailure } from './failure.cjs';
import { installPackages } from './install.mjs';
import { INTERRUPTED } from './interruption.cjs';
import { requireNode } from './node-version.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');

/** @param {string[]} argv @returns {Promise<number>} the exit code */
async function runProgram([name = '', ...args]) {
  requireNode();
  if (!(await installPackages(ROOT))) return INTERRUPTED;
  process.setSourceMapsEnabled(true);
  const file = await bundlePrograms(ROOT, name);
  const { main } = await import(pathToFileURL(file).href);
  return main({ root: ROOT, args });
}

let exitCode = 1;
try {
  exitCode = await runProgram(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${describeFailure(error).join('\n')}\n`);
}
// sockets and timers of an interrupted program would keep the process alive for a while
process.exit(exitCode);
