/** A turn store that reports what it writes: it counts events for `/metrics`, and logs them without their text. */
import type { RunEvent } from '../contract';
import type { Logger } from '../log';
import type { AttemptRecord, TurnStore } from '../redis/turns';
import type { TurnMetrics } from './turn-metrics';

export function watchTurns(
  store: TurnStore,
  metrics: TurnMetrics,
  log: Logger,
  onActivity: (swarm: string) => void,
): TurnStore {
  /** The model that each attempt announced last; waits and failures do not name theirs. */
  const speaking = new WeakMap<AttemptRecord, string>();
  return {
    ...store,
    async append(runId, turn, attempt, firstIndex, entries) {
      await store.append(runId, turn, attempt, firstIndex, entries);
      for (const { event } of entries) {
        if (event.type === 'turn.delta' || event.type === 'turn.thinking') continue;
        const model = readModel(event);
        if (model) speaking.set(attempt, model);
        onActivity(event.team_id);
        metrics.count(event, speaking.get(attempt));
        log.info(describeTurn(event), event.type);
      }
    },
  };
}

function readModel(event: RunEvent): string | undefined {
  if (event.type === 'turn.rerouted') return event.to;
  return 'model' in event ? event.model : undefined;
}

/** Messages are omitted, because gateways quote prompts in them. */
function describeTurn(event: RunEvent): object {
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
