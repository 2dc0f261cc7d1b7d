/**
 * Watches streams that have fallen silent. A run that was terminated manually, or that ended while Redis was unavailable, never writes its
 * final event, and its readers would wait forever.
 */
import type { Loop } from '../loop-health';
import { makeEnding } from '../events/reconstruction';
import type { EventReader } from '../redis/events';
import type { EventFollower } from '../redis/follow';
import type { TurnStore } from '../redis/turns';
import type { Relay } from './relay';
import type { Runs } from './runs';

export interface StaleStreamOptions {
  follower: EventFollower;
  history: EventReader;
  turns: TurnStore;
  relay: Relay;
  runs: Runs;
  loop: Loop;
}

const ROUND_MS = 5000;
const SILENT_MS = 10_000;
/** The number of concurrent checks: a thousand slow runs must not cause a thousand simultaneous calls to Temporal. */
const AT_ONCE = 20;

export interface StaleStreamMonitor {
  /** Closes the stream of a run that has ended without a final event; does nothing while it is running. */
  lookAfter(runId: string): Promise<void>;
  stop(): void;
}

export function monitorStaleStreams({
  follower,
  history,
  turns,
  relay,
  runs,
  loop,
}: StaleStreamOptions): StaleStreamMonitor {
  async function lookAfter(runId: string): Promise<void> {
    const { status } = await runs.describe(runId);
    if (status === 'running') return;
    if (!(await history.head(runId))) return relay.conclude(runId);
    // a run that ended normally has already closed its stream: the first of two final events wins
    const outcome = await runs.outcome(runId);
    await turns.close(outcome, makeEnding(outcome), []);
  }

  const rounds = setInterval(() => {
    const looking = follower.silentFor(SILENT_MS, AT_ONCE).map(lookAfter);
    Promise.all(looking).then(loop.succeeded, loop.failed);
  }, ROUND_MS);
  return { lookAfter, stop: () => clearInterval(rounds) };
}
