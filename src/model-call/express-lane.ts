/**
 * The express lane: makes the first model calls of a run while Temporal starts it. Readers see nothing before Temporal has started the run,
 * and the turns' activities adopt the calls (docs/internals/express-lane.md).
 */
import { createHash } from 'node:crypto';
import type { TurnRequest } from '../contract';
import type { AnnouncedStart } from '../contract/express-lane';
import { openingEvent } from '../events/opening';
import type { Cancellations } from '../redis/cancellations';
import { LEASE_RENEWAL_MS } from '../redis/lanes';
import type { AttemptRecord } from '../redis/turns';
import { LaneTurn, type AdoptedTurn, type LaneDependencies } from './lane-turn';
import type { AttemptContext } from './turn-attempt';

export interface ExpressLaneDependencies extends LaneDependencies {
  cancellations: Cancellations;
  /** How many turns this worker may take besides those of its activities. */
  countRoom(): number;
  /** How long a call may run before it is known whether its run exists, milliseconds; for tests. */
  acknowledgementMs?: number;
}

/** A run that is being started, in the lane. */
export interface RunStart extends AnnouncedStart {
  /** Resolves when all first turns have ended. */
  readonly ended: Promise<void>;
}

export interface ExpressLane {
  /** Begins the first turns of a run that is being started; undefined if there is no room. The requests have the same opening. */
  begin(requests: TurnRequest[]): RunStart | undefined;
  /** Readers may see the run, because an activity in another process has proved that it exists. */
  reveal(runId: string): void;
  /** The run has stopped the turn, whose activity waits in another process. */
  cancel(runId: string, turn: string): void;
  /**
   * Lets an activity go on with the attempt at exactly this request. If the lane has an attempt at another request for the turn, ends it
   * first; then, as without any attempt, resolves to undefined.
   */
  adopt(request: TurnRequest, context: AttemptContext): Promise<AdoptedTurn | undefined>;
  /** Begins nothing further. */
  stop(): void;
  /** Ends all attempts that no activity has adopted. */
  close(): Promise<void>;
}

/** How long a call may run before it is known whether its run exists; the API's own limit for a start is longer. */
const ACKNOWLEDGEMENT_MS = 5000;

/**
 * Identifies a request: whatever changes the call, or what is published of it, changes this. The order of fields does not, nor does a field
 * that is undefined, which Temporal does not transmit.
 */
export function computeRequestFingerprint(request: TurnRequest): string {
  return createHash('sha256')
    .update(JSON.stringify(sortFields(request)))
    .digest('hex')
    .slice(0, 32);
}

function sortFields(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortFields);
  if (value === null || typeof value !== 'object') return value;
  const fields = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(fields.map(([name, field]) => [name, sortFields(field)]));
}

export function createExpressLane(dependencies: ExpressLaneDependencies): ExpressLane {
  const lanes = new Map<string, Lane>();
  let isStopped = false;
  const hasRoom = (turns: number) => {
    const taken = [...lanes.values()].reduce((sum, lane) => sum + lane.countInLane(), 0);
    return taken + turns <= dependencies.countRoom();
  };
  return {
    begin(requests) {
      const [first] = requests;
      if (!first || isStopped || lanes.has(first.run_id) || !hasRoom(requests.length)) return undefined;
      const lane = new Lane(dependencies, requests, first);
      lanes.set(first.run_id, lane);
      void lane.ended.finally(() => lanes.delete(first.run_id));
      return lane;
    },
    reveal: (runId) => lanes.get(runId)?.started(),
    cancel: (runId, turn) => lanes.get(runId)?.cancel(turn),
    adopt: async (request, context) => lanes.get(request.run_id)?.adopt(request, context),
    stop: () => void (isStopped = true),
    async close() {
      isStopped = true;
      await Promise.all([...lanes.values()].map((lane) => lane.stop(new Error('The worker stops.'))));
    },
  };
}

/** The first turns of one run. */
class Lane implements RunStart {
  readonly ended: Promise<void>;
  private readonly gate = new Gate();
  private readonly claimed: Promise<AttemptRecord | undefined>;
  private readonly turns = new Map<string, LaneTurn>();
  private isDecided = false;

