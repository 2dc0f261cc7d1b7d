/** The messages of a turn's prompt, with the origin of each piece of text. The model call and the page that shows it use the same. Pure. */
import type { SessionContext } from '../contract/memory';
import { EARLIER } from '../contract/prompts';
import type { TurnRequest } from '../contract/turns';

/** A piece of a message. `turn` names the turn whose text it is. */
interface TracedPart {
  text: string;
  turn?: string;
}

export interface TracedMessage {
  role: 'system' | 'user' | 'assistant';
  /** Where it comes from: the role's prompt, the session's memory, or the run. */
  source: 'role' | 'memory' | 'run';
  parts: TracedPart[];
}

type Prompt = Pick<TurnRequest, 'definition' | 'messages'>;

/** `findText` returns the text of a turn that the prompt refers to. */
export function assembleMessages(
  { definition, messages }: Prompt,
  context: SessionContext,
  findText: (turn: string) => string,
): TracedMessage[] {
  return [
    // one message, because not every model accepts two consecutive messages of one role
    { role: 'system', source: 'role', parts: [{ text: definition.system }, ...summarise(context)] },
    ...context.messages.map(({ role, content }) => ({ role, source: 'memory' as const, parts: [{ text: content }] })),
    ...messages.map(({ role, parts }) => ({
      role,
      source: 'run' as const,
      parts: parts.map((part) =>
        typeof part === 'string' ? { text: part } : { text: findText(part.turn), turn: part.turn },
      ),
    })),
  ];
}

function summarise({ summary }: SessionContext): TracedPart[] {
  return summary ? [{ text: `\n\n${EARLIER}\n${summary}` }] : [];
}

export function writeMessage({ parts }: TracedMessage): string {
  return parts.map(({ text }) => text).join('');
}
