/** Long texts that are awkward to parse: each repeats a few parts, on which a careless parser takes a long time. */
import type { Chance } from '../support/chance';

const SIZE = 120_000;

/** Repeats a part until the text has approximately that length. */
export function fill(part: string, size = SIZE): string {
  return part.repeat(Math.max(1, Math.ceil(size / part.length))).slice(0, size);
}

const nest = (open: string, close: string, depth: number, middle = '') =>
  open.repeat(depth) + middle + close.repeat(depth);
const lines = (count: number, line: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => line(i)).join('\n');

export interface Shape {
  name: string;
  text(chance: Chance): string;
}

export const SHAPES: readonly Shape[] = [
  { name: 'spaces', text: () => `f(${fill(' ')}x` },
  { name: 'tabs and spaces before a mark', text: () => `# ${fill(' \t')}x` },
  {
    name: 'heading with spaces',
    text: () => `## Implementation steps${fill(' ', 60_000)}\u00a0.\n**${fill(' ', 50_000)}x`,
  },
  { name: 'open brackets', text: (chance) => `f(${fill(chance.pick(['(', '[', '{', '([{']))}` },
  { name: 'balanced brackets', text: (chance) => `f(${nest('[', ']', 10_000 + chance.below(45_000))}) == 1` },
  { name: 'quotes', text: (chance) => `f(${fill(chance.pick(["'", '"', '`', '\'"', '\\"']))}` },
  { name: 'backslashes', text: () => `f("${fill('\\')}") == 1` },
  { name: 'backticks', text: () => fill('```\n`') },
  { name: 'Input lines', text: () => fill('Input: nums = [1, 2\nOutput: [') },
  { name: 'Input on one line', text: () => fill('Input: x = "a" Output: ') },
  { name: 'arrows', text: () => fill('f(1) -> f(1) => ') },
  { name: 'equations', text: (chance) => lines(8000, (i) => `f(${i}) = ${chance.below(9)}`) },
  { name: 'def heads', text: () => fill('def f(x, ') },
  { name: 'def lines', text: () => lines(7000, (i) => `def f${i}(x): pass`) },
  { name: 'function heads', text: () => fill('function f(a, b = (') },
  { name: 'doctest prompts', text: () => fill('>>> f(1)\n... ') },
  { name: 'doctest with a long value', text: () => `>>> f(1)\n[${fill('1, ')}` },
  { name: 'asserts that never close', text: () => fill('assert f([1, ') },
  { name: 'asserts', text: (chance) => lines(4000, (i) => `assert f(${i}) == ${chance.below(100)}`) },
  { name: 'sentences with should return', text: () => fill('f(1) should return if it is not ') },
  { name: 'sentences without an end', text: () => fill('for example, the result of ') },
  { name: 'e.g. and i.e.', text: () => fill('e.g., i.e. f(1), ') },
  { name: 'fences', text: () => fill('```python\n') },
  { name: 'template marks', text: () => fill('{{task}} {{ {{previous}} \\{{') },
  { name: 'open templates', text: () => fill('{{') },
  { name: 'markdown stars', text: () => fill('**a ') },
  { name: 'numbered headings', text: () => fill('1) **') },
  { name: 'lone surrogates', text: (chance) => fill(chance.pick(['\ud83d', '\udc26', '\udc26\ud83d'])) },
  { name: 'NUL and controls', text: () => fill('\u0000\u0001\u0007\u001b[31m\u007f\u0085') },
  { name: 'bidi marks', text: () => fill('\u202e\u2066f(1) == 2\u2069 ') },
  { name: 'line separators', text: () => fill('\u2028\u2029\r\r\n\u000b') },
  { name: 'combining marks', text: () => `e${fill('\u0301')}` },
  { name: '100,000 lines', text: () => lines(100_000, () => '') + 'x' },
  { name: 'lines of one letter', text: () => lines(60_000, () => 'a') },
  { name: 'one long word', text: () => fill('a') },
  { name: 'digits', text: () => `f(${fill('9')}) == ${fill('9', 1000)}` },
  { name: 'decimals', text: () => `f(1) == ${fill('1.')}` },
  { name: 'nested JSON', text: () => nest('{"a":[', ']}', 12_000, '1') },
  { name: 'prototype keys', text: () => fill('{"__proto__": {"constructor": {"prototype": 1}}} ') },
  { name: 'angle brackets', text: () => fill('<think><tool_call>') },
  { name: 'verdict lines', text: () => fill('VERDICT: PASS or VERDICT: REVISE ') },
  { name: 'position lines', text: () => fill('POSITION: for, against or depends, CONFIDENCE: ') },
  { name: 'regular expressions', text: () => fill('(a+)+$|(.*)*x ') },
  { name: 'comments', text: () => fill('// f(1) returns ') },
  { name: 'expect calls', text: () => fill('expect(f(1)).toBe(') },
  {
    name: 'a mixture',
    text: (chance) =>
      Array.from({ length: 12 }, () => chance.pick(SHAPES.slice(0, -1)).text(chance).slice(0, 10_000)).join('\n'),
  },
];
