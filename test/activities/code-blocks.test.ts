import { extractProgram } from '../../src/verification/extract-program';

const fence = (info: string, text: string) => `\`\`\`${info}\n${text}\n\`\`\``;

test('the code blocks of an answer form one program', () => {
  const answer = `Here:\n${fence('python', 'def f(): pass')}\nand tests:\n${fence('py', 'f()')}\n${fence('bash', 'python main.py')}`;
  expect(extractProgram(answer)).toEqual({
    language: 'python',
    files: [{ path: 'main.py', text: 'def f(): pass\n\nf()' }],
  });
});

test('blocks with file names are files; tests come first, because they import the rest', () => {
  const answer = [
    `**shapes/square.py**\n${fence('python', 'def area(x): return x * x')}`,
    fence('python', '# main.py\nprint(1)'),
    fence('python title="test_square.py"', 'from shapes.square import area'),
  ].join('\n\n');
  expect(extractProgram(answer)?.files.map(({ path }) => path)).toEqual([
    'test_square.py',
    'main.py',
    'shapes/square.py',
  ]);
});

test('without tests the main file comes first, and without one the last file', () => {
  const named = (names: string[]) =>
    extractProgram(names.map((name) => fence('ts', `// ${name}\n1`)).join('\n'))?.files[0]?.path;
  expect(named(['a.ts', 'main.ts', 'b.ts'])).toBe('main.ts');
  expect(named(['a.ts', 'b.ts'])).toBe('b.ts');
});

test('if other blocks name a language, a block without one counts only if it looks like that language', () => {
  const blocks = [fence('python', 'def f(): return 1'), fence('', 'Result: 1'), fence('', 'assert f() == 1')];
  expect(extractProgram(blocks.join('\nIt prints:\n'))?.files[0]?.text).toBe('def f(): return 1\n\nassert f() == 1');
});

test('a block that was cut off counts to the end', () => {
  expect(extractProgram('```python\nx = 1\ny =')?.files[0]?.text).toBe('x = 1\ny =');
});

test('fences inside longer fences are part of the text', () => {
  expect(extractProgram('````python\n"""\n```\n"""\n````')?.files[0]?.text).toBe('"""\n```\n"""');
});

test.each([
  ['python by its look', fence('', 'def f():\n    pass'), 'python'],
  ['javascript by its look', fence('', 'const f = () => 1'), 'javascript'],
  ['what nobody executes here, by name', fence('rust', 'fn main() {}'), 'rust'],
])('knows %s', (_what, answer, language) => expect(extractProgram(answer)?.language).toBe(language));

test.each(['no code at all', fence('bash', 'ls'), fence('python', '  ')])('%j contains no program', (answer) => {
  expect(extractProgram(answer)).toBeUndefined();
});

/** The program's files by name. */
const listFiles = (...parts: string[]) =>
  Object.fromEntries(extractProgram(parts.join('\n'))?.files.map(({ path, text }) => [path, text]) ?? []);
const UTILS = 'def double(x):\n    return 2 * x';
const USES_UTILS = 'from utils import double\n\nassert double(2) == 4';

