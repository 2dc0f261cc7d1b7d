/** A turn of a run of its own, as a workflow would ask for it. */
import type { TurnRequest } from '../../src/contract';
import { newScope } from '../redis/fixtures';

export function newRequest(more: Partial<TurnRequest> = {}): TurnRequest {
  return {
    ...newScope(),
    turn: 'draft',
    role: 'strategist',
    label: 'Strategist, draft',
    definition: { label: 'Strategist', alias: 'strategic', system: 'Plan.', temperature: 0.7, max_tokens: 2000 },
    messages: [{ role: 'user', parts: ['Why do starlings flock?'] }],
    with_context: false,
    options: {},
    opening: { swarm_id: 'strategic-swarm', message: 'Why do starlings flock?' },
    ...more,
  };
}
