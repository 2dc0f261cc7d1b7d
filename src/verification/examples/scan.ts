/** Scans the lines of a request once for examples in the notation of one language. The cost is bounded for any text. */
import { introducesReport } from './demand';
import type { Example, Found } from './example';

/** The maximum number of examples that a program is checked with. */
export const MOST_EXAMPLES = 40;
/** Only this much of a request is scanned. UTF-16 units. */
const LONGEST_TEXT = 20_000;
/** Longer lines are skipped. UTF-16 units. */
const LONGEST_LINE = 2000;
/** Replaces skipped text. It is neither a value nor a call in any language, so that no example is read from the text around it. */
const LEFT_OUT = '[...]';

/** A notation of examples; undefined if the lines do not match it. */
export type Form = (lines: readonly string[], at: number) => Found | undefined;

/** The beginning of a request; longer lines and the line at which it was cut off are replaced. */
export function withinBounds(request: string): string {
  const lines = request.slice(0, LONGEST_TEXT).split('\n');
  if (request.length > LONGEST_TEXT) lines[lines.length - 1] = LEFT_OUT;
  return lines.map((line) => (line.length > LONGEST_LINE ? LEFT_OUT : line)).join('\n');
}

/** Returns all examples except those that report wrong behaviour, up to the next line of prose. Assertions always count. */
export function scan(lines: readonly string[], forms: readonly Form[]): Example[] {
  const examples: Example[] = [];
  let isReport = false;
  for (let at = 0; at < lines.length;) {
    const found = lines[at] === '' ? undefined : read(lines, at, forms);
    if (found?.examples.length === 0) isReport = introducesReport(lines[at]!);
    examples.push(...(found?.examples ?? []).filter(({ expected }) => !isReport || expected === undefined));
    at = found?.next ?? at + 1;
  }
  return examples;
}

/** Reads the line with the first matching form. */
function read(lines: readonly string[], at: number, forms: readonly Form[]): Found {
  for (const form of forms) {
    const found = form(lines, at);
    if (found) return found;
  }
  return { examples: [], next: at + 1 };
}
