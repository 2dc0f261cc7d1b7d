/** What Temporal's history tells of a run: what it was started with, the turns that it finished, and what people said to it. */
import type { Client } from '@temporalio/client';
import type { GateDecision, Said, SwarmRunInput, TurnRequest, TurnResult } from '../contract';
import { GUIDANCE } from '../contract/prompts';
import { withoutTry } from '../contract/turn-ids';

export interface RunHistory {
  /** Undefined for a run that was started by a version whose input was another. */
  input: SwarmRunInput | undefined;
  /** Turns that were begun, the last try of each. */
  asked: TurnRequest[];
  /** Those that were finished, in the order in which they were. */
  turns: TurnResult[];
  said: Said;
}

export async function readHistory(client: Client, runId: string): Promise<RunHistory> {
  const { events } = await client.workflow.getHandle(runId).fetchHistory();
  const { payloadConverter } = client.options.loadedDataConverter;
  const valueOf: ValueOf = (of) => (of?.payloads?.[0] ? payloadConverter.fromPayload(of.payloads[0]) : undefined);
  const all = events ?? [];
  const input = inputOf(all, valueOf);
  // those of a session's summary are not the run's
  const asked = askedIn(all, valueOf).filter(({ request }) => request.run_id === runId);
  const lastTries = new Map(asked.map(({ request }) => [withoutTry(request.turn), request]));
  return {
    input,
    asked: [...lastTries.values()],
    turns: turnsOf(all, asked, valueOf),
    said: saidIn(all, asked, input, valueOf),
  };
}

type History = Awaited<ReturnType<ReturnType<Client['workflow']['getHandle']>['fetchHistory']>>;
type Event = NonNullable<History['events']>[number];
type Payloads = NonNullable<Event['activityTaskScheduledEventAttributes']>['input'];
type ValueOf = <T>(payloads: Payloads) => T | undefined;
interface Asked {
  eventId: string;
  request: TurnRequest;
}

function inputOf(events: Event[], valueOf: ValueOf): SwarmRunInput | undefined {
  const started = events[0]?.workflowExecutionStartedEventAttributes;
  return started?.workflowType?.name === 'runSwarm' ? valueOf<SwarmRunInput>(started.input) : undefined;
}

function askedIn(events: Event[], valueOf: ValueOf): Asked[] {
  return events.flatMap(({ eventId, activityTaskScheduledEventAttributes: scheduled }) => {
    const request = scheduled?.activityType?.name === 'takeTurn' && valueOf<TurnRequest>(scheduled.input);
    return request ? [{ eventId: String(eventId), request }] : [];
  });
}

function turnsOf(events: Event[], asked: Asked[], valueOf: ValueOf): TurnResult[] {
  const ids = new Set(asked.map(({ eventId }) => eventId));
  return events.flatMap(({ activityTaskCompletedEventAttributes: done }) =>
    done && ids.has(String(done.scheduledEventId)) ? (valueOf<TurnResult>(done.result) ?? []) : [],
  );
}

/** A fork may itself come from a run to which something was said; what was said since goes before it. */
function saidIn(events: Event[], asked: Asked[], input: SwarmRunInput | undefined, valueOf: ValueOf): Said {
  const decisions = events.flatMap(({ workflowExecutionUpdateCompletedEventAttributes: update }) => {
    const answer = valueOf<object>(update?.outcome?.success);
    if (!answer || !('decision' in answer)) return [];
    const { gate, decision, reason } = answer as GateDecision;
    return [{ gate, decision, reason }];
  });
  const heard = asked.map(({ request }) => [withoutTry(request.turn), guidanceIn(request)] as const);
  return {
    decisions: { ...input?.fork?.said?.decisions, ...Object.fromEntries(decisions.map((one) => [one.gate, one])) },
    guidance: Object.fromEntries(heard),
    latest: heard.at(-1)?.[1] ?? '',
  };
}

function guidanceIn({ messages }: TurnRequest): string {
  const last = messages.at(-1)?.parts ?? [];
  return last.findLast((part): part is string => typeof part === 'string' && part.startsWith(GUIDANCE)) ?? '';
}