describe('a file name', () => {
  test.each([
    ['a heading and an empty line', (name: string) => [`### \`${name}\``, '']],
    ['a numbered heading', (name: string) => [`## 1. ${name}`, '', '']],
    ['a heading that is underlined', (name: string) => [name, '-----', '']],
    ['bold text', (name: string) => [`**${name}**`, '']],
    ['bold text with a colon', (name: string) => [`**File: ${name}:**`, '']],
    ['a sentence', (name: string) => [`Create \`${name}\` with this content:`, '']],
    ['an item of a list', (name: string) => [`- \`${name}\`:`, '']],
    ['a comment and a rule', (name: string) => [`${name}`, '', '---', '']],
  ])('stands in %s before its block', (_where, heading) => {
    const parts = ['utils.py', 'main.py'].flatMap((name) => [
      ...heading(name),
      fence('python', name === 'main.py' ? USES_UTILS : UTILS),
      '',
    ]);
    expect(listFiles(...parts)).toEqual({ 'main.py': USES_UTILS, 'utils.py': UTILS });
  });

  test.each([
    'python title="utils.py"',
    "python filename='utils.py'",
    'python path=utils.py',
    'python:utils.py',
    'python utils.py',
    'python {title: "utils.py"}',
    'utils.py',
    './utils.py',
    '{.python filename="utils.py"}',
    'python # utils.py',
    'Python file=utils.py showLineNumbers',
  ])('stands in the info string %j', (info) => {
    expect(listFiles(fence(info, UTILS), fence('python', USES_UTILS))).toEqual({
      'main.py': USES_UTILS,
      'utils.py': UTILS,
    });
  });

  test.each(['# utils.py', '# file: utils.py', '# Filename: utils.py', '\n# utils.py'])('stands in %j', (comment) => {
    const text = `${comment}\n${UTILS}`;
    expect(listFiles('Below `main.py` needs it.', '', fence('python', text), '', fence('python', USES_UTILS))).toEqual({
      'main.py': USES_UTILS,
      'utils.py': text,
    });
  });

  test('of a module that a block imports is not its own name', () => {
    const test = 'from utils import double\n\ndef test_double():\n    assert double(2) == 4';
    expect(listFiles('**utils.py**', fence('python', UTILS), 'Tests for `utils.py`:', fence('python', test))).toEqual({
      'main.py': test,
      'utils.py': UTILS,
    });
  });

  test('of data is included if the program mentions it', () => {
    const load = 'import json\nDATA = json.load(open("data.json"))';
    const parts = ['`data.json`:', fence('json', '[1]'), '`other.json`:', fence('json', '[2]'), fence('python', load)];
    expect(listFiles(...parts)).toEqual({ 'main.py': load, 'data.json': '[1]\n' });
  });
});

describe('files without a name', () => {
  const tests = 'from fibonacci import fib\n\ndef test_fib():\n    assert fib(1) == 1';
  const answer = [fence('python', 'def fib(n):\n    return n'), 'Tests:', fence('python', tests)].join('\n');

  test('get the name of a missing module whose imported names they define', () => {
    expect(extractProgram(answer)?.files.map(({ path }) => path)).toEqual(['main.py']);
    expect(extractProgram(answer, ['fibonacci'])?.files).toEqual([
      { path: 'main.py', text: tests },
      { path: 'fibonacci.py', text: 'def fib(n):\n    return n' },
    ]);
    expect(extractProgram(answer, ['numpy'])?.files).toHaveLength(1);
  });

  test.each([
    "import { add } from './add';",
    "import {\n  add,\n} from './add.js';",
    "const { add } = require('./add');",
    "import * as math from './add';\nconst add = math.add;",
  ])('get the name that an import path gives: %j', (imports) => {
    const test = `${imports}\nassert.equal(add(1, 2), 3);`;
    expect(listFiles(fence('js', 'export function add(a, b) { return a + b; }'), fence('js', test))).toEqual(
      imports.includes('math')
        ? expect.anything()
        : { 'main.js': test, 'add.js': 'export function add(a, b) { return a + b; }' },
    );
  });
});

