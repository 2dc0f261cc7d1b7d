/** Writes a run's stream: an attempt takes an epoch and appends its events under it. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { RunEvent, RunPayload, RunScope, TurnResult } from '../contract';
import { appendTurnEvents } from './append-command';
import type { RedisConnection } from './connect';
import { computeTag } from './events';
import { retryWhileFull } from './maxmemory';
import { ENDED_RUNS, eventsKey, runKey, textKey, turnKey } from './keys';
import { defineScript, json } from './scripts';
import { EventEncoder } from './stored-events';

/** How long the keys of a run that never closes are kept after its last attempt began. Seconds. */
export const OPEN_TTL = 7 * 24 * 3600;
/** How long the keys of a closed run are kept, unless the store is given another value. Seconds. */
const CLOSED_TTL = 24 * 3600;

/** How long a worker holds paid-for text while Redis has no memory for it. */
const STREAM_PATIENCE_MS = 60_000;
/** The same for other events, whose activity is retried. */
const EVENT_PATIENCE_MS = 20_000;

/** An attempt's permission to write, and what earlier attempts left behind. */
export interface AttemptRecord {
  /** A name unique to this attempt. The newest attempt of a turn owns the turn. */
  owner: string;
  /** The generation of the stream when the attempt began. */
  generation: string;
  epoch: number;
  nextIndex: number;
  text: string;
  /** Set if an earlier attempt finished the turn and only its report to Temporal was lost. */
  result: TurnResult | undefined;
  /** State of the model route recorded by an earlier attempt. */
  route: unknown;
  /** False if Redis has no record of the run's start: it was lost, or no attempt has opened the run yet. */
  opened: boolean;
  /** The run is being cancelled. The cancellation was broadcast before this attempt listened. */
  cancelled: boolean;
  /** The text belongs to another request, which the express lane expected: it cannot be continued. */
  isForeign: boolean;
  /** The result of a call that the express lane finished but could not publish. */
  unpublished: TurnResult | undefined;
}

/** The first turns of a run may be under way in the express lane of another worker, or have failed there. */
export type LaneOutcome =
  { status: 'inLane'; worker: string } | { status: 'failedInLane'; failure: LaneFailure; isCancelled: boolean };

/** A failure that the express lane leaves to the turn's activity, as a Temporal failure. */
const laneFailure = z.object({
  message: z.string(),
  type: z.string(),
  isRetryable: z.boolean(),
  /** When to try again; Unix time in milliseconds. */
  retryAt: z.number().exactOptional(),
  details: z.array(z.unknown()),
});
export type LaneFailure = z.infer<typeof laneFailure>;

/** The effect of an appended event on the turn's record. */
export type Effect = { add: string } | { drop: true } | { result: TurnResult } | { route: unknown } | undefined;

export interface Entry {
  event: RunEvent;
  effect?: Effect;
}

/**
 * Why an append was rejected: a newer attempt took over, the run has ended, or Redis lost earlier writes.
 * In each case the writer must stop and close its upstream call.
 */
export class AppendRefused extends Error {
  constructor(readonly reason: 'fenced' | 'closed' | 'lost') {
    super(`The event stream refused the append: ${reason}.`);
    this.name = 'AppendRefused';
  }
}

/** The event that opens a run. */
interface OpeningEvent {
  scope: RunScope;
  payload: RunPayload;
}

