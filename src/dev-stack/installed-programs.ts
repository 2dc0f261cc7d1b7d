/** Finds third-party programs on this machine. */
import which from 'which';

/** Returns the path of the first of these programs that is on PATH, or that a path names. */
export function findProgram(names: (string | undefined)[]): string | undefined {
  for (const name of names) {
    const found = name && which.sync(name, { nothrow: true });
    if (found) return found;
  }
  return undefined;
}

export function findRedisServer(): string | undefined {
  return findProgram([process.env.REDIS_BIN, 'redis-server', 'valkey-server', 'keydb-server']);
}

export function findChromium(): string | undefined {
  const { CHROMIUM_BIN } = process.env;
  return findProgram([CHROMIUM_BIN, 'chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome']);
}
