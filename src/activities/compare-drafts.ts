/**
 * The activity that gives the same calls to several programs and says how far they agree: what checks can not tell, since right
 * programs return the same, and wrong ones seldom do. It has no effect outside.
 */
import { Context } from '@temporalio/activity';
import type { RunScope } from '../contract';
import type { Agreement, SourceFile } from '../contract/checks';
import { agreementOf } from './agreement/agreement';
import { probesOf } from './agreement/probes';
import { programOf } from './code-blocks';
import { wholeTexts } from './prompt';
import { whileBeating } from './pulse';
import type { VerifyDependencies } from './verify-code';

export interface CompareRequest extends RunScope {
  /** The turns whose texts hold the programs, and how long those are. */
  drafts: { turn: string; length: number }[];
  /** What the request says; its calls are the first that the programs are given. */
  request: string;
}

export function createCompareDrafts({ turns, sandbox }: VerifyDependencies) {
  /** Programs that are not all Python can not be compared. Fails with `TEXT_LOST` when Redis no longer holds the whole of a text. */
  return async function compareDrafts({ drafts, request, run_id }: CompareRequest): Promise<Agreement> {
    return whileBeating(Context.current(), async (signal) => {
      const programs = (await wholeTexts(turns, run_id, drafts)).map(programOf);
      const isPython = programs.every((program) => program?.language === 'python');
      const files = programs.map((program) => program?.files ?? []);
      const sources = files.map((parts) => parts.map(({ text }) => text).join('\n'));
      const expressions = isPython ? probesOf(request, sources) : [];
      if (expressions.length === 0) return agreementOf(drafts.map(() => []));
      const evaluate = (parts: SourceFile[]) =>
        sandbox.evaluate({ language: 'python', files: parts, expressions }, signal);
      return agreementOf(await Promise.all(files.map(evaluate)));
    });
  };
}
