/** Lists the modules and names that a source imports, as far as needed to tell whether they are files of the same answer. Pure. */
import path from 'node:path';

export interface Import {
  /** The module as written, without leading dots and extension: `shapes.square`, `lib/square`. */
  module: string;
  isRelative: boolean;
  /** The imported names; empty if the whole module is imported. */
  names: string[];
}

const PYTHON_IMPORT = /^[ \t]*(from|import)[ \t]([^\n#;]*)/gm;
const JAVASCRIPT_IMPORT = /\b(?:from|import|(?:require|import)\s*\()\s*(["'])([^"'\n]{1,200})\1/g;
const ENDING = /\.(?:py|[jt]sx?|[mc][jt]s|json)$/;
/** The maximum number of imports per file. */
const MOST = 200;
/** How far before the name of a module the list of imported names may begin. */
const LONGEST_LIST = 1000;

export function listImports(text: string, isPython: boolean): Import[] {
  const found: Import[] = [];
  for (const match of text.matchAll(isPython ? PYTHON_IMPORT : JAVASCRIPT_IMPORT)) {
    found.push(...(isPython ? pythonImports(match) : [javaScriptImport(match)]));
    if (found.length >= MOST) break;
  }
  return found;
}

function pythonImports({ 1: word, 2: rest = '', index, input }: RegExpExecArray): Import[] {
  if (word === 'import') {
    const modules = rest.split(',', MOST).map((one) => one.trim().split(/\s/, 1)[0] ?? '');
    return modules.filter(Boolean).map((module) => ({ module, isRelative: false, names: [] }));
  }
  const [written = '', list = ''] = rest.split(/\bimport\b/, 2);
  const module = written.trim().replace(/^\.+/, '');
  const start = input.indexOf('(', index);
  const names = wordsIn(list.includes('(') ? (input.slice(start, start + LONGEST_LIST).split(')', 1)[0] ?? '') : list);
  const isRelative = written.trim().startsWith('.');
  if (module) return [{ module, isRelative, names }];
  return names.map((name) => ({ module: name, isRelative: true, names: [] }));
}

function javaScriptImport({ 2: from = '', index, input }: RegExpExecArray): Import {
  const before = input.slice(Math.max(0, index - LONGEST_LIST), index);
  const start = Math.max(...['import', 'const', 'let', 'var'].map((word) => before.lastIndexOf(`${word} `)));
  return {
    module: from.replace(/^(?:\.{0,2}\/)+/, '').replace(ENDING, ''),
    isRelative: from.startsWith('.'),
    names: start < 0 ? [] : wordsIn(before.slice(before.indexOf(' ', start))),
  };
}

/** The names in an import list; for `a as b` the first one. */
function wordsIn(list: string): string[] {
  return list
    .replace(/(?:\bas\s|:)\s*[\w$]+/g, '')
    .split(/[^\w$]+/, MOST)
    .filter(Boolean);
}

/** The keys under which imports may refer to files. */
export function keysOfImports(imports: readonly Import[]): Set<string> {
  return new Set(imports.flatMap(({ module }) => [module, module.replaceAll('.', '/')]));
}

/** The keys under which a file may be imported: each suffix of its path, and for a package its folder. */
export function keysOfFile(file: string): string[] {
  const whole = file
    .slice(-LONGEST_PATH)
    .replace(ENDING, '')
    .replace(/\/(?:__init__|index)$/, '');
  const parts = whole.split('/').slice(-MOST_FOLDERS);
  return parts.map((_part, i) => parts.slice(i).join('/'));
}

/** The maximum length of a path that is read, from its end. UTF-16 units. */
const LONGEST_PATH = 1000;
const MOST_FOLDERS = 20;

const DEFINITION =
  /^(?:export\s{1,9}(?:default\s{1,9})?)?(?:async\s{1,9})?(?:(?:def|class|function\*?|const|let|var|interface|type|enum|abstract class)\s{1,9}([\w$]+)|([\w$]+)\s{0,9}[:=])/gm;

/** The names that a source defines at the top level. */
export function listTopLevelNames(text: string): Set<string> {
  return new Set([...text.matchAll(DEFINITION)].map(([, defined, assigned]) => defined ?? assigned ?? ''));
}

/** The attributes of a module that a source uses, if the module's name is a single identifier. */
export function listUsedNames(text: string, module: string): string[] {
  if (!/^\w+$/.test(module)) return [];
  const pattern = new RegExp(String.raw`\b${module}\.(\w+)`, 'g');
  return [...text.matchAll(pattern)].slice(0, MOST).map(([, name = '']) => name);
}

/** The file name for a module that has no file. */
export function fileOfModule(module: string, extension: string): string {
  return `${extension === 'py' ? module.replaceAll('.', '/') : path.posix.normalize(module)}.${extension}`;
}
