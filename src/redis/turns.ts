/** The writing side of a run's stream: attempts take an epoch, and append their events under it. */
import { randomUUID } from 'node:crypto';
import type { RunEvent, RunNews, RunScope, TurnResult } from '../contract';
import type { RedisConnection } from './connect';
import { tagOf } from './events';
import { ENDED_RUNS, eventsKey, runKey, textKey, turnKey } from './keys';

/** How long the keys of a run that never closes are kept after its last attempt began. Seconds. */
const OPEN_TTL = 7 * 24 * 3600;
/** The same for those of a closed run, unless the store is told otherwise. */
const CLOSED_TTL = 24 * 3600;

/** An attempt's right to write, and what earlier attempts left behind. */
export interface Attempt {
  /** A name that no other attempt has; the newest attempt of a turn owns it. */
  owner: string;
  /** The stream that the attempt began in. */
  generation: string;
  epoch: number;
  nextIndex: number;
  text: string;
  /** Set when an earlier attempt finished the turn and only its report to Temporal was lost. */
  result: TurnResult | undefined;
  /** What an earlier attempt noted about its way through the models. */
  route: unknown;
  /** False when Redis knows nothing of the run's beginning: it was lost, or nobody has opened the run yet. */
  opened: boolean;
  /** The run is being cancelled: this was called out before anybody listened for this attempt. */
  cancelled: boolean;
}

/** What an appended event does to the turn's record. */
export type Effect = { add: string } | { drop: true } | { result: TurnResult } | { route: unknown } | undefined;

export interface Entry {
  event: RunEvent;
  effect?: Effect;
}

/**
 * Why an append was refused: a newer attempt has taken over, the run has ended, or Redis lost what was written before.
 * In each case the writer must stop and close its upstream call.
 */
export class AppendRefused extends Error {
  constructor(readonly reason: 'fenced' | 'closed' | 'lost') {
    super(`The event stream refused the append: ${reason}.`);
    this.name = 'AppendRefused';
  }
}

export interface TurnStore {
  /** Takes the next epoch, and opens the run if it is given how. Throws {@link AppendRefused} when the run has ended. */
  begin(runId: string, turn: string, opening?: { scope: RunScope; news: RunNews }): Promise<Attempt>;
  /** Appends events with consecutive indexes from `firstIndex`; calling it again with the same events changes nothing. */
  append(runId: string, turn: string, attempt: Attempt, firstIndex: number, entries: Entry[]): Promise<void>;
  /** Texts of finished or running turns; `null` where Redis holds none. */
  texts(runId: string, turns: string[]): Promise<(string | null)[]>;
  /** Puts back texts that Redis lost, from the workflow's own record. */
  restoreTexts(runId: string, texts: Record<string, string>): Promise<void>;
  /** Publishes an event of the run, once for each name (its type, where none is given), and none after the run has closed. */
  publish(scope: RunScope, news: RunNews, name?: string): Promise<void>;
  /** Closes the run with this event, unless it is closed already; answers the closing event that holds. */
  close(scope: RunScope, news: RunNews, turns: string[]): Promise<RunEvent>;
  /**
   * As `close`, but undefined, and nothing is written, when Redis has lost the run's beginning, or a result of the `finished`
   * turns, which are the first so many of `turns`.
   */
  closeWhole(scope: RunScope, news: RunNews, turns: string[], finished: number): Promise<RunEvent | undefined>;
}

export function createTurnStore(redis: RedisConnection, closedTtl = CLOSED_TTL): TurnStore {
  return {
    async begin(runId, turn, opening) {
      const keys = [runKey(runId), turnKey(runId, turn), textKey(runId, turn), eventsKey(runId)] as const;
      const event = opening ? JSON.stringify(stamp(opening.scope, opening.news)) : '';
      const owner = randomUUID();
      return parseAttempt(owner, await redis.beginAttempt(...keys, OPEN_TTL, tagOf(runId), event, owner));
    },

    async append(runId, turn, { owner }, firstIndex, entries) {
      const keys = [eventsKey(runId), runKey(runId), turnKey(runId, turn), textKey(runId, turn)] as const;
      const pairs = entries.flatMap(({ event, effect }) => [JSON.stringify(event), encodeEffect(effect)]);
      const [verdict] = await redis.appendTurnEvents(...keys, tagOf(runId), owner, firstIndex, ...pairs);
      if (verdict !== 'ok') throw new AppendRefused(verdict as AppendRefused['reason']);
    },

    async texts(runId, turns) {
      return turns.length === 0 ? [] : redis.mget(turns.map((turn) => textKey(runId, turn)));
    },

    async restoreTexts(runId, texts) {
      await Promise.all(
        Object.entries(texts).map(([turn, text]) => redis.set(textKey(runId, turn), text, 'EX', OPEN_TTL)),
      );
    },

    async publish(scope, news, name = news.type) {
      await appendRunEvent(scope, news, [], OPEN_TTL, '', { name });
    },

    async close(scope, news, turns) {
      return (await appendRunEvent(scope, news, turns, closedTtl, 'close'))!;
    },

    closeWhole: (scope, news, turns, finished) =>
      appendRunEvent(scope, news, turns, closedTtl, 'close-whole', { finished }),
  };

  async function appendRunEvent(
    scope: RunScope,
    news: RunNews,
    turns: string[],
    ttl: number,
    ending: '' | 'close' | 'close-whole',
    { name = news.type as string, finished = 0 } = {},
  ): Promise<RunEvent | undefined> {
    const id = scope.run_id;
    const keys = [eventsKey(id), runKey(id), ...turns.flatMap((turn) => [turnKey(id, turn), textKey(id, turn)])];
    const event = JSON.stringify(stamp(scope, news));
    const [holds] = await Promise.all([
      redis.appendRunEvent(keys.length, ...keys, name, event, ttl, tagOf(id), ending, finished),
      ending ? redis.zadd(ENDED_RUNS, 'NX', Date.now(), id) : undefined,
    ]);
    return holds ? (JSON.parse(holds) as RunEvent) : undefined;
  }
}

function stamp({ run_id, session_id, team_id }: RunScope, news: RunNews): RunEvent {
  return { v: 1, run_id, session_id, team_id, at: Date.now(), ...news };
}

function encodeEffect(effect: Effect): string {
  if (!effect) return '';
  if ('add' in effect) return `+${effect.add}`;
  if ('drop' in effect) return '!';
  if ('result' in effect) return `=${JSON.stringify(effect.result)}`;
  return `~${JSON.stringify(effect.route)}`;
}

function parseAttempt(owner: string, reply: unknown[]): Attempt {
  const [verdict, generation, epoch, nextIndex, text, result, route, opened, cancelled] = reply as [
    string,
    string,
    number,
    number,
    string,
    string,
    string,
    number,
    number,
  ];
  if (verdict !== 'ok') throw new AppendRefused(verdict as AppendRefused['reason']);
  return {
    owner,
    generation,
    epoch,
    nextIndex,
    text,
    result: result ? (JSON.parse(result) as TurnResult) : undefined,
    route: route ? JSON.parse(route) : undefined,
    opened: opened === 1,
    cancelled: cancelled === 1,
  };
}
