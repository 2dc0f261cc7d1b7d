/** Starts, describes, awaits and cancels runs through the Temporal client. */
import {
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  WorkflowIdReusePolicy,
  WorkflowNotFoundError,
  type WorkflowExecutionDescription,
} from '@temporalio/client';
import { MESSAGE_PART, RUN_TYPE } from '../contract/names';
import type { ModelNames, RunOutcome, RunResult, RunScope, SwarmRunInput } from '../contract';
import { readTurns, readWhole } from '../temporal/turn-histories';
import type { runSwarm } from '../workflows';
import { resolveDefinition } from './definitions';
import { toDescription, type RecordedRun } from './descriptions';
import { ApiError } from './errors';
import type { AnnounceStart } from './express-lane';
import { keyConflict } from './idempotency';
import type { OpenRun, OpenRuns } from './limits/open-runs';
import {
  budgetNotes,
  tagNotes,
  fingerprint,
  gateOptions,
  split,
  makeIdSuffix,
  turnOptions,
  type RunBudget,
  type Caller,
  type Order,
} from './start-requests';
import { readPartialResult, failedOutcome, toFailedReply, type StagedResult } from './results';
import { UnknownRuns } from './limits/unknown-runs';
import { isRunId, unknownRun } from './run-ids';
import { makeSearchAttributes, cutExcerpt } from './search-attributes';
import type { SwarmLibrary } from './swarm-library';
import type { TemporalHandle } from './temporal';

/** A run that was started, by this request or by an earlier one with the same idempotency key. */
export interface StartedRun extends RunScope {
  replayed: boolean;
}

export interface RunsOptions {
  temporal: TemporalHandle;
  swarms: SwarmLibrary;
  openRuns: OpenRuns;
  /** The budget limit of every run. */
  runBudget: RunBudget;
  modelNames(): ModelNames;
  /** Announces a run to the express lane, if there is one. */
  announceStart?: AnnounceStart | undefined;
  /** Called when a run has been started. */
  onStart(scope: RunScope, tenant: string | undefined): void;
}

export class Runs {
  private readonly unknown = new UnknownRuns();

  constructor(private readonly options: RunsOptions) {}

  /** Validates an order and assigns its ids without starting anything, so that a reader can attach before the first event. */
  prepare(order: Order): StartedRun {
    const { idempotencyKey, swarm_id } = order;
    resolveDefinition(order, this.options.swarms);
    const suffix = makeIdSuffix(order);
    // one key means one run, whichever swarm is requested
    const run_id = `${idempotencyKey ? 'keyed' : swarm_id}-${suffix}`;
    return { run_id, session_id: order.session_id ?? `session-${suffix}`, team_id: swarm_id, replayed: false };
  }

  /**
   * Counts a run as open for its caller before it is started. Throws {@link ApiError} if the caller has too many open runs. A run that an
   * equal request has already started is not counted twice.
   */
  async open({ message, tenant, idempotencyKey }: Order, { run_id: runId }: RunScope): Promise<OpenRun> {
    try {
      return await this.options.openRuns.open({ tenant, runId, message });
    } catch (error) {
      if (idempotencyKey && error instanceof ApiError && error.code === 'CALLER_LIMIT' && (await this.exists(runId)))
        return { release: () => Promise.resolve() };
      throw error;
    }
  }

  /** `opened` is the result of `open`, if the caller has called it already. */
  async start(order: Order, { run_id, session_id, team_id }: RunScope, opened?: OpenRun): Promise<StartedRun> {
    const scope = { run_id, session_id, team_id };
    const counted = opened ?? (await this.open(order, scope));
    const parts = split(order.message);
    const input = this.makeInput(order, scope, parts);
    const started = await this.startOnce(input, this.startOptions(order, scope), counted);
    await this.sendParts(run_id, parts).catch(ignoreEnded);
    return started;
  }

