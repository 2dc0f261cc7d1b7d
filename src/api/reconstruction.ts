/** Reconstructs the events of a run whose stream has expired from its workflow result, which Temporal keeps longer than Redis. */
import type { PlacedEvent } from '../contract';
import { reconstructEvents } from '../events/reconstruction';
import { computeTag } from '../redis/events';
import type { Runs } from './runs';

export interface Reconstruction {
  /** The events of a run that has ended; undefined while it is running. Throws {@link ApiError} for an unknown run. */
  of(runId: string): Promise<PlacedEvent[] | undefined>;
}

export function createReconstruction(runs: Runs): Reconstruction {
  return {
    async of(runId) {
      const { status, started_at, ended_at } = await runs.describe(runId);
      if (status === 'running') return undefined;
      const at = { started: Date.parse(started_at), ended: Date.parse(ended_at ?? started_at) };
      // the cursors are the same for every reconstruction of the events
      const generation = `${at.ended}${computeTag(runId)}`;
      const events = reconstructEvents(await runs.outcome(runId), at);
      return events.map((event, i) => ({ cursor: `${generation}-${i + 1}`, event }));
    },
  };
}
