/** The events of runs whose stream is gone, told from what their workflow returned: Temporal keeps that longer than Redis. */
import type { PlacedEvent } from '../contract';
import { retell } from '../contract/retelling';
import { tagOf } from '../redis/events';
import type { Runs } from './runs';

export interface Retellings {
  /** The events of a run that has ended; undefined while it goes on. Throws {@link ApiError} for an unknown run. */
  of(runId: string): Promise<PlacedEvent[] | undefined>;
}

export function createRetellings(runs: Runs): Retellings {
  return {
    async of(runId) {
      const { status, started_at, ended_at } = await runs.describe(runId);
      if (status === 'running') return undefined;
      const at = { started: Date.parse(started_at), ended: Date.parse(ended_at ?? started_at) };
      // the place in such a telling stays the same however often it is told
      const generation = `${at.ended}${tagOf(runId)}`;
      const events = retell(await runs.outcome(runId), at);
      return events.map((event, i) => ({ cursor: `${generation}-${i + 1}`, event }));
    },
  };
}
