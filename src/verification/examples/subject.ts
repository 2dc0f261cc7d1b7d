/** The function that a request asks for: examples may list its arguments without a call. */

export interface Subject {
  name: string;
  parameters: string[];
  /** Parameters without a default. */
  required: string[];
  /** Whether it accepts any number of arguments. */
  open: boolean;
}

const PARAMETERS = String.raw`\(((?:[^()]|\([^()]*\))*)\)`;
const DEFINED = new RegExp(String.raw`^[ \t]*(?:async\s+)?def\s+(\w+)\s*${PARAMETERS}`, 'gm');
const NAMED = new RegExp('\\bfunction\\s+(?:(?:named|called)\\s+)?`?([A-Za-z_]\\w*)\\s*' + PARAMETERS, 'g');

/**
 * The last function that the request defines, since helpers come first, or the only one that it names. Undefined for methods, for linked
 * nodes that are written as lists, and for changes in place, which such examples cannot express.
 */
export function findSubject(request: string): Subject | undefined {
  const defined = [...request.matchAll(DEFINED)];
  const named = [...request.matchAll(NAMED)];
  const isOne = new Set(named.map(([, name]) => name)).size === 1;
  const [, name, parameters = ''] = defined.pop() ?? (isOne ? named[0]! : []);
  if (!name || /^\s*self\b|Node\b/.test(parameters) || /\bin[- ]?place\b(?! of)/i.test(request)) return undefined;
  return { name, ...signature(parameters) };
}

/** Only this much of a program is searched for functions. UTF-16 units. */
const LONGEST_PROGRAM = 100_000;

/** The functions that a program defines, without methods and nested functions. */
export function listFunctions(program: string): Subject[] {
  const atTheMargin = [...program.slice(0, LONGEST_PROGRAM).matchAll(DEFINED)].filter(([definition]) =>
    /^\S/.test(definition),
  );
  return atTheMargin.map(([, name = '', parameters = '']) => ({ name, ...signature(parameters) }));
}

function signature(text: string): Omit<Subject, 'name'> {
  const all = splitOutsideBrackets(text).filter((parameter) => /\w/.test(parameter));
  const single = all.filter((parameter) => !/^\s*\*/.test(parameter));
  const readName = (parameter: string) => /\w+/.exec(parameter)![0];
  return {
    parameters: single.map(readName),
    required: single.filter((parameter) => !parameter.includes('=')).map(readName),
    open: single.length < all.length,
  };
}

function splitOutsideBrackets(text: string): string[] {
  let depth = 0;
  const parts = text.replace(/[[({\])},]/g, (sign) => {
    if (sign === ',') return depth > 0 ? ' ' : '\n,';
    depth += '[({'.includes(sign) ? 1 : -1;
    return sign;
  });
  return parts.split('\n,');
}

/** Whether it can be called with such arguments; `names` holds their names, empty for positional ones. */
export function takes({ parameters, required, open }: Subject, names: readonly string[]): boolean {
  const unnamed = names.filter((name) => !name).length;
  const given = new Set([...parameters.slice(0, unnamed), ...names]);
  return (open || names.length <= parameters.length) && required.every((name) => given.has(name));
}

/** A call with these arguments: by name if all names are parameters, otherwise by position. */
export function writeCall(subject: Subject, given: readonly [name: string, value: string][]): string | undefined {
  const parameters = new Set(subject.parameters);
  const byName = given.every(([argument]) => parameters.has(argument));
  const names = given.map(([argument]) => (byName ? argument : ''));
  if (!takes(subject, names)) return undefined;
  return `${subject.name}(${given.map(([argument, value]) => (byName ? `${argument}=${value}` : value)).join(', ')})`;
}
