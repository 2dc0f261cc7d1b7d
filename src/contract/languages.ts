/** Programming languages by the names that code blocks give them. Part of nobody's bundle but the worker's. */

/** What a program in a language is executed with, and how its files end. */
export interface Language {
  name: 'python' | 'javascript' | 'typescript';
  interpreter: 'python' | 'javascript';
  extension: string;
}

const PYTHON: Language = { name: 'python', interpreter: 'python', extension: 'py' };
const JAVASCRIPT: Language = { name: 'javascript', interpreter: 'javascript', extension: 'js' };
const TYPESCRIPT: Language = { name: 'typescript', interpreter: 'javascript', extension: 'ts' };

const LANGUAGES = new Map<string, Language>([
  ['python', PYTHON],
  ['py', PYTHON],
  ['python3', PYTHON],
  ['javascript', JAVASCRIPT],
  ['js', JAVASCRIPT],
  ['mjs', JAVASCRIPT],
  ['node', JAVASCRIPT],
  ['typescript', TYPESCRIPT],
  ['ts', TYPESCRIPT],
]);

/** The language of that name, in any case; undefined for one that is not executed here. */
export function languageOf(name: string): Language | undefined {
  return LANGUAGES.get(name.toLowerCase());
}
