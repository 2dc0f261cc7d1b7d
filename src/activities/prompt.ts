/** Builds the messages of a model call: the role's prompt, the session's context, and the turn's own messages with texts put in. */
import type { ChatCompletionMessageParam } from 'openai/resources/chat/completions';
import { ApplicationFailure } from '@temporalio/common';
import type { PromptPart, SessionContext, TurnRequest } from '../contract';
import { EARLIER } from '../contract/prompts';
import type { Memory } from '../redis/memory';
import type { TurnStore } from '../redis/turns';

/** Fetches what the request refers to. Fails with `TEXT_LOST`, naming the turns, when Redis no longer holds a text. */
export async function buildMessages(
  request: TurnRequest,
  turns: TurnStore,
  memory: Memory,
): Promise<ChatCompletionMessageParam[]> {
  const [texts, context] = await Promise.all([
    fetchTexts(request, turns),
    request.with_context ? memory.contextOfRun(request.session_id, request.context_of ?? request.run_id) : NOTHING,
  ]);
  const fill = (part: PromptPart) => (typeof part === 'string' ? part : (texts.get(part.turn) ?? ''));
  return [
    { role: 'system', content: withMemory(request.definition.system, context.summary) },
    ...context.messages.map(({ role, content }) => ({ role, content })),
    ...request.messages.map(({ role, parts }) => ({ role, content: parts.map(fill).join('') })),
  ];
}

const NOTHING: SessionContext = { summary: '', messages: [] };

/** In the system prompt, not as a message: not every model takes two messages of a user in a row. */
function withMemory(system: string, summary: string): string {
  return summary ? `${system}\n\n${EARLIER}\n${summary}` : system;
}

async function fetchTexts({ run_id, messages }: TurnRequest, turns: TurnStore): Promise<Map<string, string>> {
  const wanted = new Map(
    messages.flatMap(({ parts }) =>
      parts.flatMap((part) => (typeof part === 'string' ? [] : [[part.turn, part.length] as const])),
    ),
  );
  const asked = [...wanted].map(([turn, length]) => ({ turn, length }));
  const texts = await wholeTexts(turns, run_id, asked);
  return new Map(asked.map(({ turn }, i) => [turn, texts[i]!]));
}

/** The texts of these turns, in their order; fails with `TEXT_LOST` where one is gone or not as long as it was. */
export async function wholeTexts(
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

/** A Redis that was killed may come back with the beginning of a text. */
function isWhole(text: string | null | undefined, length: number | undefined): text is string {
  return typeof text === 'string' && (length === undefined || text.length === length);
}

/** The workflow, which holds every result, restores the run and asks again. */
export function textLost(message: string, turns: string[] = []): ApplicationFailure {
  return ApplicationFailure.nonRetryable(message, 'TEXT_LOST', turns);
}
