/** Runs as the API knows them. The only file that talks to the Temporal client. */
import {
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  WorkflowIdReusePolicy,
  WorkflowNotFoundError,
  type WorkflowExecutionDescription,
} from '@temporalio/client';
import { MESSAGE_PART } from '../contract/names';
import type { ModelNames, RunOutcome, RunResult, RunScope, SwarmResult, SwarmRunInput } from '../contract';
import type { runSwarm } from '../workflows';
import { definitionOf } from './definitions';
import { toDescription, type RunDescription } from './descriptions';
import { ApiError } from './errors';
import { readHistory } from './history';
import { keyConflict } from './idempotency';
import { budgetNotes, fingerprint, gateOptions, split, suffixOf, turnOptions, type Budget, type Order } from './orders';
import { answersOf, detailsOf, failedOutcome } from './outcomes';
import { attributesOf } from './search-attributes';
import type { SwarmLibrary } from './swarm-library';
import type { TemporalHandle } from './temporal';

/** A run that was started, now or by an earlier request with the same idempotency key. */
export interface StartedRun extends RunScope {
  replayed: boolean;
}

export interface RunsOptions {
  temporal: TemporalHandle;
  taskQueue: string;
  swarms: SwarmLibrary;
  /** What any run may use. */
  runBudget: Budget;
  modelNames(): ModelNames;
  /** Called when a run has been started. */
  onStart(scope: RunScope): void;
}

const EXCERPT = 200;

export class Runs {
  constructor(private readonly options: RunsOptions) {}

  /** Checks and names an order without starting anything, so that a watcher can be there before the first event. */
  prepare(order: Order): StartedRun {
    const { idempotencyKey, swarm_id } = order;
    definitionOf(order, this.options.swarms);
    const suffix = suffixOf(order);
    // one key is one run whichever swarm is asked
    const run_id = `${idempotencyKey ? 'keyed' : swarm_id}-${suffix}`;
    return { run_id, session_id: order.session_id ?? `session-${suffix}`, team_id: swarm_id, replayed: false };
  }

  async start(order: Order, { run_id, session_id, team_id }: RunScope): Promise<StartedRun> {
    const scope = { run_id, session_id, team_id };
    const parts = split(order.message);
    const started = await this.startOnce(this.inputOf(order, scope, parts), this.startOptions(order, scope));
    await this.sendParts(run_id, parts).catch(ignoreEnded);
    return started;
  }

