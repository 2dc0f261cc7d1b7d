/** Returns what a turn was asked: its messages as the model received them, and its parameters. */
import type { Client } from '@temporalio/client';
import { assembleMessages } from '../answers/prompt-messages';
import type { SessionContext, TurnRequest } from '../contract';
import type { TurnInput } from '../contract/input-replies';
import type { Memory } from '../redis/memory';
import type { TurnStore } from '../redis/turns';
import { askedTurns, fetchEvents, finishedTurns } from '../temporal/turn-histories';
import { ApiError } from './errors';
import type { Describe } from './fork-source';

/** Throws {@link ApiError} if the run or the turn is unknown. */
export type ReadTurnInput = (runId: string, turn: string) => Promise<TurnInput>;

interface Sources {
  client: Client;
  describe: Describe;
  memory: Pick<Memory, 'findRunContext'>;
  turns: Pick<TurnStore, 'texts'>;
}

export function createReadTurnInput({ client, describe, memory, turns }: Sources): ReadTurnInput {
  return async function readTurnInput(runId, turn) {
    await describe(runId);
    const { events, valueOf } = await fetchEvents(client, runId);
    const asked = askedTurns(events, runId, valueOf);
    const request = asked.findLast((one) => one.request.turn === turn)?.request;
    if (!request)
      throw unknownTurn(
        turn,
        asked.map((one) => one.request.turn),
      );
    const finished = new Map(finishedTurns(events, asked, valueOf).map((result) => [result.turn, result.text]));
    const [texts, context] = await Promise.all([
      fetchTexts(request, finished, turns),
      request.with_context ? memory.findRunContext(request.context_of ?? runId) : undefined,
    ]);
    return toInput(request, texts, context);
  };
}

function toInput(request: TurnRequest, texts: Map<string, string | null>, context?: SessionContext): TurnInput {
  const { run_id, turn, role, label, place } = request;
  return {
    ...{ run_id, turn, role, label, place },
    messages: assembleMessages(request, context ?? NOTHING, (name) => texts.get(name) ?? ''),
    lost: [...texts].flatMap(([name, text]) => (text === null ? [name] : [])),
    memory: describeMemory(request, context),
    parameters: readParameters(request),
  };
}

const NOTHING: SessionContext = { summary: '', messages: [] };

function describeMemory({ with_context }: TurnRequest, context: SessionContext | undefined): TurnInput['memory'] {
  if (with_context && !context) return 'expired';
  return context && (context.summary || context.messages.length > 0) ? 'included' : 'none';
}

function readParameters({ definition, options, structure }: TurnRequest): TurnInput['parameters'] {
  const { alias, models, temperature, max_tokens } = definition;
  return {
    ...(alias ? { alias } : {}),
    ...(models ? { models: [...models] } : {}),
    temperature: options.temperature ?? temperature,
    max_tokens: options.max_tokens ?? max_tokens,
    ...(structure ? { structure } : {}),
    ...(options.cache ? { cache: options.cache } : {}),
  };
}

/** The texts that the prompt refers to: from the run's history, else from Redis; null for one that neither has. */
async function fetchTexts(
  { run_id, messages }: TurnRequest,
  finished: ReadonlyMap<string, string>,
  turns: Sources['turns'],
): Promise<Map<string, string | null>> {
  const wanted = new Set(
    messages.flatMap(({ parts }) => parts.flatMap((part) => (typeof part === 'string' ? [] : part.turn))),
  );
  const others = [...wanted].filter((turn) => !finished.has(turn));
  const stored = others.length > 0 ? await turns.texts(run_id, others) : [];
  const found = new Map(others.map((turn, index) => [turn, stored[index] ?? null]));
  return new Map([...wanted].map((turn) => [turn, finished.get(turn) ?? found.get(turn) ?? null]));
}

function unknownTurn(turn: string, known: string[]): ApiError {
  const names = known.length > 0 ? `there are ${[...new Set(known)].join(', ')}` : 'the run has not started one yet';
  return new ApiError('INVALID_FIELD', `turn: there is no turn "${turn}"; ${names}.`);
}
