/**
 * Watches over streams that have fallen silent: a run that was terminated by hand, or that ended while Redis was lost, never says
 * that it is over, and its readers would wait for ever.
 */
import type { Logger } from '../log';
import { endingOf } from '../contract/retelling';
import type { EventReader } from '../redis/events';
import type { EventFollower } from '../redis/follow';
import type { TurnStore } from '../redis/turns';
import type { Relay } from './relay';
import type { Runs } from './runs';

export interface VigilOptions {
  follower: EventFollower;
  history: EventReader;
  turns: TurnStore;
  relay: Relay;
  runs: Runs;
  log: Logger;
}

const ROUND_MS = 5000;
const SILENT_MS = 10_000;
/** Runs that are asked about in one round: a thousand slow ones must not become a thousand calls to Temporal at once. */
const AT_ONCE = 20;

export function keepVigil({ follower, history, turns, relay, runs, log }: VigilOptions): { stop(): void } {
  async function lookAfter(runId: string): Promise<void> {
    const { status } = await runs.describe(runId);
    if (status === 'running') return;
    if (!(await history.head(runId))) return relay.conclude(runId);
    // a run that ended as it should has closed its stream before: of two endings the first holds
    const outcome = await runs.outcome(runId);
    await turns.close(outcome, endingOf(outcome), []);
  }

  const rounds = setInterval(() => {
    for (const runId of follower.silentFor(SILENT_MS, AT_ONCE)) {
      lookAfter(runId).catch((error: unknown) => log.debug({ error, runId }, 'silent run'));
    }
  }, ROUND_MS);
  return { stop: () => clearInterval(rounds) };
}
