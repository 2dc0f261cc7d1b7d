/**
 * A turn in the express lane: an attempt that runs before its activity exists. It ends in one of three ways: the activity, in this process,
 * adopts it; it ends by itself, and its result or failure waits in Redis for the activity; or it is stopped.
 */
import { ApplicationFailure } from '@temporalio/common';
import type { ChatCompletionMessageParam } from 'openai/resources/chat/completions';
import type { TurnRequest, TurnResult } from '../contract';
import type { Routes } from '../gateway/model-fallback';
import type { LaneStore } from '../redis/lanes';
import type { Memory } from '../redis/memory';
import type { AttemptRecord, LaneFailure } from '../redis/turns';
import { buildMessages } from './prompt';
import { computeFingerprint } from './recorded-turn';
import { resolveModels } from './routing';
import { TurnAttempt, type AttemptContext, type AttemptDependencies, type Hold } from './turn-attempt';

export interface LaneDependencies extends AttemptDependencies {
  lanes: LaneStore;
  memory: Memory;
  routes: Routes;
  /** Called when a turn that writes a program begins. */
  prepareSandbox(): void;
}

/** An attempt that an activity has adopted. */
export interface AdoptedTurn {
  result: Promise<TurnResult>;
  report(): object;
  /** Whether the whole run is being cancelled. */
  isCancelled(): boolean;
}

export class LaneTurn implements AttemptContext, Hold {
  readonly info = { scheduledTimestampMs: Date.now() };
  readonly released: Promise<void>;
  private readonly stopping = new AbortController();
  private readonly result: Promise<TurnResult>;
  /** Settles when the turn has left the lane, and what it leaves is in Redis. */
  readonly left: Promise<void>;
  private adopter: AttemptContext | undefined;
  private attempt: TurnAttempt | undefined;
  private isReleased = false;
  private isCancelRequested = false;
  private hasEnded = false;

  /** `gate` resolves when readers may see the run; `cancelled` aborts when the run is cancelled. */
  constructor(
    private readonly dependencies: LaneDependencies,
    private readonly request: TurnRequest,
    private readonly record: AttemptRecord,
    gate: Promise<void>,
    private readonly cancelled: AbortSignal,
  ) {
    const { signal } = this.stopping;
    const stopped = new Promise<never>((_resolve, reject) =>
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }),
    );
    this.released = Promise.race([gate.then(() => void (this.isReleased = true)), stopped]);
    this.released.catch(() => undefined);
    this.result = this.run().finally(() => (this.hasEnded = true));
    this.left = this.result.then(
      () => this.leave(),
      (error: unknown) => this.leave(toLaneFailure(error)),
    );
    this.left.catch(() => undefined);
  }

  get cancellationSignal(): AbortSignal {
    return this.stopping.signal;
  }

  get cancellationDetails(): AttemptContext['cancellationDetails'] {
    return this.adopter ? this.adopter.cancellationDetails : { cancelRequested: this.isCancelRequested };
  }

  /** Whether the turn still needs its lease. */
  get isInLane(): boolean {
    return !this.adopter && !this.hasEnded;
  }

  async keep(result: TurnResult): Promise<void> {
    const { lanes } = this.dependencies;
    const { run_id, turn } = this.request;
    if (!this.isReleased) await lanes.renew(run_id, turn, this.record.owner, result);
  }

  /** Lets an activity go on with the attempt. Resolves to undefined, after the turn has left the lane, if it has ended. */
  async adopt(context: AttemptContext): Promise<AdoptedTurn | undefined> {
    if (this.adopter) return undefined;
    if (this.hasEnded) return this.left.then(() => undefined);
    this.adopter = context;
    const { cancellationSignal: signal } = context;
    const stop = () => void this.stop(signal.reason as Error).catch(() => undefined);
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    const { run_id, turn } = this.request;
    // not awaited: without it the lease ends by itself
    void this.dependencies.lanes.end(run_id, turn, this.record.owner).catch(() => undefined);
    return {
      result: this.result,
      report: () => this.attempt?.report() ?? {},
      isCancelled: () => this.cancelled.aborted,
    };
  }

  /** Stops the attempt for its activity, which gets a report of what it has used. */
  cancel(): void {
    if (!this.isInLane) return;
    this.isCancelRequested = true;
    this.stopping.abort(new Error('The turn was stopped.'));
  }

  /** Ends the attempt without a word to readers. Resolves when its call is closed and booked. */
  async stop(why: Error): Promise<void> {
    this.stopping.abort(why);
    await this.left;
  }

  /** Renews the lease; stops the attempt if it no longer owns the turn, or the run has ended. */
  async renew(): Promise<void> {
    const { run_id, turn } = this.request;
    const isOwner = await this.dependencies.lanes.renew(run_id, turn, this.record.owner);
    if (!isOwner && this.isInLane) await this.stop(new Error('The turn is no longer in the express lane.'));
  }

  private async run(): Promise<TurnResult> {
    const { dependencies, request, record, cancelled } = this;
    const prompt: ChatCompletionMessageParam[] = await buildMessages(request, dependencies.turns, dependencies.memory);
    const models = resolveModels(request.definition, dependencies.routes);
    const mark = computeFingerprint(request, prompt, models);
    if (request.place.yields === 'draft') dependencies.prepareSandbox();
    this.attempt = new TurnAttempt(dependencies, request, record, mark, cancelled, this, this);
    return this.attempt.run(prompt);
  }

  private async leave(failure?: LaneFailure): Promise<void> {
    if (this.adopter) return;
    const { lanes } = this.dependencies;
    const { run_id, turn } = this.request;
    await lanes.end(run_id, turn, this.record.owner, failure);
    await lanes.announceEnd(run_id, turn);
  }
}

/** Undefined for an end that an activity answers by beginning itself, such as a lost stream or a stopped worker. */
function toLaneFailure(error: unknown): LaneFailure | undefined {
  if (!(error instanceof ApplicationFailure)) return undefined;
  const { message, type, nonRetryable, nextRetryDelay, details } = error;
  const retryAt = typeof nextRetryDelay === 'number' ? { retryAt: Date.now() + nextRetryDelay } : {};
  return { message, type: type ?? 'INTERNAL', isRetryable: !nonRetryable, ...retryAt, details: details ?? [] };
}

/** The failure with which the activity of a turn that failed in the lane ends. */
export function fromLaneFailure({ message, type, isRetryable, retryAt, details }: LaneFailure): ApplicationFailure {
  const delay = retryAt === undefined ? {} : { nextRetryDelay: Math.max(1, retryAt - Date.now()) };
  return ApplicationFailure.create({ message, type, nonRetryable: !isRetryable, details, ...delay });
}
