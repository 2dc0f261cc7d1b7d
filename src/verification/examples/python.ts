/** Extracts the examples of a request for Python: doctests, `assert` lines, and calls or inputs with their expected value. Pure. */
import type { Check } from '../../contract/checks';
import { findAmbiguousExpectations } from './ambiguous-expectations';
import { calls } from './calls';
import { assertion, doctest } from './doctest';
import type { Example } from './example';
import { MOST_EXAMPLES, scan, withinBounds } from './scan';
import { readSnippet } from './snippet';
import { findSubject } from './subject';
import { inputAndOutput, sentence } from './values';

/** For each line, the first matching form is used. */
const FORMS = [doctest, assertion, inputAndOutput, sentence, calls] as const;

export function extractPythonExamples(whole: string): Check[] {
  const request = withinBounds(whole);
  const subject = findSubject(request);
  const lines = request.split('\n').map((line) => line.trim().replace(/^```\w*$/, ''));
  const all = scan(
    lines,
    FORMS.map((form) => (text, at) => form(text, at, subject)),
  );
  const isLoose = findAmbiguousExpectations(request);
  const found = withoutDefinitions(all).filter(({ expected = '' }) => !isLoose(expected));
  const asked = executable(asTuples(found), request);
  // a preparation may be repeated, after which the same line means something else: duplicates are kept then
  const isSession = asked.some(({ code }) => readSnippet(code).isPreparation);
  return (isSession ? asked : [...new Map(asked.map((check) => [check.name, check])).values()]).slice(0, MOST_EXAMPLES);
}

/**
 * `f(1) = 3` may be an example, or define the sequence of which the program returns a list. The last equation is an example; equations with
 * another kind of value are dropped.
 */
function withoutDefinitions(examples: readonly Example[]): Check[] {
  const last = examples.findLast(({ equation }) => equation);
  return examples
    .filter(({ equation, expected }) => !equation || readKind(expected) === readKind(last?.expected))
    .map(({ equation: _equation, ...check }) => check);
}

/** Among tuples, `("a")` means a one-element tuple, although Python reads it as a string. */
function asTuples(examples: readonly Check[]): Check[] {
  const isTuple = (value = '') => value.startsWith('(') && value.endsWith(')') && value.includes(',');
  if (!examples.some(({ expected }) => isTuple(expected))) return [...examples];
  return examples.map((example) => {
    const [, only] = /^\((.+)\)$/s.exec(example.expected ?? '') ?? [];
    return only && !isTuple(example.expected) ? { ...example, expected: `(${only},)` } : example;
  });
}

/** The first character of a value, which distinguishes lists, strings and numbers. */
function readKind(value = ''): string {
  return /^['"[({]/.exec(value)?.[0].replace("'", '"') ?? '';
}

/**
 * If a request defines functions, only examples that use them count; others explain something else. An example also needs all of its
 * variables defined by earlier lines.
 */
function executable(examples: readonly Check[], request: string): Check[] {
  const defined = [...request.matchAll(/^[ \t]*(?:def|class)\s+(\w+)/gm)].map(([, name = '']) => name);
  const known = new Set(defined);
  const meant = new Set(defined);
  return examples.filter(({ code }) => {
    const { isPreparation, names, needs, makes } = readSnippet(code);
    const isMeant = defined.length === 0 || isPreparation || [...names].some((name) => meant.has(name));
    if (!isMeant || !needs.every((name) => known.has(name))) return false;
    for (const name of isPreparation ? makes : []) {
      known.add(name);
      meant.add(name);
    }
    return true;
  });
}
