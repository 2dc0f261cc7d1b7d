// Small models fall into saying one thing again and again, and would do so up to their token limit.
import type { Token } from './language-model';

/** So many tokens at the end, and at least so often the same: a table of zeros is shorter, a stuck model is not. */
const WINDOW = 160;
const LONGEST_PERIOD = 32;

/** Whether the last {@link WINDOW} tokens are one passage of at most {@link LONGEST_PERIOD} tokens, over and over. */
export function isStuck(tokens: readonly Token[]): boolean {
  if (tokens.length < WINDOW + LONGEST_PERIOD) return false;
  const periods = Array.from({ length: LONGEST_PERIOD }, (_, i) => i + 1);
  return periods.some((period) => hasPeriod(tokens, period));
}

function hasPeriod(tokens: readonly Token[], period: number): boolean {
  for (let i = tokens.length - WINDOW; i < tokens.length; i++) if (tokens[i] !== tokens[i - period]) return false;
  return true;
}
