/** All references in the documentation exist: linked pages and headings, and files of the repository. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { COMPOSITIONS, PATTERNS } from '../src/workflows/registry';

const ROOT = path.join(__dirname, '..');
const isPage = (file: string) => file.endsWith('.md');
const PAGES = [
  ...readdirSync(ROOT).filter(isPage),
  ...readdirSync(path.join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter(isPage)
    .map((file) => path.join('docs', file)),
];

const readPage = (page: string) => readFileSync(path.join(ROOT, page), 'utf8');
const withoutCode = (text: string) => text.replace(/^(`{3,}).*?^\1$/gms, '');

/** Returns the anchor that GitHub gives a heading. */
function toAnchor(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}_\- ]/gu, '')
    .replaceAll(' ', '-');
}

function findAnchors(page: string): string[] {
  return [...withoutCode(readPage(page)).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => toAnchor(heading));
}

/** Files that a page tells the reader to create. */
const EXAMPLES = ['src/gateway/adapters/example.ts', 'src/workflows/patterns/vote.ts'];
const FOLDERS = 'src|test|bootstrap|deploy|docs|bench|eval';

function findNamedFiles(text: string): string[] {
  const names = [...text.matchAll(new RegExp(`\`((?:${FOLDERS})/[\\w./-]+)\``, 'g'))].map(([, name = '']) => name);
  return names.filter((name) => !EXAMPLES.includes(name));
}

interface Example {
  page: string;
  /** Where the page tells the reader to write it. */
  file: string;
  text: string;
}

/** The blocks of code that are whole files: they have imports, and the heading above them names the file. */
function findExamples(page: string): Example[] {
  const sections = readPage(page).split(/^(?=#+ .*$)/m);
  return sections.flatMap((section) => {
    const file = /^#+ .*`(src\/[\w./-]+\.ts)`/.exec(section)?.[1];
    const blocks = [...section.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, text = '']) => text);
    return blocks.filter((text) => file && /^import /m.test(text)).map((text) => ({ page, file: file ?? '', text }));
  });
}

/** Type-checks files that exist only here, together with the sources that they import. */
function findTypeErrors(examples: Example[]): string[] {
  const { config } = ts.readConfigFile(path.join(ROOT, 'tsconfig.json'), (file) => ts.sys.readFile(file));
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: [] }, ts.sys, ROOT);
  const texts = new Map(examples.map(({ file, text }) => [path.join(ROOT, file), text]));
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile } = host;
  host.fileExists = (file) => texts.has(path.normalize(file)) || fileExists(file);
  host.readFile = (file) => texts.get(path.normalize(file)) ?? readFile(file);
  const program = ts.createProgram([...texts.keys()], { ...options, noUnusedLocals: true }, host);
  return [...texts.keys()].flatMap((file) => {
    const source = program.getSourceFile(file);
    const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
    return found.map(
      ({ messageText }) => `${path.relative(ROOT, file)}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
    );
  });
}

// about ten seconds of processor time, which other suites share
test('the examples that are whole files compile against the sources', () => {
  const examples = PAGES.filter((page) => page.startsWith(path.join('docs', 'extend'))).flatMap(findExamples);
  expect(examples.map(({ file }) => file).sort()).toEqual(EXAMPLES);
  expect(findTypeErrors(examples)).toEqual([]);
}, 300_000);

test('there is documentation', () => {
  expect(PAGES).toEqual(expect.arrayContaining(['README.md', path.join('docs', 'use', 'api.md')]));
});

test('the page about own swarms has a row for every pattern that a file of swarms may name', () => {
  const open = [...PATTERNS, ...COMPOSITIONS.filter(({ isOpen }) => isOpen)].map(({ name }) => name);
  const rows = [...readPage('docs/use/own-swarms.md').matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);
  expect(rows).toEqual(expect.arrayContaining(open));
});

describe.each(PAGES)('%s', (page) => {
  const text = withoutCode(readPage(page));

  test('links to pages and headings that exist', () => {
    const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
    const broken = links
      .filter((link) => !/^https?:/.test(link))
      .filter((link) => {
        const [file = '', anchor] = link.split('#');
        const target = file ? path.join(path.dirname(page), file) : page;
        if (!existsSync(path.join(ROOT, target))) return true;
        return anchor !== undefined && isPage(target) && !findAnchors(target).includes(anchor);
      });
    expect(broken).toEqual([]);
  });

  test('names files that exist', () => {
    expect(findNamedFiles(text).filter((name) => !existsSync(path.join(ROOT, name)))).toEqual([]);
  });
});
