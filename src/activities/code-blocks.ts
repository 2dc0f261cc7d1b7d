/** Reads the program out of an answer: its fenced blocks, with their language and the file names that stand with them. Pure. */
import type { SourceFile } from '../contract/checks';
import { languageOf } from '../contract/languages';

export interface Program {
  language: string;
  /** The first is the main file. */
  files: SourceFile[];
}

interface Block {
  language: string;
  text: string;
  name: string | undefined;
}

/** Blocks in these languages are shown beside a program and are not it. */
const BESIDE = new Set([
  'text',
  'txt',
  'bash',
  'sh',
  'shell',
  'console',
  'output',
  'json',
  'yaml',
  'markdown',
  'md',
  'diff',
]);
const FILE_NAME = /(?:^|[\s`*"'(])((?:[\w-]+\/)*[\w-]+\.(?:py|js|mjs|ts))(?=$|[\s`*"':)])/;

/** The program of an answer; undefined when it holds no code. Blocks without a file name are parts of the main file, in order. */
export function programOf(answer: string): Program | undefined {
  const blocks = blocksOf(answer).filter(({ language, text }) => text.trim() && !BESIDE.has(language));
  const first = blocks.find(({ language }) => languageOf(language)) ?? blocks[0];
  if (!first) return undefined;
  const tagged = languageOf(first.language)?.name ?? first.language;
  const language = tagged || guess(first.text);
  // beside blocks that name their language one that does not is often what the program prints
  const meant = ({ language: own, text }: Block) => languageOf(own)?.name ?? (own || (tagged ? guess(text) : language));
  const own = blocks.filter((block) => meant(block) === language);
  return { language, files: filesOf(own, languageOf(language)?.extension ?? 'txt') };
}

function filesOf(blocks: Block[], extension: string): SourceFile[] {
  const named = blocks.filter(({ name }) => name?.endsWith(`.${extension}`));
  if (new Set(named.map(({ name }) => name)).size < 2) {
    return [{ path: `main.${extension}`, text: blocks.map(({ text }) => text).join('\n\n') }];
  }
  const files = new Map<string, string>();
  for (const { name, text } of blocks) {
    const path = name ?? `main.${extension}`;
    files.set(path, [files.get(path), text].filter((part) => part !== undefined).join('\n\n'));
  }
  const isMain = (path: string) => /(^|\/)main\.\w+$/.test(path);
  const isTest = (path: string) => /(^|\/)(test_[^/]*|[^/]*[._]test\.\w+)$/.test(path);
  const rank = (path: string) => (isTest(path) ? 0 : isMain(path) ? 1 : 2);
  const all = [...files].map(([path, text]) => ({ path, text }));
  // tests import the rest, so running them runs all; without tests and main, what comes last uses what came before
  return all.reverse().sort((a, b) => rank(a.path) - rank(b.path));
}

/** Fences of three or more backticks or tildes; one that is never closed reaches to the end, as where an answer was cut off. */
function blocksOf(answer: string): Block[] {
  const blocks: Block[] = [];
  const lines = answer.split('\n');
  for (let i = 0; i < lines.length; i++) {
    const fence = /^\s{0,3}(`{3,}|~{3,})\s*([\w+#.-]*)(.*)$/.exec(lines[i] ?? '');
    if (!fence) continue;
    const [, mark = '', language = '', rest = ''] = fence;
    const start = i + 1;
    const close = new RegExp(`^\\s{0,3}${mark[0]}{${mark.length},}\\s*$`);
    for (i = start; i < lines.length && !close.test(lines[i]!);) i++;
    const body = lines.slice(start, i);
    blocks.push({
      language: language.toLowerCase(),
      text: body.join('\n'),
      name: nameOf(rest, lines[start - 2], body[0]),
    });
  }
  return blocks;
}

/** A file name in the fence's own line, in the line before it, or in a comment that opens the block. */
function nameOf(rest: string, before = '', firstLine = ''): string | undefined {
  const comment = /^\s*(#|\/\/|\/\*)/.test(firstLine) && firstLine.length < 80 ? firstLine : '';
  const heading = before.length < 80 ? before : '';
  for (const place of [rest, heading, comment]) {
    const name = FILE_NAME.exec(place)?.[1];
    if (name) return name;
  }
  return undefined;
}

function guess(text: string): string {
  if (/^\s*(def |assert |if __name__ |import \w+$|from \w+ import |class \w+.*:$)/m.test(text)) return 'python';
  return /^\s*(const |let |function |import .* from )/m.test(text) ? 'javascript' : '';
}