export interface TurnStore {
  /** Takes the next epoch, and opens the run if `opening` is given. Throws {@link AppendRefused} if the run has ended. */
  begin(runId: string, turn: string, opening?: OpeningEvent): Promise<AttemptRecord>;
  /** As `begin`, unless the turn is in the express lane. `request` is a fingerprint of the attempt's request. */
  beginOutsideLane(
    runId: string,
    turn: string,
    request: string,
    opening?: OpeningEvent,
  ): Promise<AttemptRecord | LaneOutcome>;
  /** Appends events with consecutive indexes from `firstIndex`. Idempotent for the same events. */
  append(runId: string, turn: string, attempt: AttemptRecord, firstIndex: number, entries: Entry[]): Promise<void>;
  /** Throws {@link AppendRefused} if the attempt no longer owns the turn. */
  checkOwner(runId: string, turn: string, attempt: AttemptRecord): Promise<void>;
  /** Returns the texts of finished or running turns; `null` where Redis has none. */
  texts(runId: string, turns: string[]): Promise<(string | null)[]>;
  /** Restores texts that Redis lost from the workflow's own record. */
  restoreTexts(runId: string, texts: Record<string, string>): Promise<void>;
  /** Publishes an event of the run, once per name (by default its type), and never after the run has closed. */
  publish(scope: RunScope, payload: RunPayload, name?: string): Promise<void>;
  /** Closes the run with this event unless it is already closed. Returns the closing event that was written first. */
  close(scope: RunScope, payload: RunPayload, turns: string[]): Promise<RunEvent>;
  /**
   * Like `close`, but writes nothing and returns undefined if Redis has lost the run's start or the result of one of the first
   * `finished` turns in `turns`.
   */
  closeIfComplete(
    scope: RunScope,
    payload: RunPayload,
    turns: string[],
    finished: number,
  ): Promise<RunEvent | undefined>;
}

const beginning = z.discriminatedUnion('status', [
  z.object({ status: z.literal('closed') }),
  z.object({
    status: z.literal('ok'),
    generation: z.string(),
    epoch: z.number(),
    nextIndex: z.number(),
    text: z.string(),
    result: z.string().optional(),
    route: z.string().optional(),
    unpublished: z.string().optional(),
    isForeign: z.boolean(),
    isOpened: z.boolean(),
    isCancelled: z.boolean(),
  }),
  z.object({ status: z.literal('inLane'), worker: z.string() }),
  z.object({
    status: z.literal('failedInLane'),
    failure: z
      .string()
      .transform((text): unknown => JSON.parse(text))
      .pipe(laneFailure),
    isCancelled: z.boolean(),
  }),
]);

const beginAttempt = defineScript<
  { tag: string; owner: string; ttlSeconds: number; opening: string | undefined; request: string | undefined },
  z.infer<typeof beginning>
>('begin-attempt', json(beginning));

interface RunEventArguments {
  tag: string;
  name: string;
  event: string;
  ttlSeconds: number;
  ending: Ending | undefined;
  finishedTurns: number;
}
type Ending = 'close' | 'closeIfComplete';

const appendRunEvent = defineScript<RunEventArguments, string | null>('append-run-event', z.string().nullable());

