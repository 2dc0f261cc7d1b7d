/** The function that a request asks for: examples may give its arguments without a call. */

export interface Subject {
  name: string;
  parameters: string[];
}

const DEFINED = /^\s*(?:async\s+)?def\s+(\w+)\s*\(([^)]*)\)/gm;
const NAMED = /\bfunction\s+(?:(?:named|called)\s+)?`?([A-Za-z_]\w*)\s*\(([^)]*)\)/g;

/** The last that is written down, since helpers come before it, or the only one that is named. A method has no example of this kind. */
export function subjectOf(request: string): Subject | undefined {
  const defined = [...request.matchAll(DEFINED)].map(toSubject).pop();
  if (defined) return defined.parameters[0] === 'self' ? undefined : defined;
  const named = [...request.matchAll(NAMED)].map(toSubject);
  return new Set(named.map(({ name }) => name)).size === 1 ? named[0] : undefined;
}

function toSubject([, name = '', parameters = '']: RegExpMatchArray): Subject {
  const names = parameters.split(',').map((parameter) => /\w+/.exec(parameter)?.[0] ?? '');
  return { name, parameters: names.filter(Boolean) };
}

/** The call with these arguments: by their names where all of them are its parameters, else in their order. */
export function callOf({ name, parameters }: Subject, given: readonly [name: string, value: string][]): string {
  const byName = given.every(([argument]) => parameters.includes(argument));
  return `${name}(${given.map(([argument, value]) => (byName ? `${argument}=${value}` : value)).join(', ')})`;
}
