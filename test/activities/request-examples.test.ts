import { examplesOf } from '../../src/activities/request-examples';

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
])('%s', (line, code, expected) => expect(demands(line)).toEqual([[code, expected]]));

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
