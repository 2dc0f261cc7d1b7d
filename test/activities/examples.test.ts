import { examplesOf } from '../../src/activities/examples';

const demands = (request: string) => examplesOf(request).map(({ code, expected }) => [code, expected]);

test('doctest examples with what they expect, over several lines', () => {
  const request = `def f(x):
    """ Doubles.
    >>> f(1)
    2
    >>> f([1,
    ...    2])
    [1, 2,
     1, 2]
    >>> f(3) """`;
  expect(demands(request)).toEqual([
    ['f(1)', '2'],
    ['f([1,\n   2])', '[1, 2,\n1, 2]'],
  ]);
});

test('what a doctest prepares is kept, because later lines use it', () => {
  expect(demands('>>> stack = Stack()\n>>> stack.size()\n0')).toEqual([
    ['stack = Stack()', undefined],
    ['stack.size()', '0'],
  ]);
});

test.each([
  ['f([1, 2]) ➞ True', 'f([1, 2])', 'True'],
  ['For example, f("a") == "b".', 'f("a")', '"b"'],
  ['* `f(1, n=2)` => {"a": 1}', 'f(1, n=2)', '{"a": 1}'],
  ['- f(-1.5) should return None', 'f(-1.5)', 'None'],
  ['f("x -> y") -> (1, 2) # as above', 'f("x -> y")', '(1, 2)'],
  ['f() returns [[]]', 'f()', '[[]]'],
  ['f(2) => true', 'f(2)', 'True'],
  ["f('a.b') # => 'No' (the name should be longer)", "f('a.b')", "'No'"],
  ['f("5 apples", 19) ->19 - 5 - 6 = 8', 'f("5 apples", 19)', '8'],
  ['assert f(["a"]) => ["a"]', 'f(["a"])', '["a"]'],
  ['Note that f(3) is 2, because nothing else is.', 'f(3)', '2'],
])('%s', (line, code, expected) => expect(demands(line)).toEqual([[code, expected]]));

test('several in one sentence', () => {
  expect(demands('It counts: f(0) == 0, f("(") == 1 and f([")"]) returns 2.')).toEqual([
    ['f(0)', '0'],
    ['f("(")', '1'],
    ['f([")"])', '2'],
  ]);
});

test('a call over several lines', () => {
  expect(demands('Examples:\nf([\n  [1, 2],\n  [3]\n], 1) == [(0, 0)]\nf([], 1) == []')).toEqual([
    ['f([\n[1, 2],\n[3]\n], 1)', '[(0, 0)]'],
    ['f([], 1)', '[]'],
  ]);
});

describe('of the function that is asked for', () => {
  const f = 'def f(nums, target):\n';
  test.each([
    ['Input: nums = [2, 7], target = 9\nOutput: [0, 1]', 'f(nums=[2, 7], target=9)', '[0, 1]'],
    ['**Input:** nums = [2, 7], target = 9\n**Output:** [0, 1]', 'f(nums=[2, 7], target=9)', '[0, 1]'],
    ['Input:\n    rows : [[1], [0]]\n    size : 1\nOutput: 6', 'f([[1], [0]], 1)', '6'],
    ['Input: [2, 7], 9   Output: 24 # the sum', 'f([2, 7], 9)', '24'],
    ['Sample input:\n[2, 7], 9\nSample output:\n[0, 1]', 'f([2, 7], 9)', '[0, 1]'],
    [
      'For nums = "abc", target = "c" the result should be (\'ab\', False).',
      'f(nums="abc", target="c")',
      "('ab', False)",
    ],
    ['Given `nums = []` and `target = 3`, it returns `-1`', 'f(nums=[], target=3)', '-1'],
    ['f(12, 15) = 14', 'f(12, 15)', '14'],
  ])('%s', (text, code, expected) => expect(demands(f + text)).toEqual([[code, expected]]));

  test.each([
    ['an input that is described', 'Input: a list of numbers\nOutput: 3'],
    ['an output that is described', 'Input: [1], 2\nOutput: the first one'],
    ['an input without an output', 'Input: [1], 2'],
    ['a value among words', 'For nums = [1], some of them, the result should be 3'],
  ])('%s is no example', (_what, text) => expect(demands(f + text)).toEqual([]));

  test('it may be named in a sentence', () => {
    expect(demands('Write a function `twice(n)`.\nInput: 4\nOutput: 8')).toEqual([['twice(4)', '8']]);
    expect(demands('Write it.\nInput: 4\nOutput: 8')).toEqual([]);
  });

  test('equations that define a sequence are not taken for results of the program that lists it', () => {
    const request = 'def tri(n):\n"""\ntri(1) = 3\ntri(4) = 3\nReturn the first ones.\ntri(3) = [1, 3, 2, 8]\n"""';
    expect(demands(request)).toEqual([['tri(3)', '[1, 3, 2, 8]']]);
  });

  test('a single value in brackets among tuples is a tuple', () => {
    const request = 'def f(a):\n  f(1) ==> (1, 2)\n  f(2) ==> ("a")\n  f(3) ==> ()';
    expect(demands(request).map(([, expected]) => expected)).toEqual(['(1, 2)', '("a",)', '()']);
  });
});

test('assert lines', () => {
  expect(demands('It must hold:\nassert f(1) == 2\n`assert f(2)`')).toEqual([
    ['assert f(1) == 2', undefined],
    ['assert f(2)', undefined],
  ]);
});

test.each([
  ['of some x', 'f(x) returns 3'],
  ['with a result in words', 'f(1) returns the first one'],
  ['in mathematics', 'tri(1) = 3 and tri(2) = 1 + (2 / 2) = 2'],
  ['that raises', '>>> f(0)\nTraceback (most recent call last):\nValueError'],
  ['of another function than the one that is asked for', 'def f(x):\n  """ Unlike g(1) == 2 """'],
  ['with brackets that do not close', 'assert f((1) == 2'],
])('a sentence %s is no example', (_what, request) => expect(demands(request)).toEqual([]));

test('the same example counts once, and there is a limit', () => {
  expect(demands('f(1) == 2\nf(1) == 2')).toHaveLength(1);
  expect(demands(Array.from({ length: 99 }, (_, i) => `f(${i}) == ${i}`).join('\n'))).toHaveLength(40);
});
