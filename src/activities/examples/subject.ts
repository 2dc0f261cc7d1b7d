/** The function that a request asks for: examples may give its arguments without a call. */

export interface Subject {
  name: string;
  parameters: string[];
  /** Those that have no default. */
  required: string[];
  /** Any number of arguments. */
  open: boolean;
}

const PARAMETERS = String.raw`\(((?:[^()]|\([^()]*\))*)\)`;
const DEFINED = new RegExp(String.raw`^[ \t]*(?:async\s+)?def\s+(\w+)\s*${PARAMETERS}`, 'gm');
const NAMED = new RegExp('\\bfunction\\s+(?:(?:named|called)\\s+)?`?([A-Za-z_]\\w*)\\s*' + PARAMETERS, 'g');

/**
 * The last that is written down, since helpers come before it, or the only one that is named. There is no example of this kind of a
 * method, of nodes that are written down as a list, and of a change in place.
 */
export function subjectOf(request: string): Subject | undefined {
  const defined = [...request.matchAll(DEFINED)];
  const named = [...request.matchAll(NAMED)];
  const isOne = new Set(named.map(([, name]) => name)).size === 1;
  const [, name, parameters = ''] = defined.pop() ?? (isOne ? named[0]! : []);
  if (!name || /^\s*self\b|Node\b/.test(parameters) || /\bin[- ]?place\b(?! of)/i.test(request)) return undefined;
  return { name, ...signature(parameters) };
}

/** Those that a program defines, methods and functions inside of others left out. */
export function functionsOf(program: string): Subject[] {
  const atTheMargin = [...program.matchAll(DEFINED)].filter(([definition]) => /^\S/.test(definition));
  return atTheMargin.map(([, name = '', parameters = '']) => ({ name, ...signature(parameters) }));
}

function signature(text: string): Omit<Subject, 'name'> {
  const all = splitOutsideBrackets(text).filter((parameter) => /\w/.test(parameter));
  const single = all.filter((parameter) => !/^\s*\*/.test(parameter));
  const nameOf = (parameter: string) => /\w+/.exec(parameter)![0];
  return {
    parameters: single.map(nameOf),
    required: single.filter((parameter) => !parameter.includes('=')).map(nameOf),
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

/** Whether it can be called with such arguments: their names, empty where there is none. */
export function takes({ parameters, required, open }: Subject, names: readonly string[]): boolean {
  const unnamed = names.filter((name) => !name).length;
  return (
    (open || names.length <= parameters.length) &&
    required.every((name) => parameters.indexOf(name) < unnamed || names.includes(name))
  );
}

/** The call with these arguments: by their names where all of them are its parameters, else in their order. */
export function callOf(subject: Subject, given: readonly [name: string, value: string][]): string | undefined {
  const byName = given.every(([argument]) => subject.parameters.includes(argument));
  const names = given.map(([argument]) => (byName ? argument : ''));
  if (!takes(subject, names)) return undefined;
  return `${subject.name}(${given.map(([argument, value]) => (byName ? `${argument}=${value}` : value)).join(', ')})`;
}
