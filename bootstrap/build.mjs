// @ts-check
// Compiles src to dist and bundles the workflows, when a source has changed since the last build. `npm run build` runs
// it alone.

import { copyFileSync, mkdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readEnvironment, requireNode } from './environment.mjs';
import { CalledOff, StartFailure, describeFailure } from './failure.mjs';
import { fingerprint, listFiles, readRecord } from './fingerprint.mjs';
import { installPackages } from './install.mjs';
import { lockFor, withLock } from './lock.mjs';
import { createProgress } from './progress.mjs';
import { CommandFailed, runCommand } from './run-command.mjs';

const SOURCES = [
  'src',
  'tsconfig.json',
  'tsconfig.build.json',
  'package-lock.json',
  'bootstrap/build.mjs',
  'bootstrap/bundle-workflows.mjs',
  'bootstrap/bundle-dashboard.mjs',
];
const RECORD = '.murmuration';
const BUNDLE = 'workflow-bundle.js';
/** The only room for browsers: tsc does not compile it, and its files are bundled. */
const DASHBOARD = 'dashboard';
const EMITTED = 'TSFILE: ';

/**
 * @param {import('./environment.mjs').Environment} place
 * @param {import('./prepare.mjs').Context} context
 */
export async function build(place, { progress, signal }) {
  await progress.run('build', async (step) => {
    if (isBuilt(place.root)) return;
    await withLock(lockFor(place, 'build'), { step, signal }, async () => {
      if (isBuilt(place.root)) return;
      // Taken before the work: a file that changes meanwhile makes the next start build again.
      const sources = fingerprint(place.root, SOURCES);
      await buildAll(place.root, step, signal);
      writeFileSync(join(place.root, 'dist', RECORD), sources);
    });
  });
}

/** @param {string} root */
function isBuilt(root) {
  return readRecord(join(root, 'dist', RECORD)) === fingerprint(root, SOURCES);
}

/**
 * @param {string} root
 * @param {import('./progress.mjs').Step} step
 * @param {AbortSignal} signal
 */
async function buildAll(root, step, signal) {
  step.update('compiling TypeScript');
  const emitted = await compile(root, signal);
  step.update('bundling workflows');
  await bundleWorkflows(root, signal);
  step.update('bundling the dashboard');
  await bundleDashboard(root, signal);
  const page = listFiles(join(root, 'dist', DASHBOARD));
  const kept = new Set([...emitted, ...copyAssets(root), join(root, 'dist', BUNDLE), ...page]);
  for (const file of listFiles(join(root, 'dist'))) if (!kept.has(file)) rmSync(file);
  step.update('built');
}

/**
 * Nothing is written when there is an error, so a server that runs from dist keeps what it needs.
 * @param {string} root
 * @param {AbortSignal} signal
 */
async function compile(root, signal) {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  /** @type {string[]} */
  const emitted = [];
  const onLine = (/** @type {string} */ line) => {
    if (line.startsWith(EMITTED)) emitted.push(line.slice(EMITTED.length));
  };
  const args = [tsc, '-p', 'tsconfig.build.json', '--noEmitOnError', '--listEmittedFiles'];
  try {
    await runCommand(process.execPath, args, { cwd: root, signal, onLine });
  } catch (error) {
    throw asFailure(
      error,
      'The TypeScript build failed.',
      'Mend the errors above, or go back to a version that builds.',
    );
  }
  return emitted;
}

/** @param {string} root @param {AbortSignal} signal */
async function bundleWorkflows(root, signal) {
  await bundle(root, signal, {
    script: 'bundle-workflows.mjs',
    target: BUNDLE,
    what: 'The workflow bundle failed.',
    mend: 'Workflow code must not import Node built-ins or activities; mend what is named above.',
  });
}

/** @param {string} root @param {AbortSignal} signal */
async function bundleDashboard(root, signal) {
  await bundle(root, signal, {
    script: 'bundle-dashboard.mjs',
    target: DASHBOARD,
    what: 'The dashboard bundle failed.',
    mend: 'The dashboard runs in browsers and must not import Node built-ins; mend what is named above.',
  });
}

/**
 * @param {string} root
 * @param {AbortSignal} signal
 * @param {{script: string, target: string, what: string, mend: string}} bundling
 */
async function bundle(root, signal, { script, target, what, mend }) {
  const program = fileURLToPath(new URL(script, import.meta.url));
  try {
    await runCommand(process.execPath, [program, root, join(root, 'dist', target)], { cwd: root, signal });
  } catch (error) {
    throw asFailure(error, what, mend);
  }
}

/** Everything under src that is not TypeScript (Lua scripts, pages) goes along. @param {string} root */
function copyAssets(root) {
  const bundled = join(root, 'src', DASHBOARD, sep);
  const assets = listFiles(join(root, 'src')).filter(
    (file) => !/\.(ts|tsx|mts|cts)$/.test(file) && !file.startsWith(bundled),
  );
  return assets.map((file) => {
    const target = join(root, 'dist', relative(join(root, 'src'), file));
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(file, target);
    return target;
  });
}

/**
 * @param {unknown} error
 * @param {string} what
 * @param {string} mend
 */
function asFailure(error, what, mend) {
  if (error instanceof CalledOff) return error;
  return new StartFailure(what, mend, error instanceof CommandFailed ? error.tail : [String(error)]);
}

/** `npm run build`: builds even when nothing seems to have changed. */
async function main() {
  requireNode();
  const place = readEnvironment();
  const context = { progress: createProgress(), signal: new AbortController().signal };
  await installPackages(place, context);
  rmSync(join(place.root, 'dist', RECORD), { force: true });
  await build(place, context);
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  main().catch((error) => {
    process.stderr.write(`${describeFailure(error).join('\n')}\n`);
    process.exitCode = 1;
  });
}
