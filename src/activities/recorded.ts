/** Turns of a run that this one was forked from: a result is taken over when the turn would be asked exactly the same. */
import { createHash } from 'node:crypto';
import type { TurnRequest, TurnResult } from '../contract';
import type { ChatCall } from '../gateway/chat';
import type { TurnStore } from '../redis/turns';
import { restoreTurn } from './restore';

/** A mark of all that an answer depends on: the whole prompt, the models of its alias and the parameters. SHA-256, hexadecimal. */
export function markOf(
  { definition, options }: TurnRequest,
  messages: ChatCall['messages'],
  models: readonly string[],
): string {
  const { temperature, max_tokens } = { ...definition, ...options };
  const parts = [messages, models, temperature, max_tokens];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/** Tells a recorded turn in this run's stream and answers it; undefined when its input was another. It costs nothing. */
export async function takeOver(turns: TurnStore, request: TurnRequest, mark: string): Promise<TurnResult | undefined> {
  const { recorded, run_id, session_id, team_id, turn, role, label } = request;
  if (!recorded || recorded.result.input_mark !== mark) return undefined;
  const usage = { prompt_tokens: 0, completion_tokens: 0 };
  const result = {
    ...recorded.result,
    turn,
    role,
    label,
    usage,
    cost_usd: 0,
    duration_ms: 0,
    reused_from: recorded.run_id,
  };
  await restoreTurn(turns, { run_id, session_id, team_id }, result);
  return result;
}
