/** Measures how long a reader needs for a text, so that neither a busy nor a slow machine makes a fast reader look slow. */

/** Duration of `workAsEver` on the machine for which the limits of the tests are written. */
export const REFERENCE_MS = 25;

/**
 * Returns milliseconds, the shortest of up to three times, each in processor or wall time, whichever is less: a pause of the machine does
 * not count, nor does the first run of code that is not compiled yet. A time within the limit is not measured again.
 */
export async function measureReading(read: () => unknown, limitMs: number): Promise<number> {
  let shortest = Infinity;
  for (let tries = 0; tries < 3 && shortest > limitMs; tries++) {
    const startedAt = performance.now();
    const before = process.cpuUsage();
    await read();
    const { user, system } = process.cpuUsage(before);
    shortest = Math.min(shortest, performance.now() - startedAt, (user + system) / 1000);
  }
  return shortest;
}

/** Returns at least 1: how many times longer than on the reference machine work takes at present. */
export async function measureSlowness(): Promise<number> {
  return Math.max(1, (await measureReading(workAsEver, REFERENCE_MS)) / REFERENCE_MS);
}

/** Fails if a reader needs more than the limit on the reference machine. The limit is scaled up if the machine is slower at present. */
export async function expectFast(name: string, read: () => unknown, limitMs: number): Promise<void> {
  const ms = await measureReading(read, limitMs);
  if (ms <= limitMs) return;
  const slowness = await measureSlowness();
  expect({ name, ms, limitMs, slowness, isFast: ms <= limitMs * slowness }).toMatchObject({ isFast: true });
}

/** Linear reference work, similar to that of readers. */
export function workAsEver(): number {
  const text = 'a line, of words; and "signs"\n'.repeat(7000);
  let found = 0;
  for (let round = 0; round < 48; round++)
    for (const line of text.split('\n')) found += line.indexOf('"') + (/^a (?:line|word)/.test(line) ? 1 : 0);
  for (let at = 0; at < text.length; at++) found += text.charCodeAt(at);
  return found;
}
