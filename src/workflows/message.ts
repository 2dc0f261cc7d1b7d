/**
 * Long messages. What is too long for the input of a workflow follows in parts, as signals, so that Temporal holds all of it; and
 * what would make every turn's input long is told by reference, like the texts of turns.
 */
import { ApplicationFailure, condition, defineSignal, setHandler } from '@temporalio/workflow';
import { MESSAGE_PART } from '../contract/names';
import type { PromptPart, SwarmRunInput, TurnResult } from '../contract';

const messagePart = defineSignal<[MessagePart]>(MESSAGE_PART);
type MessagePart = { index: number; text: string };

/** The parts are sent right after the start; an API that died between is replaced by the caller's retry. */
const PARTS_WITHIN = '1 hour';

/** The input with its whole message. Fails when a part does not come. */
export async function withWholeMessage(input: SwarmRunInput): Promise<SwarmRunInput> {
  const { message_parts: count } = input;
  if (!count) return input;
  const parts = new Map<number, string>();
  setHandler(messagePart, ({ index, text }) => void parts.set(index, text));
  if (!(await condition(() => parts.size === count, PARTS_WITHIN)))
    throw ApplicationFailure.nonRetryable(`Only ${parts.size} of the message's ${count} parts came.`, 'INVALID_FIELD');
  return { ...input, message: Array.from({ length: count }, (_, i) => parts.get(i) ?? '').join('') };
}

/** In UTF-16 units. A message of this length in each turn's input is less than what the turns say. */
const TOLD_IN_FULL = 8000;
/** The name under which Redis keeps the message; no turn has such a name. */
const MESSAGE = '@message';

/** The message as turns are given it. */
export function partsOf({ message }: SwarmRunInput): PromptPart[] {
  return message.length > TOLD_IN_FULL ? [{ turn: MESSAGE, length: message.length }] : [message];
}

/** The text of a finished turn, by reference. */
export const textOf = ({ turn, text }: Pick<TurnResult, 'turn' | 'text'>) => ({ turn, length: text.length });

/** What Redis must hold for these parts. */
export function textsOf({ message }: SwarmRunInput): Record<string, string> {
  return message.length > TOLD_IN_FULL ? { [MESSAGE]: message } : {};
}
