/**
 * Temporal's size limits: 2 MiB per payload, 4 MiB per gRPC message, 50 MiB per history. Texts that would exceed them are sent in parts, or
 * omitted from a record and read from the history. Part of the workflow bundle.
 */
import type { TurnResult } from './turns';

/** Maximum size of one of our payloads, as UTF-8 JSON; below Temporal's limit because several share one gRPC message. Bytes. */
export const PAYLOAD_LIMIT = 1_000_000;

/** A run with a larger history begins no further turn; running turns still have room. Bytes. */
export const HISTORY_LIMIT = 30 * 1024 * 1024;

/** The signal with which an activity sends a part of a long text to its workflow, before the activity completes. */
export const TEXT_PART = 'textPart';

/** `text_id` identifies the text by turn and hash, so that a part that is sent again changes nothing. */
export interface TextPart {
  text_id: string;
  index: number;
  text: string;
}

/** A turn as its activity returns it. If the text was sent ahead in parts, `text` is empty. */
export type SentTurn = Omit<TurnResult, keyof TurnNames> & { text_parts?: { text_id: string; count: number } };

/** Fields omitted from a turn's result because the history already has them in its request. */
export type TurnNames = Pick<TurnResult, 'turn' | 'role' | 'label' | 'place'>;

/** The size of a value as a payload. Bytes. */
export function payloadSize(value: unknown): number {
  return new TextEncoder().encode(JSON.stringify(value) ?? '').length;
}

/** Splits a text into consecutive parts that each fit a payload. */
export function splitText(text: string, limit = PAYLOAD_LIMIT): string[] {
  if (payloadSize(text) <= limit) return [text];
  const middle = text.length >> 1;
  return [...splitText(text.slice(0, middle), limit), ...splitText(text.slice(middle), limit)];
}

/** Collects parts of texts, in any order and with repetitions. */
export class TextParts {
  private readonly received = new Map<string, Map<number, string>>();

  add({ text_id, index, text }: TextPart): void {
    const parts = this.received.get(text_id) ?? new Map<number, string>();
    this.received.set(text_id, parts.set(index, text));
  }

  /** Returns the turn with its whole text; undefined while a part is missing. */
  complete({ turn, role, label, place }: TurnNames, { text_parts, ...sent }: SentTurn): TurnResult | undefined {
    const result = { turn, role, label, place, ...sent };
    if (!text_parts) return result;
    const parts = this.received.get(text_parts.text_id);
    if (parts?.size !== text_parts.count) return undefined;
    return { ...result, text: Array.from({ length: text_parts.count }, (_, i) => parts.get(i) ?? '').join('') };
  }
}