  /** The result, or undefined when the run is not over within the time. Throws {@link ApiError} when the run failed. */
  async result(runId: string, limitMs?: number): Promise<RunResult | undefined> {
    const result = this.client.workflow.getHandle<typeof runSwarm>(runId).result();
    try {
      return await (limitMs === undefined ? result : Promise.race([result, after(limitMs)]));
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) throw unknownRun(runId);
      if (!(error instanceof WorkflowFailedError)) throw error;
      const { status, failure } = failedOutcome(error);
      const done = answersOf(await this.finished(runId, error));
      throw new ApiError(failure.code, failure.message, { run_id: runId, status, ...done });
    }
  }

  /** How a run that has ended did so, with all that it had finished. */
  async outcome(runId: string): Promise<RunOutcome> {
    const { run_id, session_id, team_id, message } = await this.describe(runId);
    const common = { run_id, session_id, team_id, message };
    try {
      const result = await this.client.workflow.getHandle<typeof runSwarm>(runId).result();
      return { ...common, status: 'completed', result };
    } catch (error) {
      if (!(error instanceof WorkflowFailedError)) throw error;
      return { ...common, ...failedOutcome(error), result: await this.finished(runId, error) };
    }
  }

  private async finished(runId: string, error: WorkflowFailedError): Promise<SwarmResult> {
    return detailsOf(error) ?? { turns: (await readHistory(this.client, runId)).turns, answers: [], failures: [] };
  }

  async describe(runId: string): Promise<RunDescription> {
    return toDescription(this.client, (await this.execution(runId)).raw.workflowExecutionInfo ?? {});
  }

  /** Asks for cancellation, and answers how the run stood: one that had already ended is left as it is. */
  async cancel(runId: string): Promise<RunDescription> {
    const description = await this.describe(runId);
    if (description.status === 'running') await this.client.workflow.getHandle(runId).cancel();
    return description;
  }

  private get client() {
    return this.options.temporal.client;
  }

  private inputOf(order: Order, scope: RunScope, parts: string[]): SwarmRunInput {
    const { swarm, members } = definitionOf(order, this.options.swarms);
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
      // alone in a session of its own, a run meets nobody
      ...(order.session_id ? { session_policy: order.session_policy ?? 'queue' } : {}),
    };
  }

  /** Sent again, a part changes nothing: whoever retries a start that broke off sends all of them. */
  private async sendParts(runId: string, parts: string[]): Promise<void> {
    if (parts.length === 1) return;
    const handle = this.client.workflow.getHandle(runId);
    for (const [index, text] of parts.entries()) await handle.signal(MESSAGE_PART, { index, text });
  }

  /** Starts a run that comes from another; the same key, request and source always name the same run. */
  async startFork(input: SwarmRunInput, request: string): Promise<StartedRun> {
    const { session_id, team_id, message, fork, options: turns } = input;
    const { budget_usd, budget_tokens } = turns;
    const order = { swarm_id: team_id, message, session_id, max_rounds: 1, budget_usd, budget_tokens };
    const { memo, ...start } = this.startOptions(order, input);
    const lineage = { forked_from: fork?.run_id ?? '', forked_at: fork?.from ?? '' };
    return this.startOnce(input, { ...start, memo: { ...memo, ...lineage, request } });
  }

  /** Starts the run, or finds the one that an equal request has started before. Temporal decides which of several comes first. */
  private async startOnce(input: SwarmRunInput, options: ReturnType<Runs['startOptions']>): Promise<StartedRun> {
    const { run_id, session_id, team_id } = input;
    const scope = { run_id, session_id, team_id };
    try {
      await this.client.workflow.start<typeof runSwarm>('runSwarm', { ...options, args: [input] });
      this.options.onStart(scope);
      return { ...scope, replayed: false };
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      const memo = (await this.execution(run_id)).memo ?? {};
      if (memo.request === options.memo.request)
        return { ...scope, session_id: String(memo.session_id), replayed: true };
      throw keyConflict();
    }
  }

  private startOptions(order: Order, { run_id, session_id, team_id }: RunScope) {
    // not half of a character of two units
    const excerpt = order.message.slice(0, EXCERPT).replace(/[\uD800-\uDBFF]$/, '');
    const budget = budgetNotes(order, this.options.runBudget);
    return {
      workflowId: run_id,
      taskQueue: this.options.taskQueue,
      // one run id is one run, for ever: this is what makes an idempotency key hold
      workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
      memo: { swarm_id: team_id, session_id, message: excerpt, request: fingerprint(order), ...budget },
      staticSummary: `${team_id} · ${excerpt.replace(/\s+/g, ' ')}`,
      ...(this.options.temporal.searchable ? { typedSearchAttributes: attributesOf(team_id, session_id) } : {}),
    };
  }

  private async execution(runId: string): Promise<WorkflowExecutionDescription> {
    try {
      return await this.client.workflow.getHandle(runId).describe();
    } catch (error) {
      throw error instanceof WorkflowNotFoundError ? unknownRun(runId) : error;
    }
  }
}

/** A run that has ended had its whole message. */
function ignoreEnded(error: unknown): void {
  if (!(error instanceof WorkflowNotFoundError)) throw error;
}

function unknownRun(runId: string): ApiError {
  return new ApiError('UNKNOWN_RUN', `There is no run "${runId}".`);
}

async function after(ms: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), ms).unref());
}
