/** Shared by all notations of examples: the example and its expected value. */
import type { Check } from '../../contract/checks';
import { leadingLiteral } from '../../sandbox/host/python-literal';

export interface Example extends Check {
  /** Written as an equation, `f(1) = 2`, which may also be mathematics. */
  equation?: boolean;
}

/** The examples that were read from one or more lines, and the index of the line after them. */
export interface Found {
  examples: Example[];
  next: number;
}

export function toExample(call: string, expected: string, more: Omit<Example, keyof Check> = {}): Example {
  return { name: `${call} gives ${expected}`, code: call, expected, ...more };
}

/** Words for values in other languages. */
const WORDS: Record<string, string> = { true: 'True', false: 'False', null: 'None' };
/** What may follow a value without being part of it: the end, a comment, a new sentence or clause. */
const TAIL =
  /^\s*(?:$|`|\*\*(?!\s?[\w(])|#|\/\/|;|\)|\.(?![\d.])|,(?=\s*(?:[A-Za-z`]|$))(?!\s*or\b)|\((?=[A-Za-z])|and\b(?!\s+[`'"\d[({-])|(?:but|because|since|instead of|rather than)\b)/;
/** One or more calculations before a result: `19 - 5 - 6 = 8`. */
const CALCULATION = /^(?:[\s\d.+*/%()-]*=(?!=))+/;

/** Reads the value at the beginning of a text in the notation of a language; undefined if there is none. */
export type ReadValue = (text: string) => { value: string; rest: string } | undefined;

/** The value at the beginning of the text, and the rest; undefined if the text goes on with words. */
export function leadingValue(text: string, read: ReadValue = ofPython): ReturnType<ReadValue> {
  const found = read(text);
  return found && TAIL.test(found.rest) ? found : undefined;
}

/** Reads a Python value, also with other languages' words for `True`, `False` and `None`. */
function ofPython(text: string): ReturnType<ReadValue> {
  const word = /^(?:true|false|null)\b/.exec(text)?.[0];
  if (word) return { value: WORDS[word]!, rest: text.slice(word.length) };
  const found = withoutFullStop(text);
  const calculation = found && CALCULATION.exec(found.rest)?.[0];
  return calculation ? withoutFullStop(found.rest.slice(calculation.length)) : found;
}

/** The full stop of a sentence is not part of the number before it. */
function withoutFullStop(text: string): ReturnType<ReadValue> {
  const { literal = '', rest = '' } = leadingLiteral(text) ?? {};
  const value = literal.replace(/^([+-]?\d+)\.$/, '$1');
  return literal ? { value, rest: (value === literal ? '' : '.') + rest } : undefined;
}
