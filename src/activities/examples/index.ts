/** Finds the examples that a request gives: what its author demands of the program, in a form that can be executed. Pure. */
import type { Check } from '../../contract/checks';
import { calls } from './calls';
import { introducesReport } from './demand';
import { assertion, doctest, PREPARATION } from './doctest';
import type { Example, Found } from './example';
import { loosenessOf } from './looseness';
import { madeBy, namesIn, variablesOf } from './names';
import { subjectOf, type Subject } from './subject';
import { inputAndOutput, sentence } from './values';

const MOST = 40;

/** A way to write examples down; undefined where the lines are not written so. */
type Form = (lines: readonly string[], at: number, subject: Subject | undefined) => Found | undefined;

/** The first that fits a line reads it. */
const FORMS: readonly Form[] = [doctest, assertion, inputAndOutput, sentence, calls];

/** Doctest examples, `assert` lines, and calls or inputs with the value that they should give. Of Python only. */
export function examplesOf(request: string): Check[] {
  const isLoose = loosenessOf(request);
  const found = withoutDefinitions(all(request)).filter(({ expected = '' }) => !isLoose(expected));
  const asked = executable(asTuples(found), request);
  // what is prepared may be prepared anew, so that the same line means something else
  const isSession = asked.some(({ code }) => PREPARATION.test(code));
  return (isSession ? asked : [...new Map(asked.map((check) => [check.name, check])).values()]).slice(0, MOST);
}

/** All but those that report what goes wrong, until the next words. What is asserted is demanded even so. */
function all(request: string): Example[] {
  const subject = subjectOf(request);
  const lines = request.split('\n').map((line) => line.trim().replace(/^```\w*$/, ''));
  const found: Example[] = [];
  let isReport = false;
  for (let at = 0; at < lines.length;) {
    const { examples, next } = read(lines, at, subject);
    if (examples.length === 0 && lines[at] !== '') isReport = introducesReport(lines[at]!);
    found.push(...examples.filter(({ expected }) => !isReport || expected === undefined));
    at = next;
  }
  return found;
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
  const isTuple = (value = '') => value.startsWith('(') && value.endsWith(')') && value.includes(',');
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

/**
 * A request that writes functions down means those; the examples of others explain something. And a variable has a value only after
 * the line that gives it one.
 */
function executable(examples: readonly Check[], request: string): Check[] {
  const defined = [...request.matchAll(/^[ \t]*(?:def|class)\s+(\w+)/gm)].map(([, name = '']) => name);
  const known = new Set(defined);
  const meant = new Set(defined);
  return examples.filter(({ code }) => {
    const isPreparation = PREPARATION.test(code);
    const isMeant = defined.length === 0 || isPreparation || namesIn(code).some((name) => meant.has(name));
    if (!isMeant || !variablesOf(code).every((name) => known.has(name))) return false;
    for (const name of isPreparation ? madeBy(code) : []) {
      known.add(name);
      meant.add(name);
    }
    return true;
  });
}
