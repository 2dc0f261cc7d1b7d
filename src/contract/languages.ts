/** Programming languages by their names in code blocks. Only the worker's bundle includes this file. */

/** The interpreter and file extensions of a language; the first extension is used for a file without a name. */
export interface Language {
  name: 'python' | 'javascript' | 'typescript';
  interpreter: 'python' | 'javascript';
  extensions: readonly [string, ...string[]];
}

const NAMES: readonly (readonly [Language, string])[] = [
  [{ name: 'python', interpreter: 'python', extensions: ['py'] }, 'python py ipython'],
  [
    { name: 'javascript', interpreter: 'javascript', extensions: ['js', 'mjs', 'cjs', 'jsx'] },
    'javascript js mjs cjs jsx node nodejs es ecmascript',
  ],
  [
    { name: 'typescript', interpreter: 'javascript', extensions: ['ts', 'mts', 'cts', 'tsx'] },
    'typescript ts mts cts tsx deno',
  ],
];
const LANGUAGES = new Map(NAMES.flatMap(([language, names]) => names.split(' ').map((name) => [name, language])));

/** Finds a language by name, ignoring case and version; undefined if the sandbox does not execute it. */
export function findLanguage(name: string): Language | undefined {
  const [, word = ''] = /^([a-z]+)[\d.]*$/i.exec(name) ?? [];
  return LANGUAGES.get(word.toLowerCase());
}
