/** Extracts the program from an answer: its fenced blocks with their language and file names. Pure. */
import path from 'node:path';
import type { SourceFile } from '../contract/checks';
import { findLanguage } from '../contract/languages';
import { listFences, type Fence } from './program/fences';
import {
  listTopLevelNames,
  fileOfModule,
  listImports,
  keysOfFile,
  keysOfImports,
  listUsedNames,
  type Import,
} from './program/imports';
import { fileNameIn } from './program/info';
import { isSession, toDoctest } from './program/python-sessions';

export interface Program {
  language: string;
  /** The first is the main file. */
  files: SourceFile[];
}

type Block = Pick<Fence, 'language' | 'text' | 'name'>;

/** Blocks in these languages accompany a program or were requested themselves; they are not a program. */
const NO_PROGRAM = new Set(
  `text txt plain plaintext output out log logs stdout stderr http regex ascii
  bash sh shell zsh fish console terminal cmd bat batch powershell ps1 pwsh shellsession sh-session
  json json5 jsonc jsonl ndjson geojson yaml yml toml ini cfg conf config env dotenv properties xml svg csv tsv
  html htm css scss sass less markdown md mdx rst tex latex bibtex mermaid plantuml dot graphviz diff patch
  sql mysql postgres postgresql psql plsql sqlite graphql dockerfile docker compose makefile make nginx hcl terraform tf
  gitignore requirements editorconfig`.split(/\s+/),
);
const MARKDOWN = ['markdown', 'md', 'mdx'];

/**
 * The program of an answer; undefined if it contains no code. Blocks without a file name are parts of the main file, in order. `missing`
 * lists imported modules that are not available: an unnamed block that defines the imported names is taken for that module.
 */
export function extractProgram(answer: string, missing: readonly string[] = []): Program | undefined {
  const all = listBlocks(answer);
  const blocks = all.filter(({ language, text }) => text.trim() && !NO_PROGRAM.has(language));
  const first = blocks.find(({ language }) => findLanguage(language)) ?? blocks.find(isCode);
  if (!first) return undefined;
  const tagged = findLanguage(first.language)?.name ?? first.language;
  const language = tagged || guess(first.text);
  // next to blocks with a language, a block without one is often the output of the program
  const meant = ({ language: own, text }: Block) =>
    findLanguage(own)?.name ?? (own || (tagged ? guess(text) : language));
  const own = blocks.filter((block) => meant(block) === language);
  const files = listFiles(own, { language, missing });
  return { language, files: [...files, ...listMaterial(all, files)] };
}

/** Whether an answer without a program is a document that may have been requested instead: JSON, commands, a query, a page. */
export function isDocument(answer: string): boolean {
  return listBlocks(answer).some(({ language }) => NO_PROGRAM.has(language)) || isJson(answer.trim());
}

const LONGEST_JSON = 20_000;

