/** Reads a run's finished turns, with their whole texts, from Temporal's history. Used by API and worker. */
import type { Client } from '@temporalio/client';
import type { SwarmResult, TurnRequest, TurnResult } from '../contract';
import { fillTexts, isShortened } from '../answers/long-records';
import { TEXT_PART, TextParts, type SentTurn, type TextPart } from '../contract/payloads';

type History = Awaited<ReturnType<ReturnType<Client['workflow']['getHandle']>['fetchHistory']>>;
export type HistoryEvent = NonNullable<History['events']>[number];
type Payloads = NonNullable<HistoryEvent['activityTaskScheduledEventAttributes']>['input'];

/** Decodes the first of several payloads. */
export type ValueOf = <T>(payloads: Payloads) => T | undefined;

/** A turn's request, and the history event that contains it. */
export interface AskedTurn {
  eventId: string;
  request: TurnRequest;
}

export async function fetchEvents(
  client: Client,
  runId: string,
): Promise<{ events: HistoryEvent[]; valueOf: ValueOf }> {
  const { events } = await client.workflow.getHandle(runId).fetchHistory();
  const { payloadConverter } = client.options.loadedDataConverter;
  return {
    events: events ?? [],
    valueOf: (of) => (of?.payloads?.[0] ? payloadConverter.fromPayload(of.payloads[0]) : undefined),
  };
}

/** The turns that the run has requested; turns with another run id, such as those of a session's summary, are excluded. */
export function askedTurns(events: HistoryEvent[], runId: string, valueOf: ValueOf): AskedTurn[] {
  return events.flatMap(({ eventId, activityTaskScheduledEventAttributes: scheduled }) => {
    const request = scheduled?.activityType?.name === 'takeTurn' && valueOf<TurnRequest>(scheduled.input);
    return request && request.run_id === runId ? [{ eventId: String(eventId), request }] : [];
  });
}

/** The finished turns, in the order in which they finished. */
export function finishedTurns(events: HistoryEvent[], asked: AskedTurn[], valueOf: ValueOf): TurnResult[] {
  const requests = new Map(asked.map(({ eventId, request }) => [eventId, request]));
  const parts = new TextParts();
  return events.flatMap(
    ({ activityTaskCompletedEventAttributes: done, workflowExecutionSignaledEventAttributes: signal }) => {
      const part = signal?.signalName === TEXT_PART && valueOf<TextPart>(signal.input);
      if (part) parts.add(part);
      const request = done && requests.get(String(done.scheduledEventId));
      const sent = request && valueOf<SentTurn>(done.result);
      return (sent && parts.complete(request, sent)) ?? [];
    },
  );
}

/** Returns a run's record with its omitted texts filled in. */
export async function readWhole<Record extends SwarmResult>(
  client: Client,
  runId: string,
  record: Record,
): Promise<Record> {
  return isShortened(record) ? fillTexts(record, await readTurns(client, runId)) : record;
}

/** Reads all finished turns of a run. */
export async function readTurns(client: Client, runId: string): Promise<TurnResult[]> {
  const { events, valueOf } = await fetchEvents(client, runId);
  return finishedTurns(events, askedTurns(events, runId, valueOf), valueOf);
}
