/** Builds the messages of a model call: the role's prompt, the session's context, and the turn's messages with references resolved. */
import type { ChatCompletionMessageParam } from 'openai/resources/chat/completions';
import { ApplicationFailure } from '@temporalio/common';
import { assembleMessages, writeMessage } from '../answers/prompt-messages';
import type { SessionContext, TurnRequest } from '../contract';
import type { Memory } from '../redis/memory';
import type { TurnStore } from '../redis/turns';

/** Fetches the texts that the request refers to. Fails with `TEXT_LOST`, naming the turns, if Redis no longer holds a text. */
export async function buildMessages(
  request: TurnRequest,
  turns: TurnStore,
  memory: Memory,
): Promise<ChatCompletionMessageParam[]> {
  const [texts, context] = await Promise.all([
    fetchTexts(request, turns),
    request.with_context ? memory.getRunContext(request.session_id, request.context_of ?? request.run_id) : NOTHING,
  ]);
  const messages = assembleMessages(request, context, (turn) => texts.get(turn) ?? '');
  return messages.map((message) => ({ role: message.role, content: writeMessage(message) }));
}

const NOTHING: SessionContext = { summary: '', messages: [] };

async function fetchTexts({ run_id, messages }: TurnRequest, turns: TurnStore): Promise<Map<string, string>> {
  const wanted = new Map(
    messages.flatMap(({ parts }) =>
      parts.flatMap((part) => (typeof part === 'string' ? [] : [[part.turn, part.length] as const])),
    ),
  );
  const asked = [...wanted].map(([turn, length]) => ({ turn, length }));
  const texts = await readCompleteTexts(turns, run_id, asked);
  return new Map(asked.map(({ turn }, i) => [turn, texts[i]!]));
}

/** The texts of these turns, in order. Fails with `TEXT_LOST` if one is missing or its length differs. */
export async function readCompleteTexts(
  turns: TurnStore,
  runId: string,
  wanted: readonly { turn: string; length?: number | undefined }[],
): Promise<string[]> {
  const texts = await turns.texts(
    runId,
    wanted.map(({ turn }) => turn),
  );
  const lost = wanted.flatMap(({ turn, length }, i) => (isWhole(texts[i], length) ? [] : [turn]));
  if (lost.length > 0) throw textLost(`Redis has lost the text of: ${lost.join(', ')}.`, lost);
  return texts as string[];
}

/** After a crash Redis may have only the start of a text. */
function isWhole(text: string | null | undefined, length: number | undefined): text is string {
  return typeof text === 'string' && (length === undefined || text.length === length);
}

/** On this failure the workflow, which has every result, restores the run and repeats the turn. */
export function textLost(message: string, turns: string[] = []): ApplicationFailure {
  return ApplicationFailure.nonRetryable(message, 'TEXT_LOST', turns);
}