describe('a block', () => {
  const code = 'def f():\n    return 1\n\nassert f() == 1';
  const indent = (text: string, by: string) => text.replace(/^(?=.)/gm, by);

  test.each([
    ['in a numbered list', `1. Write this:\n\n${indent(fence('python', code), '   ')}\n\n2. Run it.`],
    ['at once in an item', `- ${indent(fence('python', code), '  ').trimStart()}`],
    ['in a list in a list', `1. One\n   - Two\n\n${indent(fence('python', code), '     ')}`],
    ['in an item, further in than it has to be', `* One\n\n${indent(fence('python', code), '      ')}\n`],
    ['in an item, with tabs', `1. One\n\n${indent(fence('python', code), '\t')}\n`],
    ['in an item, with its code at the margin', `1. One\n   \`\`\`python\n${code}\n   \`\`\`\n2. Two`],
    ['in a quotation', indent(fence('python', code), '> ').replace(/^$/gm, '>')],
    [
      'in a list in a quotation',
      indent(`1. One\n\n${indent(fence('python', code), '   ')}`, '> ').replace(/^$/gm, '>'),
    ],
    ['with longer fences', `\`\`\`\`\`python\n${code}\n\`\`\`\`\``],
    ['with tildes', `~~~python\n${code}\n~~~`],
    ['with a closing fence that is longer', `\`\`\`python\n${code}\n\`\`\`\`\``],
    ['in an answer that is a block of Markdown', `\`\`\`markdown\nHere:\n${fence('python', code)}\nDone.\n\`\`\``],
    ['in a longer block of Markdown', `\`\`\`\`md\nHere:\n${fence('python', code)}\n\`\`\`\``],
    ['in an element of HTML', `<details>\n<summary>Code</summary>\n${fence('python', code)}\n</details>`],
    ['with line ends of another system', fence('python', code).replaceAll('\n', '\r\n')],
    ['with a version', fence('python3.12', code)],
    ['in braces', fence('{python}', code)],
  ])('%s is read without its surroundings', (_where, answer) => {
    expect(extractProgram(answer)).toEqual({ language: 'python', files: [{ path: 'main.py', text: code }] });
  });

  test.each([
    ['a string', 'TEXT = """\n```\nls\n```\n"""\nassert "ls" in TEXT'],
    ['a string in single quotes', "TEXT = f'''\n```python\nls\n```\n'''\nassert TEXT"],
    ['a docstring', 'def f():\n    """Gives one.\n\n```\n>>> f()\n1\n```\n"""\n    return 1'],
    ['one of two strings', 'A = "# \'\'\'"  # """\nB = """\n```\n"""\nassert B'],
  ])('is not ended by a fence in %s', (_what, text) => {
    const answer = `Here:\n\n${fence('python', text)}\n\nIt prints:\n\n${fence('', 'ls')}\n\nThat is all.`;
    expect(extractProgram(answer)?.files).toEqual([{ path: 'main.py', text }]);
  });

  test('is not ended by a fence in a comment', () => {
    const text = '/**\n```\nadd(1, 2)\n```\n*/\nfunction add(a, b) { return a + b; }';
    expect(extractProgram(`${fence('js', text)}\nDone.`)?.files).toEqual([{ path: 'main.js', text }]);
  });

  test('with an unterminated string ends where CommonMark ends it', () => {
    const answer = `${fence('python', 'x = """')}\nProse.\n${fence('python', 'y = 1')}`;
    expect(extractProgram(answer)?.files[0]?.text).toBe('x = """\n\ny = 1');
  });

  test('that shows an interactive session is a test of the program', () => {
    const [file] = extractProgram(`${fence('python', 'def f(): return 1')}\n${fence('python', '>>> f()\n1')}`)!.files;
    expect(file!.text).toContain('"""\n    >>> f()\n    1\n    """');
  });
});

test('a block without a name is the module that another one imports by a dotted path', () => {
  const answer = [
    fence('python main.py', 'from shapes.square import area\n\narea(2)'),
    fence('python', 'def area(x): return x * x'),
  ];
  const paths = extractProgram(answer.join('\n'), ['shapes'])?.files.map(({ path }) => path);
  expect(paths).toEqual(['main.py', 'shapes/square.py']);
});

test('without tests and main the file that no other imports comes first', () => {
  const answer = [fence('python app.py', 'import store\nstore.put(1)'), fence('python store.py', 'def put(x): pass')];
  expect(extractProgram(answer.join('\n'))?.files.map(({ path }) => path)).toEqual(['app.py', 'store.py']);
});

test.each([
  ['a title as JSON', '{"title": "Sorting"}'],
  ['a title as JSON in a block', fence('json', '{"title": "Sorting"}')],
  ['JSON in a block without a language', fence('', '{"tags": ["a", "b"]}')],
  ['commands', fence('sh', 'npm test')],
  ['commands in a block without a language', fence('', 'npm test')],
  ['a query', fence('sql', 'SELECT 1;')],
  ['a page', `${fence('html', '<p>Hi</p>')}\n${fence('css', 'p { color: red; }')}`],
  ['configuration', `${fence('yaml', 'a: 1')}\n${fence('toml', 'a = 1')}\n${fence('dockerfile', 'FROM x')}`],
  ['prose', 'Use a queue.'],
])('%s is not a program', (_what, answer) => expect(extractProgram(answer)).toBeUndefined());
