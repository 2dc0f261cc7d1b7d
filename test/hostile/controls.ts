/** Actions that must count as failures whatever the product does: they prove that the suite can fail. */
import type { Kind } from './action';
import { toKind } from './programs';

/** A correct program that passes, but is declared wrong to the suite: it must be reported as a forged verdict. */
const forged: Kind = toKind('Python', {
  name: 'looks the value up, and is said to be wrong',
  write: ({ value }) => `def f(x): return ${value}`,
});

export const CONTROLS: readonly Kind[] = [forged];
