/** What all forms of examples share: the example itself and the value that one expects. */
import type { Check } from '../../contract/checks';
import { leadingLiteral } from '../../sandbox/python-literal';

export interface Example extends Check {
  /** Written as an equation, `f(1) = 2`, as mathematics is too. */
  equation?: boolean;
}

/** What was read from some of the lines, and the line after them. */
export interface Found {
  examples: Example[];
  next: number;
}

export function toExample(call: string, expected: string, more: Omit<Example, keyof Check> = {}): Example {
  return { name: `${call} gives ${expected}`, code: call, expected, ...more };
}

/** Other languages' words for values. */
const WORDS: Record<string, string> = { true: 'True', false: 'False', null: 'None' };
/** What may come after a value without being part of it: the end, a comment, the next sentence or half of one. */
const TAIL =
  /^\s*(?:$|`|\*\*(?!\s?[\w(])|#|\/\/|;|\)|\.(?![\d.])|,(?=\s*(?:[A-Za-z`]|$))(?!\s*or\b)|\((?=[A-Za-z])|and\b(?!\s+[`'"\d[({-])|(?:but|because|since|instead of|rather than)\b)/;
/** A calculation before its result, or several: `19 - 5 - 6 = 8`. */
const CALCULATION = /^(?:[\s\d.+*/%()-]*=(?!=))+/;

/** Reads the value that a text begins with, as a language writes it; undefined when it begins with something else. */
export type ReadValue = (text: string) => { value: string; rest: string } | undefined;

/** The value at the beginning of the text, and what comes after; undefined when it begins with words. */
export function leadingValue(text: string, read: ReadValue = ofPython): ReturnType<ReadValue> {
  const found = read(text);
  return found && TAIL.test(found.rest) ? found : undefined;
}

/** Python's, also in the words of other languages. */
function ofPython(text: string): ReturnType<ReadValue> {
  const word = /^(?:true|false|null)\b/.exec(text)?.[0];
  if (word) return { value: WORDS[word]!, rest: text.slice(word.length) };
  const found = withoutFullStop(text);
  const calculation = found && CALCULATION.exec(found.rest)?.[0];
  return calculation ? withoutFullStop(found.rest.slice(calculation.length)) : found;
}

/** The full stop of a sentence is no part of the number before it. */
function withoutFullStop(text: string): ReturnType<ReadValue> {
  const { literal = '', rest = '' } = leadingLiteral(text) ?? {};
  const value = literal.replace(/^([+-]?\d+)\.$/, '$1');
  return literal ? { value, rest: (value === literal ? '' : '.') + rest } : undefined;
}
