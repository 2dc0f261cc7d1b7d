/** Compiles src to dist and bundles workflows and dashboard, if a source has changed since the last build. */
import { copyFileSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { StartFailure } from '../../bootstrap/failure.cjs';
import { fingerprint, listFiles, readRecord, writeRecord } from '../../bootstrap/fingerprint.cjs';
import { chooseLockFile, withLock } from '../../bootstrap/lock.cjs';
import { bundleDashboard } from './bundle-dashboard';
import { bundleProcesses } from './bundle-processes';
import type { Environment } from './environment';
import type { Context, ProgressStep } from './progress';
import { CommandError, runCommand } from './run-command';

/** Folders that bootstrap/bundle-programs.mjs bundles; they are not part of the product. */
export const PROGRAM_FOLDERS = ['cli', 'dev-stack'];
/** Files that a build reads besides the product's sources. */
const BUILD_FILES = [
  'tsconfig.json',
  'tsconfig.build.json',
  'package-lock.json',
  'src/dev-stack/build.ts',
  'src/dev-stack/bundle-dashboard.ts',
  'src/dev-stack/bundle-processes.ts',
  'src/cli/programs/bundle-workflows.ts',
];
const RECORD = '.murmuration';
const BUNDLE = 'workflow-bundle.js';
/** The only browser code: tsc does not compile this folder, it is bundled. */
const DASHBOARD = 'dashboard';
const EMITTED = 'TSFILE: ';

export async function buildProduct(
  { root, cacheDir }: Environment,
  { progress, signal }: Context,
  { always = false } = {},
): Promise<void> {
  if (always) rmSync(join(root, 'dist', RECORD), { force: true });
  await progress.run('build', async (step) => {
    if (isBuilt(root)) return;
    await withLock(chooseLockFile(cacheDir, root, 'build'), { step, signal }, async () => {
      if (isBuilt(root)) return;
      // Computed before the build: a file that changes during the build makes the next start build again.
      const sources = fingerprintSources(root);
      await buildAll(root, step, signal);
      writeRecord(join(root, 'dist', RECORD), sources);
    });
  });
}

function isBuilt(root: string): boolean {
  return readRecord(join(root, 'dist', RECORD)) === fingerprintSources(root);
}

function fingerprintSources(root: string): string {
  const folders = readdirSync(join(root, 'src')).filter((name) => !PROGRAM_FOLDERS.includes(name));
  return fingerprint(root, [...folders.map((name) => join('src', name)), ...BUILD_FILES]);
}

async function buildAll(root: string, step: ProgressStep, signal: AbortSignal): Promise<void> {
  const dist = join(root, 'dist');
  step.update('compiling TypeScript');
  const emitted = await compile(root, signal);
  step.update('bundling workflows');
  await bundleWorkflows(root, join(dist, BUNDLE), signal);
  step.update('bundling the dashboard');
  await bundleDashboard(root, join(dist, DASHBOARD));
  const page = listFiles(join(dist, DASHBOARD));
  const assets = copyAssets(root);
  step.update('bundling the processes');
  const code = await bundleProcesses(dist, signal);
  const kept = new Set([...emitted, ...assets, join(dist, BUNDLE), ...page, ...code]);
  for (const file of listFiles(dist)) if (!kept.has(file)) rmSync(file);
  step.update('built');
}

/**
 * Resolves to the written files. Writes nothing if there is an error, so a server that runs from dist keeps its files.
 */
async function compile(root: string, signal: AbortSignal): Promise<string[]> {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const emitted: string[] = [];
  const onLine = (line: string) => {
    if (line.startsWith(EMITTED)) emitted.push(line.slice(EMITTED.length));
  };
  const args = [tsc, '-p', 'tsconfig.build.json', '--noEmitOnError', '--listEmittedFiles'];
  try {
    await runCommand(process.execPath, args, { cwd: root, signal, onLine });
  } catch (error) {
    throw toStartFailure(error, 'The TypeScript build failed.', 'Fix the errors above, or use a version that builds.');
  }
  return emitted;
}

/** Runs in a separate process: the bundler blocks its thread and would freeze the progress lines. */
async function bundleWorkflows(root: string, target: string, signal: AbortSignal): Promise<void> {
  try {
    const program = join(root, 'bootstrap', 'run.mjs');
    await runCommand(process.execPath, [program, 'bundle-workflows', target], { cwd: root, signal });
  } catch (error) {
    throw toStartFailure(
      error,
      'The workflow bundle failed.',
      'Workflow code must not import Node built-ins or activities; fix what is named above.',
    );
  }
}

/** Copies all other files under src, such as Lua scripts and pages. */
function copyAssets(root: string): string[] {
  const elsewhere = [DASHBOARD, ...PROGRAM_FOLDERS].map((folder) => join(root, 'src', folder, sep));
  const assets = listFiles(join(root, 'src')).filter(
    (file) => !/\.(ts|tsx|mts|cts)$/.test(file) && !elsewhere.some((folder) => file.startsWith(folder)),
  );
  return assets.map((file) => {
    const target = join(root, 'dist', relative(join(root, 'src'), file));
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(file, target);
    return target;
  });
}

function toStartFailure(error: unknown, what: string, remedy: string): unknown {
  return error instanceof CommandError ? new StartFailure(what, remedy, error.tail) : error;
}
