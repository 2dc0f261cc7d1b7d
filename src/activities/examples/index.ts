/** Finds the examples that a request gives: what its author demands of the program, in a form that can be executed. Pure. */
import type { Check } from '../../contract/checks';
import { calls } from './calls';
import { assertion, doctest, PREPARATION } from './doctest';
import type { Example, Found } from './example';
import { subjectOf, type Subject } from './subject';
import { inputAndOutput, sentence } from './values';

const MOST = 40;

/** A way to write examples down; undefined where the lines are not written so. */
type Form = (lines: readonly string[], at: number, subject: Subject | undefined) => Found | undefined;

/** The first that fits a line reads it. */
const FORMS: readonly Form[] = [doctest, assertion, inputAndOutput, sentence, calls];

/** Doctest examples, `assert` lines, and calls or inputs with the value that they should give. Of Python only. */
export function examplesOf(request: string): Check[] {
  const subject = subjectOf(request);
  const lines = request.split('\n').map((line) => line.trim());
  const found: Example[] = [];
  for (let at = 0; at < lines.length;) {
    const { examples, next } = read(lines, at, subject);
    found.push(...examples);
    at = next;
  }
  const isAsked = about(request);
  const asked = asTuples(withoutDefinitions(found)).filter(({ code }) => isAsked(code));
  return [...new Map(asked.map((check) => [check.name, check])).values()].slice(0, MOST);
}

function read(lines: readonly string[], at: number, subject: Subject | undefined): Found {
  for (const form of FORMS) {
    const found = form(lines, at, subject);
    if (found) return found;
  }
  return { examples: [], next: at + 1 };
}

/**
 * `f(1) = 3` may be an example, or define the sequence of which the program gives a list: the last equation is an example, and those
 * with another kind of value are not.
 */
function withoutDefinitions(examples: readonly Example[]): Check[] {
  const last = examples.findLast(({ equation }) => equation);
  return examples
    .filter(({ equation, expected }) => !equation || kindOf(expected) === kindOf(last?.expected))
    .map(({ equation: _equation, ...check }) => check);
}

/** Among tuples `("a")` means a tuple of one, though Python reads it otherwise. */
function asTuples(examples: readonly Check[]): Check[] {
  const isTuple = (value = '') => /^\(.*,.*\)$/s.test(value);
  if (!examples.some(({ expected }) => isTuple(expected))) return [...examples];
  return examples.map((example) => {
    const [, only] = /^\((.+)\)$/s.exec(example.expected ?? '') ?? [];
    return only && !isTuple(example.expected) ? { ...example, expected: `(${only},)` } : example;
  });
}

/** What a value begins with tells lists, texts and numbers apart. */
function kindOf(value = ''): string {
  return /^['"[({]/.exec(value)?.[0].replace("'", '"') ?? '';
}

/** A request that writes functions down means those; the examples of others explain something. */
function about(request: string): (code: string) => boolean {
  const defined = [...request.matchAll(/^\s*(?:def|class)\s+(\w+)/gm)].map(([, name = '']) => name);
  if (defined.length === 0) return () => true;
  return (code) => PREPARATION.test(code) || defined.some((name) => new RegExp(`\\b${name}\\b`).test(code));
}
