/**
 * The express lane's part of the ownership protocol. Before the activity of a run's first turn exists, an attempt of the lane may own the
 * turn under a lease. While the lease lasts, activities wait for it (`begin-attempt.lua`).
 */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { RedisConnection } from './connect';
import { computeTag } from './events';
import { eventsKey, LANE_ENDS_CHANNEL, lanesKey, runKey, turnKey } from './keys';
import { receiveMessages } from './messages';
import { defineScript, done, flag } from './scripts';
import { OPEN_TTL, type AttemptRecord, type LaneFailure } from './turns';
import type { TurnResult } from '../contract';

/** A turn that has no sign of life from its lane for this long is taken over. A worker whose process has ended is noticed sooner. */
const LEASE_MS = 5000;
export const LEASE_RENEWAL_MS = 1000;
/** Expiry of what the lane left of a run that was not started. Seconds. */
const DROPPED_TTL = 3600;
/** Expiry of the record of a worker that is never replaced. Seconds. */
const IN_HAND_TTL = 24 * 3600;

/** A turn, and the fingerprint of the request for it. */
interface ClaimedTurn {
  turn: string;
  request: string;
}

/** The turns of a run that a lane owns. */
interface LaneHold {
  runId: string;
  owner: string;
  turns: string[];
}

export interface LaneStore {
  /** Makes the lane the owner of a run's first turns. Returns undefined if the run is already known. */
  claim(runId: string, turns: ClaimedTurn[]): Promise<AttemptRecord | undefined>;
  /** Extends a turn's lease, and keeps a result that may not be published yet. Returns false if the lane no longer owns the turn, or the run has ended. */
  renew(runId: string, turn: string, owner: string, result?: TurnResult): Promise<boolean>;
  /** Ends a turn's lease. The failure is for the turn's activity. */
  end(runId: string, turn: string, owner: string, failure?: LaneFailure): Promise<void>;
  /** Wakes the activities that wait for the end of this lease. */
  announceEnd(runId: string, turn: string): Promise<void>;
  /** Gives up the turns of a run that was not started, as far as is known. Keeps their results. */
  drop(hold: LaneHold): Promise<void>;
  /** Removes the run from the record of this worker. */
  release(runId: string): void;
  /** Ends the leases of workers that have ended. */
  releaseAll(workerIds: readonly string[]): Promise<void>;
}

interface ClaimLane {
  tag: string;
  owner: string;
  worker: string;
  requests: string[];
  leaseMs: number;
  ttlSeconds: number;
}
const claimLane = defineScript<ClaimLane, string | null>('claim-lane', z.string().nullable());
const renewLane = defineScript<{ owner: string; leaseMs: number; result: string | undefined }, boolean>(
  'renew-lane',
  flag,
);
const endLane = defineScript<{ owner: string; failure: string | undefined }, boolean>('end-lane', flag);
const dropLane = defineScript<{ owner: string; ttlSeconds: number }, void>('drop-lane', done);

const inHand = z
  .string()
  .transform((text): unknown => JSON.parse(text))
  .pipe(z.object({ owner: z.string(), turns: z.array(z.string()) }));

export function createLaneStore(redis: RedisConnection, workerId: string): LaneStore {
  const key = lanesKey(workerId);
  const end = async (runId: string, turn: string, owner: string, failure?: LaneFailure) => {
    await endLane(redis, [turnKey(runId, turn)], { owner, failure: failure && JSON.stringify(failure) });
  };
  const announceEnd = async (runId: string, turn: string) => {
    await redis.publish(LANE_ENDS_CHANNEL, turnKey(runId, turn));
  };
  return {
    end,
    announceEnd,

    async claim(runId, turns) {
      const owner = randomUUID();
      const keys = [eventsKey(runId), runKey(runId), ...turns.map(({ turn }) => turnKey(runId, turn))];
      const args = { tag: computeTag(runId), owner, worker: workerId, leaseMs: LEASE_MS, ttlSeconds: OPEN_TTL };
      const note = JSON.stringify({ owner, turns: turns.map(({ turn }) => turn) });
      // sent before the claim: a worker that dies in between leaves no lease that nobody can end
      const noted = redis.pipeline().hset(key, runId, note).expire(key, IN_HAND_TTL).exec();
      noted.catch(() => undefined);
      const generation = await claimLane(redis, keys, { ...args, requests: turns.map(({ request }) => request) });
      if (generation === null) return undefined;
      return {
        ...{ owner, generation, epoch: 1, nextIndex: 0, text: '', opened: true, cancelled: false, isForeign: false },
        ...{ result: undefined, route: undefined, unpublished: undefined },
      };
    },

    renew: (runId, turn, owner, result) =>
      renewLane(redis, [turnKey(runId, turn), runKey(runId)], {
        owner,
        leaseMs: LEASE_MS,
        result: result && JSON.stringify(result),
      }),

    async drop({ runId, owner, turns }) {
      const keys = [runKey(runId), ...turns.map((turn) => turnKey(runId, turn))];
      await dropLane(redis, keys, { owner, ttlSeconds: DROPPED_TTL });
    },

    release: (runId) => void redis.hdel(key, runId).catch(() => undefined),

    async releaseAll(workerIds) {
      for (const id of workerIds) {
        const held = Object.entries(await redis.hgetall(lanesKey(id)));
        for (const [runId, note] of held) {
          const { owner, turns } = inHand.parse(note);
          await Promise.all(turns.map((turn) => end(runId, turn, owner).then(() => announceEnd(runId, turn))));
        }
        await redis.del(lanesKey(id));
      }
    },
  };
}

/** Waits for turns of other workers' lanes. */
export interface LaneEnds {
  /** Resolves when the turn has left the lane, at the latest after `ms`, or when the signal aborts. */
  wait(runId: string, turn: string, ms: number, signal?: AbortSignal): Promise<void>;
}

/** `subscriber` must be a connection that is used for nothing but subscriptions. */
export async function listenForLaneEnds(subscriber: RedisConnection): Promise<LaneEnds> {
  const waiting = new Map<string, Set<() => void>>();
  await receiveMessages(subscriber, LANE_ENDS_CHANNEL, {
    read: (key) => waiting.get(key),
    receive: (wake) => wake.forEach((resolve) => resolve()),
  });
  return {
    wait(runId, turn, ms, signal) {
      const key = turnKey(runId, turn);
      return new Promise((resolve) => {
        const ofTurn = waiting.get(key) ?? new Set();
        const end = () => {
          clearTimeout(timer);
          signal?.removeEventListener('abort', end);
          ofTurn.delete(end);
          if (ofTurn.size === 0 && waiting.get(key) === ofTurn) waiting.delete(key);
          resolve();
        };
        const timer = setTimeout(end, ms);
        waiting.set(key, ofTurn.add(end));
        signal?.addEventListener('abort', end, { once: true });
        if (signal?.aborted) end();
      });
    },
  };
}
