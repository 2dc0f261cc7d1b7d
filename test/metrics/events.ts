/** Events of a turn as they are written. */
const ofTurn = {
  ...{ v: 1, run_id: 'run-1', session_id: 'session-1', team_id: 'debate-swarm', at: 1 },
  ...{ turn: 'balanced', role: 'balanced', label: 'Balanced voice', epoch: 1, index: 1 },
} as const;

export const TURN_EVENTS = {
  completed: {
    ...ofTurn,
    type: 'turn.completed',
    ...{ model: 'a-model', gateway: 'gateway', finish_reason: 'stop', truncated: false, length: 5, attempts: 1 },
    ...{ usage: { prompt_tokens: 1, completion_tokens: 2 }, cost_usd: 0.1, duration_ms: 10, first_token_ms: 1 },
  },
  failed: { ...ofTurn, type: 'turn.failed', code: 'CANCELLED', message: 'It was stopped.' },
};
