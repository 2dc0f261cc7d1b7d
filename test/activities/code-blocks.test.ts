import { programOf } from '../../src/activities/code-blocks';

const fence = (info: string, text: string) => `\`\`\`${info}\n${text}\n\`\`\``;

test('the blocks of an answer are one program', () => {
  const answer = `Here:\n${fence('python', 'def f(): pass')}\nand tests:\n${fence('py', 'f()')}\n${fence('bash', 'python main.py')}`;
  expect(programOf(answer)).toEqual({ language: 'python', files: [{ path: 'main.py', text: 'def f(): pass\n\nf()' }] });
});

test('blocks with file names are files; tests come first, because they import the rest', () => {
  const answer = [
    `**shapes/square.py**\n${fence('python', 'def area(x): return x * x')}`,
    fence('python', '# main.py\nprint(1)'),
    fence('python title="test_square.py"', 'from shapes.square import area'),
  ].join('\n\n');
  expect(programOf(answer)?.files.map(({ path }) => path)).toEqual(['test_square.py', 'main.py', 'shapes/square.py']);
});

test('without tests the main file comes first, and without one the last file', () => {
  const named = (names: string[]) =>
    programOf(names.map((name) => fence('ts', `// ${name}\n1`)).join('\n'))?.files[0]?.path;
  expect(named(['a.ts', 'main.ts', 'b.ts'])).toBe('main.ts');
  expect(named(['a.ts', 'b.ts'])).toBe('b.ts');
});

test('beside blocks that name their language, one that does not counts only when it looks like them', () => {
  const blocks = [fence('python', 'def f(): return 1'), fence('', 'Result: 1'), fence('', 'assert f() == 1')];
  expect(programOf(blocks.join('\nIt prints:\n'))?.files[0]?.text).toBe('def f(): return 1\n\nassert f() == 1');
});

test('a block that was cut off counts to the end', () => {
  expect(programOf('```python\nx = 1\ny =')?.files[0]?.text).toBe('x = 1\ny =');
});

test('fences inside longer fences belong to the text', () => {
  expect(programOf('````python\n"""\n```\n"""\n````')?.files[0]?.text).toBe('"""\n```\n"""');
});

test.each([
  ['python by its look', fence('', 'def f():\n    pass'), 'python'],
  ['javascript by its look', fence('', 'const f = () => 1'), 'javascript'],
  ['what nobody executes here, by name', fence('rust', 'fn main() {}'), 'rust'],
])('knows %s', (_what, answer, language) => expect(programOf(answer)?.language).toBe(language));

test.each(['no code at all', fence('bash', 'ls'), fence('python', '  ')])('%j holds no program', (answer) => {
  expect(programOf(answer)).toBeUndefined();
});
