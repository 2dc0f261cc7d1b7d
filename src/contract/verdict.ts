/** Reads the line with which a reviewer ends. Part of the workflow bundle. */
import type { Verdict } from './runs';

/** The last "VERDICT: ..." of a text; a review that gives none has not passed the work. */
export function readVerdict(text: string): Verdict {
  const verdicts = [...text.matchAll(/VERDICT\W{0,6}(PASS|REVISE)/gi)];
  return verdicts[verdicts.length - 1]?.[1]?.toUpperCase() === 'PASS' ? 'pass' : 'revise';
}
