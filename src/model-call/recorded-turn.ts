/** Recorded turns of the run that this one was forked from: a result is reused if the turn's input is exactly the same. */
import { createHash } from 'node:crypto';
import type { TurnRequest, TurnResult } from '../contract';
import type { ChatCall } from '../gateway/chat';
import type { TurnStore } from '../redis/turns';
import { restoreTurn } from './restore-turn';

/** A hash of everything an answer depends on: the whole prompt, the models of its alias and the parameters. SHA-256, hexadecimal. */
export function computeFingerprint(
  { definition, options }: TurnRequest,
  messages: ChatCall['messages'],
  models: readonly string[],
): string {
  const { temperature, max_tokens } = { ...definition, ...options };
  const parts = [messages, models, temperature, max_tokens];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/** Reads the finished turns of a run from Temporal's history. */
export type ReadTurns = (runId: string) => Promise<TurnResult[]>;

/** Publishes a recorded turn in this run's stream and returns it, at no cost; undefined if its input was different. */
export async function takeOver(
  turns: TurnStore,
  request: TurnRequest,
  mark: string,
  readTurns: ReadTurns,
): Promise<TurnResult | undefined> {
  const { recorded, run_id, session_id, team_id, turn, role, label, place } = request;
  if (!recorded || recorded.result.input_mark !== mark) return undefined;
  const usage = { prompt_tokens: 0, completion_tokens: 0 };
  const source = await wholeResult(recorded, readTurns);
  if (!source) return undefined;
  const result = {
    ...source,
    turn,
    role,
    label,
    place,
    usage,
    cost_usd: 0,
    duration_ms: 0,
    reused_from: recorded.run_id,
  };
  await restoreTurn(turns, { run_id, session_id, team_id }, result);
  return result;
}

/** Undefined if Temporal no longer has the run whose history contains the text. */
async function wholeResult(
  { run_id, result }: NonNullable<TurnRequest['recorded']>,
  readTurns: ReadTurns,
): Promise<TurnResult | undefined> {
  const { text_in_history: isElsewhere, ...about } = result;
  if (!isElsewhere) return result;
  const source = (await readTurns(run_id)).find(({ turn }) => turn === result.turn);
  return source && { ...about, text: source.text };
}
