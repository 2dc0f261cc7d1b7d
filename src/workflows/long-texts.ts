/** Texts too long for a Temporal payload: the activity sends them in parts, as signals, and the workflow's result omits them. */
import { ApplicationFailure, condition, defineSignal, setHandler, workflowInfo } from '@temporalio/workflow';
import type { RunResult, SwarmResult, TurnRequest, TurnResult } from '../contract';
import { shortenRecord } from '../answers/long-records';
import {
  HISTORY_LIMIT,
  PAYLOAD_LIMIT,
  payloadSize,
  TEXT_PART,
  TextParts,
  type SentTurn,
  type TextPart,
} from '../contract/payloads';

const textPart = defineSignal<[TextPart]>(TEXT_PART);

/** Module state is per workflow: the SDK loads the modules separately for each workflow. */
let received: TextParts | undefined;

/** Temporal has confirmed each part before the activity completes. */
const PARTS_WITHIN = '1 minute';

/** Returns the requested turn's result with its whole text. */
export async function receiveText(request: TurnRequest, sent: SentTurn): Promise<TurnResult> {
  const parts = sent.text_parts ? (received ??= listen()) : new TextParts();
  const arrived = () => parts.complete(request, sent);
  if (!arrived()) await condition(() => arrived() !== undefined, PARTS_WITHIN);
  const turn = arrived();
  if (turn) return turn;
  throw ApplicationFailure.nonRetryable(`Parts of the text of "${request.turn}" are missing.`, 'INTERNAL');
}

/** Temporal delivers signals that arrived before the handler was set as soon as it is set. */
function listen(): TextParts {
  const parts = new TextParts();
  setHandler(textPart, (part) => parts.add(part));
  return parts;
}

/** Fails the run before a turn that could make its history too large: Temporal terminates such runs. */
export function refuseLargeHistory(): void {
  if (workflowInfo().historySize <= HISTORY_LIMIT) return;
  throw tooLarge(`its texts have reached ${HISTORY_LIMIT / 2 ** 20} MiB, and no further turn begins`);
}

/** The result that the workflow returns. Throws if it exceeds a payload even without texts; called before the run is closed. */
export function toRecord(result: RunResult): RunResult {
  const record = shortenRecord(result);
  if (!fitsPayload(record)) throw tooLarge('its record exceeds a payload even without texts');
  return record;
}

/** The partial result of a failed run as failure details; empty if it exceeds a payload. The history contains it in any case. */
export function toDetails(result: SwarmResult): [SwarmResult] | [] {
  const record = shortenRecord(result);
  return fitsPayload(record) ? [record] : [];
}

/** A record is the only large payload in its message, so it may be larger than a part of a text. Temporal accepts 2 MiB. */
function fitsPayload(record: SwarmResult): boolean {
  return payloadSize(record) <= PAYLOAD_LIMIT * 1.5;
}

function tooLarge(why: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(
    `The run is larger than Temporal keeps it: ${why}. Ask for shorter answers, or for fewer of them.`,
    'RUN_TOO_LARGE',
  );
}