function isJson(text: string): boolean {
  if (!/^[[{]/.test(text) || text.length > LONGEST_JSON) return false;
  try {
    return JSON.parse(text) instanceof Object;
  } catch {
    return false;
  }
}

/**
 * The blocks of an answer. Blocks inside Markdown blocks count too if the whole answer is inside one, or if there is no program otherwise.
 */
function listBlocks(answer: string): Block[] {
  const fences = listFences(answer);
  const inner = fences.flatMap((fence) => (MARKDOWN.includes(fence.language) ? listFences(fence.text) : []));
  const hasProgram = fences.some(({ language }) => findLanguage(language));
  const isWrapped = /^(?:`{3,}|~{3,}) ?(?:markdown|md)$/i.test(answer.trimStart().split('\n', 1)[0]!.trimEnd());
  const found = isWrapped || !hasProgram ? [...inner, ...fences] : fences;
  return found.map(({ language, text, name, before }) => ({
    language,
    text,
    name: name ?? findFileName(text, before),
  }));
}

/** A file name in a comment at the beginning of the block, or in the line before it. */
function findFileName(text: string, before: string): string | undefined {
  const [firstLine = ''] = text.trimStart().split('\n', 1);
  const [, comment = ''] = /^(?:#|\/\/|\/\*|--|<!--)(.*)/.exec(firstLine) ?? [];
  const words = comment.split(/\s+/, LONGEST_COMMENT).filter((word) => word && !NO_NAMES.test(word));
  const places = words.length === 1 ? [comment, before] : [before, comment];
  return places.map(fileNameIn).find((name) => name !== undefined);
}

/** The maximum number of words in a comment that may hold a file name, and the words that may accompany it. */
const LONGEST_COMMENT = 10;
const NO_NAMES = /^(?:file(?:name)?:?|path:?|\*\/|-->)$/i;

interface Kind {
  language: string;
  /** Imported modules that are neither files of the answer nor available in the sandbox. */
  missing: readonly string[];
}

function listFiles(blocks: Block[], { language, missing }: Kind): SourceFile[] {
  const { interpreter = 'python', extensions = ['txt'] } = findLanguage(language) ?? {};
  const isPython = interpreter === 'python';
  const main = `main.${extensions[0]}`;
  const sources = blocks.map(({ text, name }): Source => {
    const code = isPython && isSession(text) ? toDoctest(text) : text;
    const imports = listImports(code, isPython);
    return { text: code, imports, name: nameSource(name, { imports, extensions }) };
  });
  nameModules(sources, { extension: extensions[0], missing });
  if (!isSplit(sources)) return [{ path: main, text: sources.map(({ text }) => text).join('\n\n') }];
  const files = new Map<string, Source[]>();
  for (const source of sources) {
    const parts = files.get(source.name ?? main);
    if (parts) parts.push(source);
    else files.set(source.name ?? main, [source]);
  }
  return sortFiles(files);
}

interface Source {
  text: string;
  imports: Import[];
  name: string | undefined;
}

/** A file does not import itself: if it seems to, the name is only a description of the block. */
function nameSource(
  name: string | undefined,
  { imports, extensions }: Pick<Source, 'imports'> & { extensions: readonly string[] },
): string | undefined {
  if (name === undefined || !extensions.includes(path.extname(name).slice(1))) return undefined;
  const keys = keysOfImports(imports);
  return keysOfFile(name).some((key) => keys.has(key)) ? undefined : name;
}

/** Whether the blocks are several files: they have different names, or one imports another. */
function isSplit(sources: readonly Source[]): boolean {
  const names = new Set(sources.flatMap(({ name }) => name ?? []));
  const keys = new Set([...names].flatMap(keysOfFile));
  return names.size > 1 || sources.some(({ imports }) => [...keysOfImports(imports)].some((key) => keys.has(key)));
}

/**
 * Orders the files. Tests come first, since they import the rest, then main files, then files that nothing imports; later files come before
 * earlier ones.
 */
function sortFiles(files: ReadonlyMap<string, readonly Source[]>): SourceFile[] {
  const imported = new Set([...files.values()].flat().flatMap(({ imports }) => [...keysOfImports(imports)]));
  const rank = (file: string) => {
    if (/(?:^|\/)(?:test_[^/]*|[^/]*_test\.py|[^/]*[._](?:test|spec)\.\w+)$/.test(file)) return 0;
    if (/(?:^|\/)(?:main|__main__)\.\w+$/.test(file)) return 1;
    return keysOfFile(file).some((key) => imported.has(key)) ? 3 : 2;
  };
  return [...files]
    .map(([file, parts], i) => ({ file, parts, i, rank: rank(file) }))
    .sort((a, b) => a.rank - b.rank || b.i - a.i)
    .map(({ file, parts }) => ({ path: file, text: parts.map(({ text }) => text).join('\n\n') }));
}

/** The maximum number of imports for which an unnamed block is searched. */
const MOST_WANTED = 50;

/** Names unnamed blocks after the module as which others import them, if the answer has no such file. */
function nameModules(
  sources: Source[],
  { extension, missing }: { extension: string; missing: readonly string[] },
): void {
  const keys = new Set(sources.flatMap(({ name }) => (name === undefined ? [] : keysOfFile(name))));
  const wanted = sources
    .flatMap((source) => source.imports.map((one) => ({ ...one, source })))
    .filter(({ module, isRelative }) => isRelative || missing.includes(module.split('.')[0]!))
    .filter((one) => ![...keysOfImports([one])].some((key) => keys.has(key)))
    .slice(0, MOST_WANTED);
  if (wanted.length === 0) return;
  const defined = new Map(sources.map((source) => [source, listTopLevelNames(source.text)]));
  for (const { module, names, source } of wanted) {
    const used = names.length > 0 ? names : listUsedNames(source.text, module);
    for (const one of sources) {
      const defines = used.some((name) => defined.get(one)!.has(name));
      if (defines && one !== source && one.name === undefined) one.name = fileOfModule(module, extension);
    }
  }
}

/** The maximum number of data files of a program. */
const MOST_MATERIAL = 20;

/** The files of the answer that are not source code and that the program refers to by name. */
function listMaterial(blocks: readonly Block[], files: readonly SourceFile[]): SourceFile[] {
  const material = new Map(
    blocks.flatMap(({ text, name = '' }): [string, SourceFile][] => {
      const isSource = name === '' || findLanguage(path.extname(name).slice(1)) !== undefined;
      return isSource ? [] : [[name, { path: name, text: `${text}\n` }]];
    }),
  );
  const isNamed = (name: string) => files.some(({ text }) => text.includes(path.basename(name)));
  return [...material.values()].slice(0, MOST_MATERIAL).filter((file) => isNamed(file.path));
}

/** White space at the beginning of a line. */
const INDENT = String.raw`^[^\S\n\r\u2028\u2029]*`;
const LOOKS_PYTHON = new RegExp(
  String.raw`${INDENT}(?:def |assert |if __name__ |import \w+$|from \w+ import |class \w.*:$|>>> )`,
  'm',
);
const LOOKS_JAVASCRIPT = new RegExp(String.raw`${INDENT}(?:const |let |function |import .* from )`, 'm');
/** Patterns of languages that are not executed here. */
const LOOKS_OTHER =
  /^(?:#include\b|package \w|fn \w|func \w|public (?:static|final|class)|using (?:System|namespace)\b|import java)/m;

function guess(text: string): string {
  if (LOOKS_PYTHON.test(text)) return 'python';
  return LOOKS_JAVASCRIPT.test(text) ? 'javascript' : '';
}

/** Whether a block is code: it has a language, or looks like code. */
function isCode({ language, text }: Block): boolean {
  return language !== '' || guess(text) !== '' || LOOKS_OTHER.test(text);
}