  /** The result, or undefined if the run does not end in time. Throws {@link ApiError} if the run failed. */
  async result(runId: string, limitMs?: number): Promise<RunResult | undefined> {
    const result = this.client.workflow.getHandle<typeof runSwarm>(runId).result();
    try {
      const record = await (limitMs === undefined ? result : Promise.race([result, after(limitMs)]));
      return record && (await readWhole(this.client, runId, record));
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) throw unknownRun(runId);
      if (!(error instanceof WorkflowFailedError)) throw error;
      const { status, failure } = failedOutcome(error);
      // the run is known to exist: a failure here must not replace the reported outcome
      const scope = await this.describe(runId).catch(() => undefined);
      const reply = toFailedReply(await this.finished(runId, error), failure, scope);
      throw new ApiError(failure.code, failure.message, { run_id: runId, status, ...reply });
    }
  }

  /** The outcome of a run that has ended, with everything that it had finished. */
  async outcome(runId: string): Promise<RunOutcome> {
    const { run_id, session_id, team_id, message } = await this.describe(runId);
    const common = { run_id, session_id, team_id, message };
    try {
      const record = await this.client.workflow.getHandle<typeof runSwarm>(runId).result();
      return { ...common, status: 'completed', result: await readWhole(this.client, runId, record) };
    } catch (error) {
      if (!(error instanceof WorkflowFailedError)) throw error;
      return { ...common, ...failedOutcome(error), result: await this.finished(runId, error) };
    }
  }

  private async finished(runId: string, error: WorkflowFailedError): Promise<StagedResult> {
    const details = readPartialResult(error);
    return details
      ? readWhole(this.client, runId, details)
      : { turns: await readTurns(this.client, runId), answers: [], failures: [] };
  }

  async describe(runId: string): Promise<RecordedRun> {
    return toDescription(this.client, (await this.execution(runId)).raw.workflowExecutionInfo ?? {});
  }

  /** Requests cancellation and returns the run's status before it; a run that had already ended is left as it is. */
  async cancel(runId: string): Promise<RecordedRun> {
    const description = await this.describe(runId);
    if (description.status === 'running') await this.client.workflow.getHandle(runId).cancel();
    return description;
  }

  private get client() {
    return this.options.temporal.client;
  }

  private makeInput(order: Order, scope: RunScope, parts: string[]): SwarmRunInput {
    const { swarm, members } = resolveDefinition(order, this.options.swarms);
    const { message, max_rounds, reviews_as_data } = order;
    return {
      ...scope,
      swarm,
      ...(swarm.stages ? { members, max_rounds } : {}),
      ...(parts.length > 1 ? { message: '', message_parts: parts.length } : { message }),
      options: turnOptions(order),
      models: this.options.modelNames(),
      gates: gateOptions(order),
      ...(reviews_as_data ? { reviews_as_data } : {}),
      // a run without a shared session has no concurrent runs
      ...(order.session_id ? { session_policy: order.session_policy ?? 'queue' } : {}),
    };
  }

  /** Repeating a part has no effect: the retry of an interrupted start sends all of them. */
  private async sendParts(runId: string, parts: string[]): Promise<void> {
    if (parts.length === 1) return;
    const handle = this.client.workflow.getHandle(runId);
    for (const [index, text] of parts.entries()) await handle.signal(MESSAGE_PART, { index, text });
  }

  /** Starts a fork, with the tags of its source. The same key, request and source always yield the same run id. */
  async startFork(
    input: SwarmRunInput,
    { request, tags }: { request: string; tags: string[] },
    caller: Caller,
  ): Promise<StartedRun> {
    const { session_id, team_id, message, fork, options: turns } = input;
    const { budget_usd, budget_tokens, budget_calls } = turns;
    const budget = { budget_usd, budget_tokens, budget_calls };
    const order = { swarm_id: team_id, message, session_id, max_rounds: 1, tags, ...budget, ...caller };
    const { memo, ...start } = this.startOptions(order, input);
    const lineage = { forked_from: fork?.run_id ?? '', forked_at: fork?.from ?? '' };
    return this.startOnce(input, { ...start, memo: { ...memo, ...lineage, request } }, await this.open(order, input));
  }

  /** Starts the run, or finds the run that an equal request has already started. Temporal decides which request is first. */
  private async startOnce(
    input: SwarmRunInput,
    options: ReturnType<Runs['startOptions']>,
    counted: OpenRun,
  ): Promise<StartedRun> {
    const { run_id, session_id, team_id } = input;
    const scope = { run_id, session_id, team_id };
    const announced = this.options.announceStart?.(input);
    try {
      await this.options.temporal.startWorkflow<typeof runSwarm>('runSwarm', { ...options, args: [input] });
      announced?.started();
      this.unknown.forget(run_id);
      this.options.onStart(scope, input.options.tenant);
      return { ...scope, replayed: false };
    } catch (error) {
      announced?.rejected();
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      return this.findReplayed(scope, options.memo.request, counted);
    }
  }

  /** Returns the run that has the id already, if an equal request has started it. */
  private async findReplayed(scope: RunScope, request: string, counted: OpenRun): Promise<StartedRun> {
    const { memo = {}, status } = await this.execution(scope.run_id);
    if (status.name !== 'RUNNING') await counted.release();
    if (memo?.request !== request) throw keyConflict();
    return { ...scope, session_id: String(memo?.session_id), replayed: true };
  }

  private startOptions(order: Order, { run_id, session_id, team_id }: RunScope) {
    const excerpt = cutExcerpt(order.message);
    const budget = budgetNotes(order, this.options.runBudget);
    const { searchable, listsMessages } = this.options.temporal;
    const line = excerpt.replace(/\s+/g, ' ');
    return {
      workflowId: run_id,
      taskQueue: this.options.temporal.taskQueue,
      // a run id is never reused: idempotency keys depend on this
      workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
      memo: {
        swarm_id: team_id,
        session_id,
        message: excerpt,
        request: fingerprint(order),
        ...budget,
        ...tagNotes(order),
      },
      staticSummary: `${team_id} · ${line}`,
      ...(searchable
        ? { typedSearchAttributes: makeSearchAttributes(team_id, session_id, listsMessages ? line : undefined) }
        : {}),
    };
  }

  private async exists(runId: string): Promise<boolean> {
    return this.execution(runId).then(
      () => true,
      (error: unknown) => (error instanceof ApiError ? false : Promise.reject(error as Error)),
    );
  }

  /** Throws {@link ApiError} for a workflow that is not a run of this deployment: the namespace may be shared. */
  private async execution(runId: string): Promise<WorkflowExecutionDescription> {
    if (!isRunId(runId) || this.unknown.has(runId)) throw unknownRun(runId);
    try {
      const execution = await this.client.workflow.getHandle(runId).describe();
      const { type, taskQueue } = execution;
      if (type === RUN_TYPE && taskQueue === this.options.temporal.taskQueue) return execution;
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
      this.unknown.add(runId);
    }
    throw unknownRun(runId);
  }
}

/** A run that has ended had already received the whole message. */
function ignoreEnded(error: unknown): void {
  if (!(error instanceof WorkflowNotFoundError)) throw error;
}

async function after(ms: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), ms).unref());
}
