/** Provides programs that a package of the system holds: one on PATH, or installed with apt-get if we are root. */
import { existsSync } from 'node:fs';
import { StartFailure } from '../../bootstrap/failure.cjs';
import { aptInstall, canAptInstall } from './apt';
import { findChromium, findRedisServer } from './installed-programs';
import type { Context } from './progress';
import { runCommand } from './run-command';

interface PackagedProgram {
  label: string;
  /** The package in Debian. */
  package: string;
  /** What the user can do if it cannot be installed. */
  remedy: string;
  find(): string | undefined;
  /** Called once apt-get has installed it. */
  afterInstall?(signal: AbortSignal): Promise<void>;
}

/** Returns the path of a Redis server program. */
export function ensureRedisProgram(context: Context): Promise<string> {
  return ensureProgram(REDIS, context);
}

/** Returns the path of the browser for the dashboard's suites. */
export function ensureChromium(context: Context): Promise<string> {
  return ensureProgram(CHROMIUM, context);
}

const REDIS: PackagedProgram = {
  label: 'Redis',
  package: 'redis-server',
  remedy:
    'Install it (Debian: sudo apt install redis-server; Fedora: sudo dnf install valkey; macOS: brew install redis), or set REDIS_URL.',
  find: findRedisServer,
  afterInstall: stopRedisService,
};

const CHROMIUM: PackagedProgram = {
  label: 'Chromium',
  package: 'chromium',
  remedy:
    'Install it (Debian: sudo apt install chromium; Fedora: sudo dnf install chromium; macOS: brew install --cask chromium), or set CHROMIUM_BIN.',
  find: findChromium,
};

async function ensureProgram(program: PackagedProgram, { progress, signal }: Context): Promise<string> {
  const found = program.find();
  if (found) return found;
  return progress.run(program.label, async (step) => {
    const complaints = canAptInstall() ? await aptInstall([program.package], step, signal) : [];
    const installed = program.find();
    if (!installed) throw new StartFailure(`${program.label} was not found.`, program.remedy, complaints);
    await program.afterInstall?.(signal);
    return installed;
  });
}

/** Stops the service that the package starts by itself. */
async function stopRedisService(signal: AbortSignal): Promise<void> {
  const stopping = existsSync('/run/systemd/system')
    ? runCommand('systemctl', ['disable', '--now', 'redis-server'], { signal })
    : runCommand('service', ['redis-server', 'stop'], { signal });
  await stopping.catch(() => undefined);
}
