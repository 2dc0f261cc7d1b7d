/** The beginning and the end that every run has, whatever happens between: opened once, closed once, and honest about how. */
import {
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  isCancellation,
  patched,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import { SearchAttributeType, defineSearchAttributeKey } from '@temporalio/common';
import { SEARCH_ATTRIBUTES } from '../contract/names';
import { openingOf } from '../contract/opening';
import type { Failure } from '../contract/failures';
import type {
  Closing,
  CoordinateInput,
  Opening,
  RunOutcome,
  RunResult,
  RunScope,
  StageResult,
  SummariseInput,
  SwarmResult,
  SwarmRunInput,
} from '../contract';
import { closeRun, openRun, restoreTexts } from './activities';
import { textsOf } from './message';
import { enter, leave } from './session';
import { summariseLater } from './summarise';
import { failureOf } from './failures';
import type { Beginning } from './team';

interface Work {
  /** What has been done so far, also when `lead` has thrown. */
  result(): SwarmResult;
  lead(): Promise<SwarmResult & { stages?: StageResult[] }>;
}

/** What a run is given, whichever workflow leads it. */
type WholeInput = SwarmRunInput | CoordinateInput;

/** Does the work and closes the run, which its first turn opens. A run that fails keeps what it had in the failure's details. */
export async function wholeRun(
  input: WholeInput,
  opening: Opening | undefined,
  begin: (beginning: Beginning) => Work,
): Promise<RunResult> {
  const { run_id, session_id, team_id, message, options } = input;
  let work: Work | undefined;
  const close = async (status: RunOutcome['status'], result: SwarmResult, failure?: Failure) => {
    const outcome: RunOutcome = {
      run_id,
      session_id,
      team_id,
      status,
      message,
      result,
      ...(failure ? { failure } : {}),
      ...(options.tenant ? { tenant: options.tenant } : {}),
      ...('session_policy' in input ? { in_session_queue: true } : {}),
    };
    // the last word must be written also when the run is being cancelled
    await CancellationScope.nonCancellable(async () => {
      const closing = await closeRun(outcome);
      if ('session_policy' in input) await leave(input);
      if (isOutgrown(closing)) await summariseLater(memoryOf(input));
    });
    showStatus(status);
  };
  try {
    const scope = { run_id, session_id, team_id };
    if ('session_policy' in input) await enter(input, opening);
    work = begin(opening ? await beginningOf(input, opening) : { models: await openRun(scope, message) });
    const done = await work.lead();
    const { structures: _structures, verification: _verification, stages: _stages, ...told } = done;
    await close('completed', told);
    return { run_id, session_id, team_id, status: 'complete', ...done };
  } catch (error) {
    const result = work?.result() ?? { turns: [], answers: [], failures: [] };
    if (isCancellation(error)) {
      await close('cancelled', result, { code: 'CANCELLED', message: 'The run was cancelled.' });
      throw new CancelledFailure('The run was cancelled.', [result]);
    }
    const failure = failureOf(error);
    await close('failed', result, failure);
    throw ApplicationFailure.create({
      message: failure.message,
      type: failure.code,
      nonRetryable: true,
      details: [result],
    });
  }
}

/** A long message is put where turns find it. */
async function beginningOf(input: SwarmRunInput | CoordinateInput, opening: Opening): Promise<Beginning> {
  if (!('swarm' in input)) return { models: {}, opening };
  const texts = textsOf(input);
  if (Object.keys(texts).length > 0) await restoreTexts(input.run_id, texts);
  return { models: input.models ?? {}, opening };
}

/** How the run opens: no activity stands before its first model call. Undefined in runs that began before turns did that. */
export function openingIn(input: RunScope & { message: string }): Opening | undefined {
  return patched('first-turn-opens') ? openingOf(input) : undefined;
}

/** Runs of earlier versions answered the ending alone: their histories say nothing of the session. */
function isOutgrown(closing: Closing | Closing['ending']): boolean {
  return typeof closing === 'object' && closing.outgrown;
}

function memoryOf({ session_id, options }: WholeInput): SummariseInput {
  return { session_id, ...(options.tenant ? { tenant: options.tenant } : {}) };
}

const statusKey = defineSearchAttributeKey(SEARCH_ATTRIBUTES.status, SearchAttributeType.KEYWORD);

/** Where the attributes are not registered, the API starts runs without them, and they are left alone here too. */
function showStatus(status: RunOutcome['status']): void {
  if (workflowInfo().typedSearchAttributes.get(statusKey) === undefined) return;
  upsertSearchAttributes([{ key: statusKey, value: status }]);
}
