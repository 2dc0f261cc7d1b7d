/**
 * Long messages. A message too long for a workflow's input follows in parts, as signals, so that Temporal stores all of it. Turns receive
 * a long message by reference, like the texts of other turns, which keeps their inputs short.
 */
import { ApplicationFailure, condition, defineSignal, setHandler } from '@temporalio/workflow';
import { INLINE_LENGTH } from '../contract/express-lane';
import { MESSAGE_PART } from '../contract/names';
import type { PromptPart, SwarmRunInput, TurnResult } from '../contract';

const messagePart = defineSignal<[MessagePart]>(MESSAGE_PART);
type MessagePart = { index: number; text: string };

/** The API sends the parts right after it starts the run. If it dies in between, the caller's retry sends them. */
const PARTS_WITHIN = '1 hour';

/** Returns the input with its whole message. Fails if a part does not arrive in time. */
export async function assembleMessage(input: SwarmRunInput): Promise<SwarmRunInput> {
  const { message_parts: count } = input;
  if (!count) return input;
  const parts = new Map<number, string>();
  setHandler(messagePart, ({ index, text }) => void parts.set(index, text));
  if (!(await condition(() => parts.size === count, PARTS_WITHIN)))
    throw ApplicationFailure.nonRetryable(`Only ${parts.size} of the message's ${count} parts came.`, 'INVALID_FIELD');
  return { ...input, message: Array.from({ length: count }, (_, i) => parts.get(i) ?? '').join('') };
}

/** The name under which Redis stores the message; no turn can have this name. */
const MESSAGE = '@message';

/** The message as turns receive it. */
export function toPromptParts({ message }: SwarmRunInput): PromptPart[] {
  return message.length > INLINE_LENGTH ? [{ turn: MESSAGE, length: message.length }] : [message];
}

/** A reference to the text of a finished turn. */
export const toTextReference = ({ turn, text }: Pick<TurnResult, 'turn' | 'text'>) => ({ turn, length: text.length });

/** The texts that Redis must hold for {@link toPromptParts}. */
export function collectTexts({ message }: SwarmRunInput): Record<string, string> {
  return message.length > INLINE_LENGTH ? { [MESSAGE]: message } : {};
}
