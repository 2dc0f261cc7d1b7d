import { PLAN_HEADINGS } from '../../src/answers/plan';

/** Returns a plan with all of its parts, each long enough. */
export function planText(about: string): string {
  const part = (title: string) => `${title}\n${`${about} is to be built as follows. `.repeat(6)}\n`;
  return Object.values(PLAN_HEADINGS).map(part).join('\n');
}
