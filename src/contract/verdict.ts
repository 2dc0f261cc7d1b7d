/** Reads the line with which a reviewer begins. Part of the workflow bundle. */
import type { Verdict } from './runs';

/** The first "VERDICT: ..." of a text: what follows may quote or repeat it. A review that gives none has not passed the work. */
export function readVerdict(text: string): Verdict {
  return /VERDICT\W{0,6}(PASS|REVISE)\b/i.exec(text)?.[1]?.toUpperCase() === 'PASS' ? 'pass' : 'revise';
}
