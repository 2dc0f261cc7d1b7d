/** A request for a turn of a new run, as a workflow makes it. */
import type { TurnRequest } from '../../src/contract';
import { newScope } from '../redis/fixtures';
import { PLACE } from '../support/events';

export function newRequest(more: Partial<TurnRequest> = {}): TurnRequest {
  return {
    ...newScope(),
    turn: 'draft',
    role: 'strategist',
    label: 'Strategist, draft',
    place: { ...PLACE, step: 'draft' },
    definition: { alias: 'strategic', system: 'Plan.', temperature: 0.7, max_tokens: 2000 },
    messages: [{ role: 'user', parts: ['Why do starlings flock?'] }],
    with_context: false,
    options: {},
    opening: { swarm_id: 'strategic-swarm', message: 'Why do starlings flock?' },
    ...more,
  };
}
