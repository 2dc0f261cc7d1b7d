/** Parsing the assertions of a request, and planning their checks. */
import fc from 'fast-check';
import { readAssertion } from '../../src/sandbox/host/python-assertion';
import { splitStatements } from '../../src/sandbox/host/python-syntax';
import { planCheck } from '../../src/sandbox/host/steps';
import { expectFast } from '../support/reading-time';

test.each([
  ['assert f(1) == 2', 'f(1)', '2'],
  ['assert f(1) == 2, "message"', 'f(1)', '2'],
  ['assert f(1) == 2, f"got {f(1)}"', 'f(1)', '2'],
  ['assert f(1) == (1, 2), "message"', 'f(1)', '(1, 2)'],
  ['assert f(1) == 1, 2', 'f(1)', '1'],
  ['assert f(1) is None', 'f(1)', 'None'],
  ['assert(f(1) == [1, 2])', 'f(1)', '[1, 2]'],
  ['assert ((f(1) == 2)), "why"', 'f(1)', '2'],
  ['  assert f(\n  1,\n) == {\n  "a": 1,\n}  # so it is\n', 'f(\n  1,\n)', '{\n  "a": 1,\n}'],
  ['assert f(1) \\\n  == 2', 'f(1)', '2'],
  ['assert f("==", ")") == "a == b"', 'f("==", ")")', '"a == b"'],
  ["assert f('''it's\n''') == 'x'", "f('''it's\n''')", "'x'"],
  ['assert [x for x in f(3) if x == 1] == [1]', '[x for x in f(3) if x == 1]', '[1]'],
  ['assert f(1) + 1 == -2.5e-3', 'f(1) + 1', '-2.5e-3'],
  ['assert f(x)[1:2] == "b";', 'f(x)[1:2]', '"b"'],
])('%j is an equation with a literal', (code, expression, constant) => {
  expect(readAssertion(code)?.equation).toMatchObject({ expression, constant, isLiteral: true });
});

test.each([
  ['assert f(1) == 0x10', '0x10'],
  ["assert f(1) == b'a'", "b'a'"],
  ["assert f(1) == r'\\d'", "r'\\d'"],
  ["assert f(1) == '\\101'", "'\\101'"],
  ['assert f(1) == 1 + 2j', '1 + 2j'],
  ["assert f(1) == [b'a', 1]", "[b'a', 1]"],
])('%j is an equation with a constant that only Python can evaluate', (code, constant) => {
  expect(readAssertion(code)?.equation).toMatchObject({ constant, isLiteral: false });
});

test.each([
  'assert f(1)',
  'assert not f(1) == 2',
  'assert f(1) == 2 and f(2) == 3',
  'assert f(1) == 2 or f(2)',
  'assert 1 == f(1) == 2',
  'assert f(1) == g(1)',
  'assert f(1) == [g(1)]',
  'assert f(1) == x',
  'assert f(1) == 2 * 3',
  'assert f(1) != 2',
  'assert f(1) < 2',
  'assert f(1) in [2]',
  'assert f(1) not in [2]',
  'assert f(1) is not None',
  'assert f(1) == 2 if x else 3',
  'assert (f(1) == 2, "always true")',
  'assert (f(1)) == (g(2))',
])('%j is an assertion, but not an equation with a constant', (code) => {
  const assertion = readAssertion(code);
  expect(assertion).toBeDefined();
  expect(assertion?.equation).toBeUndefined();
});

test.each([
  'f(1) == 2',
  'assertion(1) == 2',
  'assert_(f(1) == 2)',
  'assert.x == 2',
  'assert f(1) == 2\nx = 1',
  'assert f(1) == 2; x = 1',
  'assert f(1) == (2',
  'assert f(1) == 2)',
  'assert f(1) == "2',
  'assert f(1) == $',
  'assert',
  '',
  'for i in range(3): assert f(i) == i',
])('%j is not a single assertion', (code) => expect(readAssertion(code)?.equation).toBeUndefined());

test.each([
  ['a = 1\nassert f(a) == 1\n\n# end\n', ['a = 1', 'assert f(a) == 1\n\n# end']],
  [
    'for i in x:\n  assert i\n\n  print(i)\nelse:\n  y()\nz()',
    ['for i in x:\n  assert i\n\n  print(i)\nelse:\n  y()', 'z()'],
  ],
  ['@d\ndef f():\n  pass\nf()', ['@d\ndef f():\n  pass', 'f()']],
  ['x = """\na\nb"""\ny = (\n1)\n', ['x = """\na\nb"""', 'y = (\n1)']],
  ['try:\n  a()\nexcept E:\n  b()\nfinally:\n  c()', ['try:\n  a()\nexcept E:\n  b()\nfinally:\n  c()']],
  ['broken = (\nx', ['broken = (\nx']],
  ['  ', []],
])('the statements of %j', (code, statements) => expect(splitStatements(code)).toEqual(statements));

test('a check of several statements is planned in parts, and its equations are compared in the parent', () => {
  const code = 's = Stack()\ns.push(1)\nassert s.pop() == 1\ns.push(2)\nassert s.size() == 1, "size"';
  const { parts } = planCheck({ name: 'stack', code }, 'python');
  expect(parts.map(({ request, expectation }) => [request, expectation?.expected])).toEqual([
    [{ kind: 'check', mode: 'statement', code: 's = Stack()\ns.push(1)' }, undefined],
    [{ kind: 'check', mode: 'value', code: 's.pop()' }, '1'],
    [{ kind: 'check', mode: 'statement', code: 's.push(2)' }, undefined],
    [{ kind: 'check', mode: 'value', code: 's.size()' }, '1'],
  ]);
});

test('arbitrary text is read quickly and without an exception', async () => {
  const piece = fc.constantFrom(
    'assert ',
    'f(1)',
    '==',
    ' is ',
    ' not ',
    ' in ',
    '(',
    ')',
    '"',
    "'''",
    '\\',
    '\n',
    '#',
    ',',
    ';',
    'é',
    '{',
    '1e',
    '.',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
      planCheck({ name: '', code: pieces.join('') }, 'python');
    }),
    { numRuns: 500 },
  );
  const shapes = ['(', '"', "'''", ' ', '\n', '\\', 'a', '1', '==', 'not ', '#', ' \n', '[(', '"""\n', 'f"', '\\\n'];
  for (const shape of shapes) {
    const code = `assert ${shape.repeat(200_000 / shape.length)}`;
    await expectFast(shape, () => planCheck({ name: '', code }, 'python'), 2000);
  }
});