  constructor(
    private readonly dependencies: ExpressLaneDependencies,
    private readonly requests: TurnRequest[],
    private readonly first: TurnRequest,
  ) {
    this.claimed = this.claim();
    this.ended = this.run().catch(() => undefined);
  }

  started(): void {
    if (this.isDecided) return;
    this.isDecided = true;
    void this.open().catch((error: unknown) => this.gate.refuse(error));
  }

  rejected(): void {
    void this.giveUp();
  }

  async adopt(request: TurnRequest, context: AttemptContext): Promise<AdoptedTurn | undefined> {
    await this.claimed.catch(() => undefined);
    const turn = this.turns.get(request.turn);
    const expected = this.requests.find((one) => one.turn === request.turn);
    if (!turn || !expected) return undefined;
    // an activity proves that Temporal has started the run
    this.started();
    if (computeRequestFingerprint(expected) !== computeRequestFingerprint(request)) {
      await turn.stop(new Error('The run asks for something else.')).catch(() => undefined);
      return undefined;
    }
    return turn.adopt(context);
  }

  cancel(turn: string): void {
    this.turns.get(turn)?.cancel();
  }

  /** The turns that no activity has adopted; all of them while they are not begun. */
  countInLane(): number {
    return this.turns.size === 0
      ? this.requests.length
      : [...this.turns.values()].filter(({ isInLane }) => isInLane).length;
  }

  async stop(why: Error): Promise<void> {
    await Promise.allSettled([...this.turns.values()].filter(({ isInLane }) => isInLane).map((turn) => turn.stop(why)));
  }

  private claim(): Promise<AttemptRecord | undefined> {
    const turns = this.requests.map((request) => ({ turn: request.turn, request: computeRequestFingerprint(request) }));
    return this.dependencies.lanes.claim(this.first.run_id, turns);
  }

  private async run(): Promise<void> {
    const { dependencies, requests, first } = this;
    const cancelled = dependencies.cancellations.watch(first.run_id);
    try {
      const record = await this.claimed;
      if (!record) return;
      for (const request of requests) {
        const own = { ...record };
        this.turns.set(request.turn, new LaneTurn(dependencies, request, own, this.gate.opened, cancelled.signal));
      }
      await this.whileLeased(() => Promise.allSettled([...this.turns.values()].map(({ left }) => left)));
    } finally {
      cancelled.release();
      dependencies.lanes.release(first.run_id);
    }
  }

  private async whileLeased<T>(work: () => Promise<T>): Promise<T> {
    const renewal = setInterval(() => this.renew(), LEASE_RENEWAL_MS);
    const { acknowledgementMs = ACKNOWLEDGEMENT_MS } = this.dependencies;
    const limit = setTimeout(() => void this.giveUp(), acknowledgementMs);
    return work().finally(() => {
      clearInterval(renewal);
      clearTimeout(limit);
    });
  }

  private renew(): void {
    for (const turn of this.turns.values()) if (turn.isInLane) void turn.renew().catch(() => undefined);
  }

  private async open(): Promise<void> {
    const { opening } = this.first;
    if (!(await this.claimed)) return;
    const event = opening && openingEvent(this.first, opening);
    if (event) await this.dependencies.turns.publish(event.scope, event.payload);
    this.gate.open();
  }

  /** The run was not started, or nobody knows. If it was started after all, its activities begin. */
  private async giveUp(): Promise<void> {
    if (this.isDecided) return;
    this.isDecided = true;
    const why = new Error('The run was not started.');
    this.gate.refuse(why);
    const record = await this.claimed.catch(() => undefined);
    if (!record) return;
    await this.stop(why);
    const { run_id: runId } = this.first;
    const hold = { runId, owner: record.owner, turns: [...this.turns.keys()] };
    await this.dependencies.lanes.drop(hold).catch(() => undefined);
  }
}

/** Opened, or refused, once. */
class Gate {
  readonly opened: Promise<void>;
  open: () => void = () => undefined;
  refuse: (why: unknown) => void = () => undefined;

  constructor() {
    this.opened = new Promise<void>((resolve, reject) => {
      this.open = resolve;
      this.refuse = reject;
    });
    this.opened.catch(() => undefined);
  }
}