export function createTurnStore(redis: RedisConnection, closedTtl = CLOSED_TTL): TurnStore {
  const encoders = new WeakMap<AttemptRecord, EventEncoder>();
  const beginOutsideLane = createBegin(redis);
  return {
    beginOutsideLane,

    async begin(runId, turn, opening) {
      const begun = await beginOutsideLane(runId, turn, undefined, opening);
      if (isLaneOutcome(begun)) throw new Error('An attempt without a request heeds no express lane.');
      return begun;
    },

    async append(runId, turn, attempt, firstIndex, entries) {
      const keys = [eventsKey(runId), runKey(runId), turnKey(runId, turn), textKey(runId, turn)];
      const encoder = encoders.get(attempt) ?? new EventEncoder();
      encoders.set(attempt, encoder);
      const pairs = entries.flatMap(({ event, effect }) => [encoder.encode(event), encodeEffect(effect)]);
      const values = [computeTag(runId), attempt.owner, firstIndex, ...pairs];
      try {
        const status = await retryWhileFull(() => appendTurnEvents(redis, keys, values), STREAM_PATIENCE_MS);
        if (status !== 'ok') throw new AppendRefused(status);
      } catch (error) {
        // nothing may refer to an event that is not stored
        encoders.delete(attempt);
        throw error;
      }
    },

    async checkOwner(runId, turn, { owner }) {
      const current = await redis.hget(turnKey(runId, turn), 'owner');
      if (current !== owner) throw new AppendRefused(current === null ? 'lost' : 'fenced');
    },

    texts: async (runId, turns) => (turns.length === 0 ? [] : redis.mget(turns.map((turn) => textKey(runId, turn)))),

    async restoreTexts(runId, texts) {
      await Promise.all(
        Object.entries(texts).map(([turn, text]) => redis.set(textKey(runId, turn), text, 'EX', OPEN_TTL)),
      );
    },

    async publish(scope, payload, name = payload.type) {
      await append(scope, payload, [], { name, ttlSeconds: OPEN_TTL });
    },

    async close(scope, payload, turns) {
      return (await append(scope, payload, turns, { ttlSeconds: closedTtl, ending: 'close' }))!;
    },

    closeIfComplete: (scope, payload, turns, finished) =>
      append(scope, payload, turns, { ttlSeconds: closedTtl, ending: 'closeIfComplete', finishedTurns: finished }),
  };

  async function append(
    scope: RunScope,
    payload: RunPayload,
    turns: string[],
    options: Partial<RunEventArguments> & { ttlSeconds: number },
  ): Promise<RunEvent | undefined> {
    const id = scope.run_id;
    const keys = [eventsKey(id), runKey(id), ...turns.flatMap((turn) => [turnKey(id, turn), textKey(id, turn)])];
    const event = JSON.stringify(stamp(scope, payload));
    const args = { name: payload.type, ending: undefined, finishedTurns: 0, ...options, tag: computeTag(id), event };
    const [first] = await Promise.all([
      retryWhileFull(() => appendRunEvent(redis, keys, args), EVENT_PATIENCE_MS),
      args.ending ? redis.zadd(ENDED_RUNS, 'NX', Date.now(), id) : undefined,
    ]);
    return first === null ? undefined : (JSON.parse(first) as RunEvent);
  }
}

function createBegin(redis: RedisConnection) {
  return async function begin(runId: string, turn: string, request?: string, opening?: OpeningEvent) {
    const keys = [runKey(runId), turnKey(runId, turn), textKey(runId, turn), eventsKey(runId)];
    const event = opening && JSON.stringify(stamp(opening.scope, opening.payload));
    const owner = randomUUID();
    const args = { tag: computeTag(runId), owner, ttlSeconds: OPEN_TTL, opening: event, request };
    return toAttempt(owner, await beginAttempt(redis, keys, args));
  };
}

function stamp({ run_id, session_id, team_id }: RunScope, payload: RunPayload): RunEvent {
  return { v: 1, run_id, session_id, team_id, at: Date.now(), ...payload };
}

function encodeEffect(effect: Effect): string {
  if (!effect) return '';
  if ('add' in effect) return `+${effect.add}`;
  if ('drop' in effect) return '!';
  if ('result' in effect) return `=${JSON.stringify(effect.result)}`;
  return `~${JSON.stringify(effect.route)}`;
}

function toAttempt(owner: string, reply: z.infer<typeof beginning>): AttemptRecord | LaneOutcome {
  if (reply.status === 'closed') throw new AppendRefused(reply.status);
  if (reply.status !== 'ok') return reply;
  const { generation, epoch, nextIndex, text, result, route, unpublished, isForeign, isOpened, isCancelled } = reply;
  return {
    ...{ owner, generation, epoch, nextIndex, text, isForeign },
    result: readResult(result),
    route: route === undefined ? undefined : JSON.parse(route),
    opened: isOpened,
    cancelled: isCancelled,
    unpublished: readResult(unpublished),
  };
}

function readResult(text: string | undefined): TurnResult | undefined {
  return text === undefined ? undefined : (JSON.parse(text) as TurnResult);
}

export function isLaneOutcome(begun: AttemptRecord | LaneOutcome): begun is LaneOutcome {
  return 'status' in begun;
}
