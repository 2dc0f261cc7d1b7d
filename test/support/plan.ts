import { PLAN_HEADINGS } from '../../src/contract/plan';

/** A plan with all of its parts, none of them thin. */
export function planText(about: string): string {
  const part = (title: string) => `${title}\n${`${about} is to be built as follows. `.repeat(6)}\n`;
  return Object.values(PLAN_HEADINGS).map(part).join('\n');
}
