/** Reads a run from Temporal's history: its input, its finished turns, and the messages and decisions of people. */
import type { Client } from '@temporalio/client';
import type { GateDecision, GivenSteering, SwarmRunInput, TurnRequest, TurnResult } from '../contract';
import { GUIDANCE } from '../contract/prompts';
import { nameFirstTry } from '../contract/turn-names';
import {
  askedTurns,
  fetchEvents,
  finishedTurns,
  type AskedTurn,
  type HistoryEvent,
  type ValueOf,
} from '../temporal/turn-histories';

export interface RunHistory {
  /** Undefined for a run that was started by a version with another input format. */
  input: SwarmRunInput | undefined;
  /** The turns that were started, the last attempt of each. */
  asked: TurnRequest[];
  /** Maps the id of each attempt to the id of the first attempt of its turn. */
  firstTries: ReadonlyMap<string, string>;
  /** The finished turns, in the order in which they finished. */
  turns: TurnResult[];
  steering: GivenSteering;
}

export async function readHistory(client: Client, runId: string): Promise<RunHistory> {
  const { events, valueOf } = await fetchEvents(client, runId);
  const input = readInput(events, valueOf);
  const asked = askedTurns(events, runId, valueOf);
  const lastTries = new Map(asked.map(({ request }) => [nameFirstTry(request), request]));
  return {
    input,
    asked: [...lastTries.values()],
    firstTries: new Map(asked.map(({ request }) => [request.turn, nameFirstTry(request)])),
    turns: finishedTurns(events, asked, valueOf),
    steering: collectSteering(events, asked, input, valueOf),
  };
}

/** Undefined for a run that was started by a version with another input format. */
export function readInput(events: HistoryEvent[], valueOf: ValueOf): SwarmRunInput | undefined {
  const started = events[0]?.workflowExecutionStartedEventAttributes;
  return started?.workflowType?.name === 'runSwarm' ? valueOf<SwarmRunInput>(started.input) : undefined;
}

/** The run may itself be a fork with inherited steering; its own steering overrides that. */
function collectSteering(
  events: HistoryEvent[],
  asked: AskedTurn[],
  input: SwarmRunInput | undefined,
  valueOf: ValueOf,
): GivenSteering {
  const decisions = events.flatMap(({ workflowExecutionUpdateCompletedEventAttributes: update }) => {
    const answer = valueOf<object>(update?.outcome?.success);
    if (!answer || !('decision' in answer)) return [];
    const { gate, decision, reason } = answer as GateDecision;
    return [{ gate, decision, reason }];
  });
  const guided = asked.map(({ request }) => [nameFirstTry(request), guidanceIn(request)] as const);
  return {
    decisions: { ...input?.fork?.steering?.decisions, ...Object.fromEntries(decisions.map((one) => [one.gate, one])) },
    guidance: Object.fromEntries(guided),
    latest: guided.at(-1)?.[1] ?? '',
  };
}

function guidanceIn({ messages }: TurnRequest): string {
  const last = messages.at(-1)?.parts ?? [];
  return last.findLast((part): part is string => typeof part === 'string' && part.startsWith(GUIDANCE)) ?? '';
}
