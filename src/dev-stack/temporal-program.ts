/**
 * Provides the Temporal program if it is not installed: the official archive, pinned by version and SHA-256, or a build from the Go
 * modules that temporal-build/go.mod names and go.sum pins.
 */
import { createHash } from 'node:crypto';
import { createReadStream, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { StartFailure } from '../../bootstrap/failure.cjs';
import { withLock } from '../../bootstrap/lock.cjs';
import { download } from './download';
import type { Environment } from './environment';
import { findProgram } from './installed-programs';
import type { Context, StepContext } from './progress';
import { CommandError, runCommand } from './run-command';

const VERSION = '1.8.2';
const RELEASE = `https://github.com/temporalio/cli/releases/download/v${VERSION}`;
/** SHA-256 of the archives, from the release's checksums.txt. */
const ARCHIVES: Record<string, string> = {
  darwin_amd64: '489d7f5420cae02b559774ac23df035141954c33a51dba96f5759a0ddccdf1b6',
  darwin_arm64: 'dacdc3587682c04cf27e67c8878ca2d755230b6ad63c0c6ebddd7348ae90ed94',
  linux_amd64: 'd8421bda989e6514b4bdb4d63a9012a8a05a806892e881a5aad8510496349a94',
  linux_arm64: '83600a8fac6e3da54093e5da6918d399f501532b9f1172235603f9606f4ac6e4',
};
const PACKAGE = 'github.com/temporalio/cli/cmd/temporal';
/** Its go.mod requires v1.5.1: newer tags do not resolve from the module proxy, because they carry replace directives. */
const BUILD_FOLDER = 'src/dev-stack/temporal-build';
/** Approximate number of packages that a cold build compiles; only for the progress line. */
const PACKAGES_ABOUT = 1300;

/** Returns the path of a Temporal program, after downloading or building it if needed. */
export async function ensureTemporalProgram(environment: Environment, { progress, signal }: Context): Promise<string> {
  const { root, cacheDir, dataDir } = environment;
  const target = join(cacheDir, 'bin', 'temporal');
  const find = () => findProgram([process.env.TEMPORAL_BIN, 'temporal', join(dataDir, 'bin', 'temporal'), target]);
  const found = find();
  if (found) return found;
  return progress.run('Temporal', (step) =>
    withLock(
      join(cacheDir, 'locks', 'temporal'),
      { step, signal },
      async () => find() ?? fetchOrBuild(root, target, { step, signal }),
    ),
  );
}

async function fetchOrBuild(root: string, target: string, context: StepContext): Promise<string> {
  mkdirSync(dirname(target), { recursive: true });
  const reasons: string[] = [];
  for (const provide of [() => downloadTemporal(target, context), () => buildTemporal(root, target, context)]) {
    try {
      await provide();
      return target;
    } catch (error) {
      context.signal.throwIfAborted();
      reasons.push(error instanceof Error ? error.message : String(error));
    }
  }
  throw new StartFailure(
    'The Temporal server could not be fetched or built.',
    `Install the Temporal CLI (https://docs.temporal.io/cli) or Go 1.24 or newer, put the program at ${target}, or set TEMPORAL_ADDRESS.`,
    reasons,
  );
}

export async function downloadTemporal(
  target: string,
  { step, signal }: StepContext,
  { release = RELEASE, archives = ARCHIVES }: { release?: string; archives?: Record<string, string> } = {},
): Promise<void> {
  const platform = `${process.platform}_${process.arch === 'x64' ? 'amd64' : process.arch}`;
  const expected = archives[platform];
  if (!expected) throw new Error(`no release of Temporal is pinned for ${platform}`);
  const folder = `${target}-download`;
  const archive = join(folder, 'temporal.tar.gz');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  try {
    step.update('downloading');
    const onBytes = (done: number, total: number | undefined) => total && step.showBytes(done, total);
    await download(`${release}/temporal_cli_${VERSION}_${platform}.tar.gz`, archive, { signal, onBytes });
    if ((await computeSha256(archive)) !== expected)
      throw new Error('the archive that came is not the release (SHA-256 differs)');
    await runCommand('tar', ['-xzf', archive, '-C', folder, 'temporal'], { signal });
    await moveIfItRuns(join(folder, 'temporal'), target, signal);
    step.update('downloaded, SHA-256 as pinned');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function computeSha256(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

async function buildTemporal(root: string, target: string, { step, signal }: StepContext): Promise<void> {
  if (!findProgram(['go'])) throw new Error('go is not on PATH');
  // Read-only: a module that go.sum does not pin fails the build. Without cgo, no C compiler is needed. The go line of go.mod lets an older
  // Go download the toolchain that it needs.
  const env = { GOFLAGS: '-mod=readonly', GOWORK: 'off', CGO_ENABLED: '0' };
  const unfinished = `${target}.new`;
  let compiled = 0;
  const onLine = (line: string) =>
    step.update(
      line.startsWith('go: ')
        ? `Go build: ${line.slice('go: '.length)}`
        : `Go build: package ${(compiled += 1)} of about ${PACKAGES_ABOUT}, ${line}`,
    );
  try {
    step.update('Go build: fetching modules');
    const args = ['build', '-v', '-ldflags', '-s -w', '-o', unfinished, PACKAGE];
    await runCommand('go', args, { cwd: join(root, BUILD_FOLDER), env, signal, onLine });
    await moveIfItRuns(unfinished, target, signal);
    step.update('built with Go, modules as pinned');
  } catch (error) {
    throw error instanceof CommandError ? new Error(['go build failed:', ...error.tail.slice(-5)].join(' ')) : error;
  }
}

/** Uses a temporary name until the program is complete, so that a partial one is never started. */
async function moveIfItRuns(unfinished: string, target: string, signal: AbortSignal): Promise<void> {
  await runCommand(unfinished, ['--version'], { signal });
  renameSync(unfinished, target);
}
