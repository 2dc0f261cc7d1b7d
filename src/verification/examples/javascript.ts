/**
 * Extracts the examples of a request for JavaScript or TypeScript: calls of functions that the program defines, with their expected value.
 * Ambiguous examples are dropped, because a misread check would reject a correct program.
 */
import type { Check } from '../../contract/checks';
import { findLanguage } from '../../contract/languages';
import { equalValues, leadingJavaScript, leadingJavaScriptArguments } from '../../sandbox/host/javascript-literal';
import { callsWith, wholeLine } from './calls';
import { listCallableNames } from './definitions';
import { isDoubtful, rightValue } from './demand';
import { leadingValue, toExample, type ReadValue } from './example';
import { findAmbiguousExpectations } from './ambiguous-expectations';
import { MOST_EXAMPLES, scan, withinBounds, type Form } from './scan';

const VERBS = String.raw`(?:return|equal|give|yield|produce|evaluate|resolve)s?(?: (?:to|with))?|be|is`;
const DEMANDS = '(?:should|must|to) ';
const DEMAND = /\b(?:should|must|expected)\b/i;
const ARROW = '={1,2}>|-+>|➞|→|➝';
/** The words of a comment before the value. */
const STATED = String.raw`(?:(?:${ARROW}|(?:${DEMANDS})?(?:${VERBS}|print|log|output)\b:?|(?:expected|output|result|prints|logs|outputs)\b(?: (?:output|result|value))?:?)\s*)?`;
const COMMENT = String.raw`;?\s*\/\/\s*(${STATED})`;
const MARKS = String.raw`[${'`'}*]{0,3}`;
const SAYS = new RegExp(String.raw`^${MARKS}\s*(${ARROW}|={2,3}|(?:${DEMANDS})?(?:${VERBS})\b:?)\s*${MARKS}`);
const REMARKS = new RegExp(`^${COMMENT}`, 'i');
/** After `console.log(f(1)`. */
const PRINTS = new RegExp(String.raw`^\)${COMMENT}`, 'i');
/** Assertions of tests: the text before a call, and the text between the call and the value. */
const ASSERTS: readonly [before: RegExp, after: RegExp][] = [
  [/(?<![\w.])expect\((?:await )?$/, /^\)(?:\.resolves)?\.(?:toBe|toEqual|toStrictEqual)\(\s*/],
  [/(?<![\w.])assert\.(?:deep)?(?:strict)?equal\((?:await )?$/i, /^\s*,\s*/],
];

/** Text before a call whose result is processed further, so that the line does not state the result of the call alone. */
const IS_PART =
  /(?:[!~+-]\(*|[?&|^%<]\s*|\.{3}|[\w)\]'"]\s*[-+*/>]\s*|=>?\s*|(?<=\w)(?<!\bassert|\bassert\.ok)\(\s*|\b(?:typeof|void|new|delete|in|instanceof|throw|case|why|does|did|do|yield)\s+\(*)$/i;
/** Text earlier in the clause that makes the statement a supposition or a negation. */
const SUPPOSED =
  /\b(?:avoid|never|not|cannot|\w+n['’]t|prevents?|unlike|without|suppose|assum(?:e|ing)|imagine|pretend|if|whether|unless|when|until|while)\b[^.,;:]*$/i;
/** Text after the value that negates or judges the statement. */
const DENIED = /^[\s);]*(?:\/\/|={2,3}|,).{0,12}\bfalse\b|^,?\s*which\b/;
/** Text directly before a call: how its result is shown, or the variable that it is assigned to. */
const SHOWS = /(?:console\.log\(|await\s+)$/i;
const HOLDS = /(?:const|let|var)\s+\w+\s*=\s*$/i;
/** Text before those: list markers, then nothing or a heading. */
const LIST_MARKS = /^(?:(?:[-*+•>]|\/\/|\/\*\*?|\d+[.)]|@example)\s+)*/i;
const HEADING_END = /(?::|\be\.g\.,?|\bexample,?)$/i;
const LONGEST_LEAD = 200;
/** A numbered comment: `// 1. the simple case`. */
const NUMBERED = /^\d+[.):]\s*[A-Za-z]/;
/** In a request for a repair, a stated result may be the wrong one. */
const REPAIRS =
  /\b(?:bugs?|buggy|fix(?:e[sd])?|debug|broken|wrong(?:ly)?|incorrect(?:ly)?|mistakes?|(?:does|do|is|are)(?: not|n['’]t) work(?:ing)?|not working|fails?|failing|currently|actual(?:ly)?|at the moment|at present|unexpected(?:ly)?|my (?:code|function|program|implementation|version)|(?:I|we) (?:get|got|see)|instead)\b/i;
const OTHER_LANGUAGE =
  /\b(?:Python|Ruby|Java|PHP|Perl|Rust|Golang|Haskell|Kotlin|Swift|Lua|Elixir|Scala|in (?:Go|C|R))\b(?![+#])|\b(?:C\+\+|C#)/i;
/** A Python definition: the examples are for that program, in Python notation. */
const PYTHON = /^[ \t]*(?:def|class)\s+\w.*:[ \t]*$/m;

/** A value is accepted only as JavaScript itself would print it: 2.00 may be a string, and `2` in backticks may be the number 2. */
const read: ReadValue = (text) => {
  const { literal = '`', rest = '' } = leadingJavaScript(text) ?? {};
  const isNumber = /^[+-]?[\d.]/.test(literal);
  const isPlain = literal[0] !== '`' && !(isNumber && String(Number(literal)) !== literal);
  return isPlain && !/^(?:[[(]|\.[A-Za-z_])/.test(rest) ? { value: literal, rest } : undefined;
};

/** Returns the examples for functions that this source defines, as checks in its language. */
export function extractJavaScriptExamples(whole: string, source: string): Check[] {
  const request = withinBounds(whole);
  const names = listCallableNames(source);
  if (names.size === 0 || PYTHON.test(request)) return [];
  const isRepair = REPAIRS.test(request);
  const inLines: Form = (lines, at) => {
    const { line, next } = wholeLine(lines, at);
    return { examples: OTHER_LANGUAGE.test(line) ? [] : inLine(line, names, isRepair), next };
  };
  const isLoose = findAmbiguousExpectations(request);
  const all = scan(listLines(request), [inLines]) as Example[];
  return steady(all.filter(({ expected }) => !isLoose(expected))).slice(0, MOST_EXAMPLES);
}

/** Drops calls with several different results: they depend on state, which the program's own earlier calls may have changed as well. */
function steady(examples: readonly Example[]): Example[] {
  const first = new Map<string, Example>();
  const unsteady = new Set<string>();
  for (const example of examples) {
    const { expected } = first.get(example.code) ?? example;
    if (!equalValues(expected, example.expected)) unsteady.add(example.code);
    else if (!first.has(example.code)) first.set(example.code, example);
  }
  return [...first.values()].filter(({ code }) => !unsteady.has(code));
}

/** The lines of the request without other languages; a result on a separate line is appended to its call. */
function listLines(request: string): string[] {
  let isOther = false;
  const lines = request.split('\n').map((untrimmed) => {
    const line = untrimmed.trim();
    const [fence, tag] = (!line.includes('`', 3) && /^```\s*(\w*)/.exec(line)) || [];
    if (fence !== undefined) isOther = !isOther && isOtherLanguage(tag);
    return isOther || fence !== undefined ? '' : line;
  });
  return lines
    .join('\n')
    .replace(/(\);?)\n(?=\/\/\s*(?:=>|->|→|returns?\b|output\b))/gi, '$1 ')
    .replace(/^>(?:>>)? ([A-Za-z_]\w*\(.*\));?\n(?=[^>\s])/gm, '$1 === ')
    .split('\n');
}

function isOtherLanguage(tag = ''): boolean {
  return !['', 'text', 'txt', 'console', 'jsx', 'tsx'].includes(tag) && findLanguage(tag)?.interpreter !== 'javascript';
}

/** A call with the text around it. */
interface Place {
  call: string;
  before: string;
  behind: string;
  /** Whether the statement about the call may not be a demand. */
  doubtful: boolean;
}

type Example = Check & { expected: string };

/** Calls without arguments are ignored: their result often depends on earlier calls. */
function inLine(line: string, names: ReadonlySet<string>, isRepair: boolean): Example[] {
  const calls = callsWith(line, leadingJavaScriptArguments);
  return calls
    .filter(({ name, call }) => names.has(name) && !/\(\s*\)$/.test(call))
    .flatMap(({ call, index }) => {
      const before = line.slice(Math.max(0, index - LONGEST_LEAD), index);
      const behind = line.slice(index + call.length);
      const place = { call, before, behind, doubtful: isRepair || isDoubtful(line, index) };
      return asserted(place) ?? remarked(place) ?? readStated(place) ?? [];
    });
}

function asserted({ call, before, behind }: Place): Example | undefined {
  const form = ASSERTS.find(([opening, closing]) => opening.test(before) && closing.test(behind));
  return example(call, form && leadingValue(behind.replace(form[1], ''), read)?.value);
}

/** Printed output contains no quotes: if there are some, the comment states the result instead. */
function remarked({ call, before, behind, doubtful }: Place): Example | undefined {
  const isPrinted = before.endsWith('console.log(');
  const [remark, sign] = (isPrinted ? PRINTS : REMARKS).exec(behind) ?? [];
  if (remark === undefined || before.length === LONGEST_LEAD || !leads(before)) return undefined;
  const text = behind.slice(remark.length);
  const value = NUMBERED.test(text) ? undefined : rightValue(text, doubtful && !isDemand(sign), read);
  return example(isPrinted && !isQuoted(value) ? `console.log(${call})` : call, value);
}

/** Whether only a list marker, a heading or an assignment comes before a call. */
function leads(before: string): boolean {
  const heading = before
    .replace(SHOWS, '')
    .replace(HOLDS, '')
    .replace(/`{1,3}$/, '')
    .replace(LIST_MARKS, '');
  return heading === '' || (HEADING_END.test(heading.trimEnd()) && !/[?=()]/.test(heading));
}

function readStated({ call, before, behind, doubtful }: Place): Example | undefined {
  const [connector, sign] = SAYS.exec(behind) ?? [];
  if (connector === undefined || isInvolved(before)) return undefined;
  const text = behind.slice(connector.length);
  const found = leadingValue(text, read);
  if (!found || DENIED.test(found.rest)) return undefined;
  return example(call, isDemand(sign) ? found.value : rightValue(text, doubtful, read));
}

const isInvolved = (before: string) => SUPPOSED.test(before) || IS_PART.test(before.replace(/^[-+*>]\s+/, ''));
const isDemand = (sign = '') => DEMAND.test(sign);
const isQuoted = (value = '') => /^['"]/.test(value);

function example(code: string, expected: string | undefined): Example | undefined {
  return expected === undefined ? undefined : { ...toExample(code, expected), expected };
}
