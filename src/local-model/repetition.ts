// Small models fall into saying one thing again and again, and would do so up to their token limit.
import type { Token } from './language-model';

/** So many tokens at the end, and at least so often the same: a table of zeros is shorter, a stuck model is not. */
const WINDOW = 160;
const SHORT_PERIOD = 32;
/** A longer passage must come so often again, and say something: rows of zeros may be long, and many. */
const TIMES = 5;
const LONGEST_PERIOD = 320;
const DIFFERENT_TOKENS = 12;

/**
 * Whether the end is one passage over and over, word by word. Lines that differ in no more than a number are left alone: so do those
 * of a table, and of tests that somebody wants.
 */
export function isStuck(tokens: readonly Token[]): boolean {
  if (tokens.length < WINDOW + SHORT_PERIOD) return false;
  const longest = Math.min(LONGEST_PERIOD, Math.floor(tokens.length / (TIMES + 1)));
  for (let period = 1; period <= Math.max(SHORT_PERIOD, longest); period++) {
    const isShort = period <= SHORT_PERIOD;
    if (hasPeriod(tokens, period, isShort ? WINDOW : TIMES * period)) return isShort || saysSomething(tokens, period);
  }
  return false;
}

function hasPeriod(tokens: readonly Token[], period: number, length: number): boolean {
  for (let i = tokens.length - length; i < tokens.length; i++) if (tokens[i] !== tokens[i - period]) return false;
  return true;
}

function saysSomething(tokens: readonly Token[], period: number): boolean {
  return new Set(tokens.slice(-period)).size >= DIFFERENT_TOKENS;
}
