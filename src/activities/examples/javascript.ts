/**
 * Finds the examples of a request that asks for JavaScript or TypeScript: calls of what the program defines, with the value that they
 * should give. What could be meant otherwise is left out, because a check that is misread refuses a program that is right.
 */
import type { Check } from '../../contract/checks';
import { languageOf } from '../../contract/languages';
import { equalValues, leadingJavaScript, leadingJavaScriptArguments } from '../../sandbox/javascript-literal';
import { callsWith, wholeLine } from './calls';
import { definedIn } from './definitions';
import { introducesReport, isDoubtful, rightValue } from './demand';
import { leadingValue, toExample, type ReadValue } from './example';
import { loosenessOf } from './looseness';

const MOST = 40;
const VERBS = String.raw`(?:return|equal|give|yield|produce|evaluate|resolve)s?(?: (?:to|with))?|be|is`;
const DEMANDS = '(?:should|must|to) ';
const DEMAND = /\b(?:should|must|expected)\b/i;
const ARROW = '={1,2}>|-+>|➞|→|➝';
/** What a comment says before the value. */
const SAID = String.raw`(?:(?:${ARROW}|(?:${DEMANDS})?(?:${VERBS}|print|log|output)\b:?|(?:expected|output|result|prints|logs|outputs)\b(?: (?:output|result|value))?:?)\s*)?`;
const COMMENT = String.raw`;?\s*\/\/\s*(${SAID})`;
const MARKS = String.raw`[${'`'}*]{0,3}`;
const SAYS = new RegExp(String.raw`^${MARKS}\s*(${ARROW}|={2,3}|(?:${DEMANDS})?(?:${VERBS})\b:?)\s*${MARKS}`);
const REMARKS = new RegExp(`^${COMMENT}`, 'i');
/** After `console.log(f(1)`. */
const PRINTS = new RegExp(String.raw`^\)${COMMENT}`, 'i');
/** How tests write it: what comes before a call, and what between it and the value. */
const ASSERTS: readonly [before: RegExp, after: RegExp][] = [
  [/(?<![\w.])expect\((?:await )?$/, /^\)(?:\.resolves)?\.(?:toBe|toEqual|toStrictEqual)\(\s*/],
  [/(?<![\w.])assert\.(?:deep)?(?:strict)?equal\((?:await )?$/i, /^\s*,\s*/],
];

/** Before a call of which its line is not about the result alone: what is done with it comes in between. */
const IS_PART =
  /(?:[!~+-]\(*|[?&|^%<]\s*|\.{3}|[\w)\]'"]\s*[-+*/>]\s*|=>?\s*|(?<=\w)(?<!\bassert|\bassert\.ok)\(\s*|\b(?:typeof|void|new|delete|in|instanceof|throw|case|why|does|did|do|yield)\s+\(*)$/i;
/** Earlier in the clause: what is said is supposed or denied. */
const SUPPOSED =
  /\b(?:avoid|never|not|cannot|\w+n['’]t|prevents?|unlike|without|suppose|assum(?:e|ing)|imagine|pretend|if|whether|unless|when|until|while)\b[^.,;:]*$/i;
/** After the value: what is said does not hold, or is judged. */
const DENIED = /^[\s);]*(?:\/\/|={2,3}|,).{0,12}\bfalse\b|^,?\s*which\b/;
/** Before a call with a comment behind it: nothing, a mark of a list, a heading, or the variable that holds the result. */
const LEADS =
  /^(?:(?:[-*+•>]|\/\/|\/\*\*?|\d+[.)]|@example)\s+)*(?:[^?=()]*(?::|\be\.g\.,?|\bexample,?)\s*)?`{0,3}(?:(?:const|let|var)\s+\w+\s*=\s*)?(?:console\.log\(|await\s+)?$/i;
const LONGEST_LEAD = 200;
/** A remark that counts: `// 1. the simple case`. */
const NUMBERED = /^\d+[.):]\s*[A-Za-z]/;
/** Where something is to be repaired, what is said to be may be what is wrong. */
const REPAIRS =
  /\b(?:bugs?|buggy|fix(?:e[sd])?|debug|broken|wrong(?:ly)?|incorrect(?:ly)?|mistakes?|(?:does|do|is|are)(?: not|n['’]t) work(?:ing)?|not working|fails?|failing|currently|actual(?:ly)?|at the moment|at present|unexpected(?:ly)?|my (?:code|function|program|implementation|version)|(?:I|we) (?:get|got|see)|instead)\b/i;
const OTHER_LANGUAGE =
  /\b(?:Python|Ruby|Java|PHP|Perl|Rust|Golang|Haskell|Kotlin|Swift|Lua|Elixir|Scala|in (?:Go|C|R))\b(?![+#])|\b(?:C\+\+|C#)/i;
/** A definition in Python: the examples are that program's, in its own notation. */
const PYTHON = /^[ \t]*(?:def|class)\s+\w+.*:[ \t]*$/m;

/** A value is understood where it is written as JavaScript itself would show it: 2.00 may stand for a text, and `2` for 2. */
const read: ReadValue = (text) => {
  const { literal = '`', rest = '' } = leadingJavaScript(text) ?? {};
  const isNumber = /^[+-]?[\d.]/.test(literal);
  const isPlain = literal[0] !== '`' && !(isNumber && String(Number(literal)) !== literal);
  return isPlain && !/^(?:[[(]|\.[A-Za-z_])/.test(rest) ? { value: literal, rest } : undefined;
};

/** Of functions that this source defines, as checks in its own language. */
export function javaScriptExamplesOf(request: string, source: string): Check[] {
  const names = definedIn(source);
  if (names.size === 0 || PYTHON.test(request)) return [];
  const isLoose = loosenessOf(request);
  return steady(all(request, names).filter(({ expected }) => !isLoose(expected))).slice(0, MOST);
}

/** A call that is said to have several results changes something: what the program itself has called before counts too. */
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

/** All but those that report what goes wrong, until the next words. */
function all(request: string, names: ReadonlySet<string>): Example[] {
  const isRepair = REPAIRS.test(request);
  const lines = linesOf(request);
  const found: Example[] = [];
  let isReport = false;
  for (let at = 0; at < lines.length;) {
    const { line, next } = wholeLine(lines, at);
    const examples = OTHER_LANGUAGE.test(line) ? [] : inLine(line, names, isRepair);
    if (examples.length === 0 && line !== '') isReport = introducesReport(line);
    if (!isReport) found.push(...examples);
    at = next;
  }
  return found;
}

/** Without what is written in other languages; a result that stands in a line of its own is put behind its call. */
function linesOf(request: string): string[] {
  let isOther = false;
  const lines = request.split('\n').map((untrimmed) => {
    const line = untrimmed.trim();
    const [fence, tag] = /^```\s*(\w*)[^`]*$/.exec(line) ?? [];
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
  return !['', 'text', 'txt', 'console', 'jsx', 'tsx'].includes(tag) && languageOf(tag)?.interpreter !== 'javascript';
}

/** A call, and what stands around it. */
interface Place {
  call: string;
  before: string;
  behind: string;
  /** What is said of it need not be so. */
  doubtful: boolean;
}

type Example = Check & { expected: string };

/** Without arguments, what comes out is often a matter of what was called before. */
function inLine(line: string, names: ReadonlySet<string>, isRepair: boolean): Example[] {
  const calls = callsWith(line, leadingJavaScriptArguments);
  return calls
    .filter(({ name, call }) => names.has(name) && !/\(\s*\)$/.test(call))
    .flatMap(({ call, index }) => {
      const before = line.slice(Math.max(0, index - LONGEST_LEAD), index);
      const behind = line.slice(index + call.length);
      const place = { call, before, behind, doubtful: isRepair || isDoubtful(line, index) };
      return asserted(place) ?? remarked(place) ?? said(place) ?? [];
    });
}

function asserted({ call, before, behind }: Place): Example | undefined {
  const form = ASSERTS.find(([opening, closing]) => opening.test(before) && closing.test(behind));
  return example(call, form && leadingValue(behind.replace(form[1], ''), read)?.value);
}

/** What is printed shows no quotes: where there are some, the comment speaks of the result. */
function remarked({ call, before, behind, doubtful }: Place): Example | undefined {
  const isPrinted = before.endsWith('console.log(');
  const [remark, sign] = (isPrinted ? PRINTS : REMARKS).exec(behind) ?? [];
  if (remark === undefined || before.length === LONGEST_LEAD || !LEADS.test(before)) return undefined;
  const text = behind.slice(remark.length);
  const value = NUMBERED.test(text) ? undefined : rightValue(text, doubtful && !isDemand(sign), read);
  return example(isPrinted && !isQuoted(value) ? `console.log(${call})` : call, value);
}

function said({ call, before, behind, doubtful }: Place): Example | undefined {
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
