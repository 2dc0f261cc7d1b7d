/** Prepares a turn's result for the workflow: a text that exceeds a payload is sent ahead in parts, which the history stores. */
import { createHash } from 'node:crypto';
import type { TurnResult } from '../contract';
import { PAYLOAD_LIMIT, payloadSize, splitText, type SentTurn, type TextPart } from '../contract/payloads';

/** Sends a part as a signal to that workflow; resolves once Temporal has stored it. */
export type SendPart = (workflow: { workflowId: string; runId: string }, part: TextPart) => Promise<void>;

/** A retried attempt sends all parts again; the workflow ignores duplicates. */
export async function sendText(
  result: TurnResult,
  workflow: { workflowId: string; runId: string },
  send: SendPart,
): Promise<SentTurn> {
  const { turn, role: _role, label: _label, place: _place, ...sent } = result;
  const { text } = sent;
  if (payloadSize(text) <= PAYLOAD_LIMIT) return sent;
  const text_id = `${turn}:${createHash('sha256').update(text).digest('hex').slice(0, 16)}`;
  const parts = splitText(text);
  for (const [index, part] of parts.entries()) await send(workflow, { text_id, index, text: part });
  return { ...sent, text: '', text_parts: { text_id, count: parts.length } };
}
