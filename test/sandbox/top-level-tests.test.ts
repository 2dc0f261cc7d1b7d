/** Tests in a program without a runner: doctests, and assertions at the top level. */
import { describeChecks } from '../../src/contract/verification';
import { createHarness, demand, readError, passed, type Harness } from './fixtures';

let harness: Harness;
beforeAll(async () => {
  harness = createHarness();
  await harness.sandbox.layers();
}, 120_000);
afterAll(() => harness.stop());

const run = (program: string, checks = [] as ReturnType<typeof demand>[]) =>
  harness.python(program, { ownTests: true, checks });

const DOCSTRING = [0, 1, 2, 3, 7, 10].map(
  (n) => `    >>> fibonacci(${n})\n    ${[0, 1, 1, 2, 3, 5, 8, 13, 21, 34, 55][n]}`,
);
const ASSERTIONS = ['0) == 0', '1) == 1', '2) == 1', '7) == 13', '10) == 55', '20) == 6765'];
const FIBONACCI = `def fibonacci(n: int) -> int:
    """Returns the n-th Fibonacci number.

${DOCSTRING.join('\n')}
    """
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a


${ASSERTIONS.map((rest) => `assert fibonacci(${rest}`).join('\n')}
print(fibonacci(10))
`;

test('a program with six doctests and six assertions, and nothing that runs them, is tested by all of them', async () => {
  const report = await run(FIBONACCI);
  expect(report).toMatchObject({ executed: true, passed: true, output: '55\n' });
  expect(passed(report)).toEqual([
    'the program loads',
    ...ASSERTIONS.map((rest) => `assert fibonacci(${rest}`),
    'doctest of fibonacci',
  ]);
  expect(describeChecks(report)).toBe('8 of 8 checks passed');
});

test('a failing assertion is a failing test, and does not hide later ones', async () => {
  const program = `def f(x): return 2 * x
assert f(1) == 3
def g(x):
    """
    >>> g(1)
    5
    >>> g(2)
    4
    """
    return f(x)
total = g(3)
assert total == 6, "the total"
assert g(total) == 0, f"not {total}"
def test_g(): assert g(4) == 8`;
  const report = await run(program, [demand('g(5)', '10')]);
  expect(passed(report)).toEqual(['the program loads', 'g(5)', "assert total == 6, 'the total'", 'test_g']);
  const [first, second, doctest] = report.checks.filter((check) => !check.passed);
  expect(first).toMatchObject({ name: 'assert f(1) == 3', origin: 'own' });
  expect(first?.error).toContain('AssertionError: assert 2 == 3\n +  where 2 = f(1)');
  expect(second?.error).toContain('AssertionError: not 6\nassert 12 == 0');
  expect(doctest).toMatchObject({ name: 'doctest of g', origin: 'own' });
  expect(doctest?.error).toMatch(/Failed example:\n +g\(1\)\nExpected:\n +5\nGot:\n +2/);
  expect(doctest?.error).not.toContain('g(2)');
});

test('a block with assertions is one test', async () => {
  const program = `def f(x): return 2 * x
for n in range(3):
    assert f(n) == 2 * n
for n in range(3):
    assert f(n) == n
with open("x", "w") as file:
    assert file.writable()
try:
    f(None)
    assert False, "it must fail"
except TypeError:
    pass
if f(1) == 2:
    assert f(2) == 4
def helper(x):
    assert x > 0
    return x
for n in (1, 2):
    helper(n)
print(f(1) == 3)`;
  const report = await run(program);
  expect(passed(report)).toEqual([
    'the program loads',
    'for n in range(3): assert f(n) == 2 * n',
    expect.stringMatching(/^with open/),
    expect.stringMatching(/^try: f\(None\)/),
    'if f(1) == 2: assert f(2) == 4',
  ]);
  expect(readError(report)).toContain('assert 2 == 1');
});

test('doctests are found in classes, methods and the module, and other docstrings are ignored', async () => {
  const program = `"""
>>> double(2)
4
"""
import functools
import json
def double(x): return 2 * x
class Stack:
    """
    >>> Stack().items
    []
    """
    def __init__(self): self.items = []
    def push(self, item):
        """
        >>> s = Stack()
        >>> s.push(1)
        >>> s.items
        [2]
        """
        self.items.append(item)
@functools.lru_cache
def cached(x):
    """
    >>> cached(2)
    2
    """
    return x
def prose(x):
    """
    >>> prose(2) -> what it gives
    >>>no space
    """
def values():
    """
    >>> values()
    {"b": [1.0000000000000002], "a": (1, 2)}
    """
    return {'a': (1, 2), 'b': [1.0]}`;
  const report = await run(program);
  expect(passed(report).sort()).toEqual([
    'doctest of Stack',
    'doctest of cached',
    'doctest of the module',
    'doctest of values',
    'the program loads',
  ]);
  expect(report.checks.filter((check) => !check.passed).map(({ name }) => name)).toEqual(['doctest of Stack.push']);
});

test.each([
  'import doctest\ndoctest.testmod()',
  'from doctest import testmod\nif __name__ == "__main__":\n    testmod(verbose=False)',
])('doctests that a program runs itself are run once: %j', async (end) => {
  const report = await run(
    `def f():\n    """\n    >>> print("seen") or f()\n    seen\n    1\n    """\n    return 1\n${end}`,
  );
  expect(report).toMatchObject({ passed: true });
  expect(report.checks.map(({ name }) => name)).toEqual(['the program loads', expect.stringContaining('testmod(')]);
});

test('if own tests are not requested, a failing assertion still makes the loading fail', async () => {
  expect(readError(await harness.python('assert 1 == 2'))).toContain('AssertionError');
});

test('a program that only prints comparisons is not tested', async () => {
  expect(describeChecks(await run('print(1 + 1 == 2)'))).toBe('it runs, and nothing else was tested');
});

test('an own test that the request contains too does not contradict it', async () => {
  const program = `def f(x):
    """
    >>> f(1)
    {'b': 0.3, 'a': 1}
    """
    return {'a': 1, 'b': 0.1 + 0.2}`;
  const report = await run(program, [demand('f(1)', "{'b': 0.3, 'a': 1}")]);
  expect(report).toMatchObject({ executed: true, passed: true });
  expect(passed(report)).toContain('doctest of f');
});

describe('JavaScript', () => {
  const runIt = (program: string) => harness.javascript(program, { ownTests: true });

  test('each top-level line with assertions is a test, and none hides later ones', async () => {
    const report = await runIt(`import assert from 'node:assert';
const f = (n: number): number => 2 * n;
console.assert(f(1) === 2, 'one');
console.assert(f(1) === 3, 'not three');
assert(f(2) === 4);
assert.strictEqual(f(2), 5);
for (const n of [1, 2]) assert.equal(f(n), 2 * n);
[1, 2].forEach((n) => assert.ok(f(n) === 2));
const g = (n: number) => f(n) + 1;
assert.throws(() => { throw new Error('x') });
test('later', () => assert.equal(g(1), 4));`);
    expect(passed(report)).toEqual([
      'the program loads',
      "console.assert(f(1) === 2, 'one');",
      'assert(f(2) === 4);',
      'for (const n of [1, 2]) assert.equal(f(n), 2 * n);',
      "assert.throws(() => { throw new Error('x') });",
    ]);
    const shorten = (error: string) => error.replace(/\s+/g, ' ').replace(/ at .*/, '');
    expect(report.checks.flatMap(({ name, error }) => (error ? [[name, shorten(error)]] : []))).toEqual([
      ["console.assert(f(1) === 3, 'not three');", 'console.assert: not three'],
      ['assert.strictEqual(f(2), 5);', 'AssertionError: Expected values to be strictly equal: 4 !== 5'],
      ['[1, 2].forEach((n) => assert.ok(f(n) === 2));', 'AssertionError: false == true'],
      ['later', 'AssertionError: 3 == 4'],
    ]);
  });

  test('an assertion that is awaited at the top level is a test too', async () => {
    const report = await runIt(`const assert = require('assert');
const later = async (n) => n;
assert.equal(await later(1), 1);
await assert.rejects(later(1));`);
    expect(passed(report)).toEqual(['the program loads', 'assert.equal(await later(1), 1);']);
    expect(readError(report)).toContain('Missing expected exception');
  });

  test('an assertion about a function’s arguments is not a test, and still throws', async () => {
    const report = await runIt(`const assert = require('assert');
function half(n) { assert(n % 2 === 0, 'odd'); return n / 2; }
half(2);
let caught;
try { half(1) } catch (error) { caught = error.message }
if (caught !== 'odd') throw new Error('it must throw');`);
    expect(report.checks).toEqual([{ name: 'the program loads', origin: 'load', passed: true }]);
  });
});
