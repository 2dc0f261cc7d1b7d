/** A turn store that tells of what it has written: counted for `/metrics`, and logged without a word of what was said. */
import type { RunEvent } from '../contract';
import type { Logger } from '../log';
import type { Attempt, TurnStore } from '../redis/turns';
import type { TurnMetrics } from './turn-metrics';

export function watchTurns(
  store: TurnStore,
  metrics: TurnMetrics,
  log: Logger,
  onActivity: (swarm: string) => void,
): TurnStore {
  /** The model that each attempt has announced last: waits and failures do not name theirs. */
  const speaking = new WeakMap<Attempt, string>();
  return {
    ...store,
    async append(runId, turn, attempt, firstIndex, entries) {
      await store.append(runId, turn, attempt, firstIndex, entries);
      for (const { event } of entries) {
        if (event.type === 'turn.delta') continue;
        const model = modelOf(event);
        if (model) speaking.set(attempt, model);
        onActivity(event.team_id);
        metrics.count(event, speaking.get(attempt));
        log.info(aboutOf(event), event.type);
      }
    },
  };
}

function modelOf(event: RunEvent): string | undefined {
  if (event.type === 'turn.rerouted') return event.to;
  return 'model' in event ? event.model : undefined;
}

/** Messages are left out: gateways quote prompts in theirs. */
function aboutOf(event: RunEvent): object {
  const { run_id, team_id } = event;
  return {
    run_id,
    swarm: team_id,
    ...('turn' in event ? { turn: event.turn, attempt: event.epoch } : {}),
    ...('model' in event ? { model: event.model } : {}),
    ...('reason' in event ? { reason: event.reason } : {}),
    ...('code' in event ? { code: event.code } : {}),
    ...(event.type === 'turn.completed' ? { ms: event.duration_ms, cost_usd: event.cost_usd, usage: event.usage } : {}),
  };
}
