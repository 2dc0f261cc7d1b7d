/**
 * The activity that makes the same calls to several programs and returns how far they agree. Agreement shows what checks cannot: correct
 * programs return the same values, wrong ones rarely do. It has no side effects.
 */
import { Context } from '@temporalio/activity';
import type { RunScope } from '../contract';
import type { Agreement, SourceFile } from '../contract/checks';
import { compareOutcomes } from '../verification/agreement/agreement';
import { makeProbes } from '../verification/agreement/probes';
import { extractProgram } from '../verification/extract-program';
import { executeBounded, whileInHand } from './execution-attempts';
import { readCompleteTexts } from '../model-call/prompt';
import type { VerifyDependencies } from './verify-code';

export interface CompareRequest extends RunScope {
  /** The turns whose texts contain the programs, with the lengths of the texts. */
  drafts: { turn: string; length: number }[];
  /** The request's text; calls found in it are made first. */
  request: string;
}

export function createCompareDrafts({ turns, sandbox, executor }: VerifyDependencies) {
  /**
   * Returns an agreement of 0 calls if a program is not Python or could not be executed. Fails with `TEXT_LOST` if Redis no longer holds a
   * complete text.
   */
  return async function compareDrafts(request: CompareRequest): Promise<Agreement> {
    return whileInHand(executor, request.team_id, () => compare(request));
  };

  async function compare({ drafts, request, run_id }: CompareRequest): Promise<Agreement> {
    const programs = (await readCompleteTexts(turns, run_id, drafts)).map((text) => extractProgram(text));
    const isPython = programs.every((program) => program?.language === 'python');
    const files = programs.map((program) => program?.files ?? []);
    const sources = files.map((parts) => parts.map(({ text }) => text).join('\n'));
    const expressions = isPython ? makeProbes(request, sources) : [];
    const unknown = compareOutcomes(drafts.map(() => []));
    if (expressions.length === 0) return unknown;
    const evaluate = (parts: SourceFile[], signal: AbortSignal) =>
      sandbox.evaluate({ language: 'python', files: parts, expressions }, signal);
    return executeBounded(Context.current(), executor, {
      work: async (signal) => compareOutcomes(await Promise.all(files.map((parts) => evaluate(parts, signal)))),
      giveUp: async () => unknown,
    });
  }
}
