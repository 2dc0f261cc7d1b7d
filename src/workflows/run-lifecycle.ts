/** The start and end of every run: it is opened once and closed once, with the status that it really ended with. */
import {
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  isCancellation,
  upsertMemo,
} from '@temporalio/workflow';
import { ANONYMOUS_ACCOUNT, MEMO_ACCOUNT, MEMO_CHECKS, MEMO_SPENT } from '../contract/names';
import { summariseChecks } from '../contract/verification';
import { describeState, makeFacts } from '../events/run-state';
import { spentBy, sumTotals } from '../events/totals';
import type { Failure } from '../contract/failures';
import type {
  Opening,
  RunOutcome,
  RunResult,
  StageResult,
  SummariseInput,
  SwarmResult,
  SwarmRunInput,
} from '../contract';
import { closeRun, restoreTexts } from './activities';
import { showEnding } from './board';
import { toDetails, toRecord } from './long-texts';
import { collectTexts } from './message';
import { enter, leave } from './session';
import { showState } from './shown-state';
import { summariseLater } from './summarise';
import { describeFailure } from './failures';
import type { Beginning } from './team';

interface Work {
  /** The result so far; also available after `lead` has thrown. */
  result(): SwarmResult;
  lead(): Promise<SwarmResult & { stages?: StageResult[] }>;
}

/** Does the work and closes the run; its first turn opens it. A failed run keeps its partial result in the failure's details. */
export async function runLifecycle(
  input: SwarmRunInput,
  opening: Opening,
  begin: (beginning: Beginning) => Work,
): Promise<RunResult> {
  const { run_id, session_id, team_id, message, options, session_policy } = input;
  let work: Work | undefined;
  const close = async (status: RunOutcome['status'], given: SwarmResult, failure?: Failure) => {
    const { verification, ...answer } = given;
    const result = status === 'completed' ? answer : given;
    const checks = status === 'completed' ? summariseChecks(verification) : undefined;
    const outcome: RunOutcome = {
      run_id,
      session_id,
      team_id,
      status,
      message,
      ...(opening.graph ? { graph: opening.graph } : {}),
      result,
      ...(checks ? { checks_summary: checks } : {}),
      ...(failure ? { failure } : {}),
      ...(options.tenant ? { tenant: options.tenant } : {}),
      ...(session_policy ? { in_session_queue: true } : {}),
    };
    // the run must be closed even while it is being cancelled
    await CancellationScope.nonCancellable(async () => {
      const { outgrown } = await closeRun(outcome);
      await leave(input);
      if (outgrown) await summariseLater(toSummariseInput(input));
    });
    showState(describeState(makeFacts(status, checks)).state);
    noteEnding(options.tenant, outcome);
    showEnding(outcome);
  };
  try {
    await enter(input, opening);
    work = begin(await beginRun(input, opening));
    const done = await work.lead();
    const whole: RunResult = { run_id, session_id, team_id, status: 'complete', ...done };
    // before the run is announced as complete: Temporal may refuse a result that is too large
    const record = toRecord(whole);
    const { structures: _structures, stages: _stages, ...answer } = done;
    await close('completed', answer);
    return record;
  } catch (error) {
    const result = work?.result() ?? { turns: [], answers: [], failures: [] };
    if (isCancellation(error)) {
      await close('cancelled', result, { code: 'CANCELLED', message: 'The run was cancelled.' });
      throw new CancelledFailure('The run was cancelled.', [result]);
    }
    const failure = describeFailure(error);
    await close('failed', result, failure);
    throw ApplicationFailure.create({
      message: failure.message,
      type: failure.code,
      nonRetryable: true,
      details: toDetails(result),
    });
  }
}

/** Writes a long message to Redis, where turns read it. */
async function beginRun(input: SwarmRunInput, opening: Opening): Promise<Beginning> {
  const texts = collectTexts(input);
  if (Object.keys(texts).length > 0) await restoreTexts(input.run_id, texts);
  return { models: input.models ?? {}, opening };
}

function toSummariseInput({ session_id, options }: SwarmRunInput): SummariseInput {
  return { session_id, ...(options.tenant ? { tenant: options.tenant } : {}) };
}

/**
 * Writes to the run's memo what lists of runs need: its checks, and its spending, from which budgets are recomputed after Redis was
 * emptied.
 */
function noteEnding(account = ANONYMOUS_ACCOUNT, { result, checks_summary: checks }: RunOutcome): void {
  const { usd, tokens } = spentBy(result);
  const priced = sumTotals(result).cost_usd !== null;
  const memo = {
    ...(tokens > 0 ? { [MEMO_ACCOUNT]: account, [MEMO_SPENT]: { usd, tokens, priced } } : {}),
    ...(checks ? { [MEMO_CHECKS]: checks } : {}),
  };
  if (Object.keys(memo).length > 0) upsertMemo(memo);
}
