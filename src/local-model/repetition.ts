// Detects repetition: small models get stuck repeating one passage, and would continue up to their token limit.
import type { Token } from './language-model';

/** This many tokens at the end must repeat, at a period up to SHORT_PERIOD: a table of zeros is shorter, a stuck model's output is not. */
const WINDOW = 160;
const SHORT_PERIOD = 32;
/** A longer passage must repeat this often and have enough different tokens: rows of zeros may be long and numerous. */
const TIMES = 5;
const LONGEST_PERIOD = 320;
const DIFFERENT_TOKENS = 12;

/**
 * Returns whether the end is one passage repeated verbatim. Lines that differ even in a single number do not count: tables and wanted tests
 * have such lines.
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
