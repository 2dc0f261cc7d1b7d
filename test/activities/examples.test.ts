import { extractPythonExamples } from '../../src/verification/examples/python';
import { expectFast } from '../support/reading-time';

const demands = (request: string) => extractPythonExamples(request).map(({ code, expected }) => [code, expected]);

test('doctest examples with their expected values, over several lines', () => {
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

test('setup statements of a doctest are kept, because later lines use them', () => {
  expect(demands('>>> stack = Stack()\n>>> stack.size()\n0')).toEqual([
    ['stack = Stack()', undefined],
    ['stack.size()', '0'],
  ]);
});

test.each([
  ['>>> a, b = f(1)\n>>> a\n1', ['a, b = f(1)', 'a']],
  ['>>> first, *rest = f(1)\n>>> rest\n[2]', ['first, *rest = f(1)', 'rest']],
  ['>>> [x for (x, y) in f(1)]\n[1]', ['[x for (x, y) in f(1)]']],
  // these have no value: used as an expression, they would fail a correct program
  ['>>> if f(1): print(2)\n2', []],
  ['>>> while f(1): pass\n3', []],
  ['>>> print f(1)\n3', []],
])('distinguishes statements and expressions, %j', (doctest, codes) => {
  const request = `def f(a):\n    """\n    ${doctest.replaceAll('\n', '\n    ')}\n    """`;
  expect(demands(request).map(([code]) => code)).toEqual(codes);
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

describe('of the requested function', () => {
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
    ['a call without all arguments', 'If target = 0, the result is 0'],
    ['a call with too many arguments', 'Input: 1, 2, 3\nOutput: 6'],
    ['the first line of an output', 'Input: [1], 2\nOutput:\n1\n2\n3'],
    ['what a faulty program gives', 'Input: [1], 2\nActual output: 3\nExpected output: 4'],
    ['what is done in place', 'Modify nums in-place.\nInput: nums = [1], target = 2\nOutput: [2]'],
  ])('%s is not an example', (_what, text) => expect(demands(f + text)).toEqual([]));

  test.each([
    ['in blocks of code', 'Input:\n```\n[1], 2\n```\nOutput:\n```\n3\n```'],
    ['between headings', '### Input:\n`[1], 2`\n### Output:\n\n`3`'],
    ['with an arrow', '- Input: `[1], 2` → Output: `3`'],
  ])('input and output %s', (_where, text) => expect(demands(f + text)).toEqual([['f([1], 2)', '3']]));

  test('its parameters may have types and defaults', () => {
    const g = 'def f(a: Dict[str, int], b: Tuple[int, int] = (1, 2)) -> int:\n';
    expect(demands(`${g}Input: 1, 2\nOutput: 3`)).toEqual([['f(1, 2)', '3']]);
    expect(demands(`${g}For a = 1 the result is 3`)).toEqual([['f(a=1)', '3']]);
    expect(demands(`${g}Input: 1, 2, 3\nOutput: 3`)).toEqual([]);
    expect(demands('def f(head: ListNode):\nInput: head = [1, 2]\nOutput: 3')).toEqual([]);
  });

  test('it may be named in a sentence', () => {
    expect(demands('Write a function `twice(n)`.\nInput: 4\nOutput: 8')).toEqual([['twice(4)', '8']]);
    expect(demands('Write it.\nInput: 4\nOutput: 8')).toEqual([]);
  });

  test('equations that define a sequence are not results of a program that lists it', () => {
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

test('assert statements over several lines, and those with assigned variables', () => {
  const lines = ['assert f([\n1,\n2\n]) == 3', 'assert all(isinstance(f(i), int) for i in (1, 2)), "f(i)"'];
  expect(demands(lines.join('\n')).map(([code]) => code)).toEqual(lines);
});

test.each([
  ['of variables', 'def test():\n    x = 3\n    assert f(x) == 9\n    assert cache.get(1) == 1'],
  ['in words', 'assert that the result is sorted.'],
  ['that is no Python', 'assert f(1) = 2'],
])('an assert line %s is not an example', (_what, request) => expect(demands(request)).toEqual([]));

test('an assertion in words is an example', () => {
  expect(demands('assert f(1) equals 2')).toEqual([['f(1)', '2']]);
});

describe('a doctest', () => {
  test('may change its variables repeatedly', () => {
    const steps = '>>> s = Stack()\n>>> s.push(1)\n>>> s.push(1)\n>>> s.size()\n2\n';
    const codes = ['s = Stack()', 's.push(1)', 's.push(1)', 's.size()'];
    expect(demands(`class Stack:\n${steps}\n${steps}`).map(([code]) => code)).toEqual([...codes, ...codes]);
  });

  test.each([
    ['uses what nobody prepared', '>>> stack.push(1)\n>>> stack.pop()\n1'],
    ['gives an error in short', '>>> f(0)\nValueError: bad value'],
    ['leaves something out', '>>> f(1)\n[1, 2, ...]'],
    ['gives an address', '>>> f(1)\n<Foo object at 0x7f>'],
    ['is the mark of a conflict', '>>>>>>> branch\nf()'],
  ])('that %s is not an example', (_what, request) => expect(demands(request)).toEqual([]));

  test('may change its variables with a function', () => {
    const steps = '>>> nums = [2, 1]\n>>> sort_in_place(nums)\n>>> nums\n[1, 2]\n';
    expect(demands(`def sort_in_place(nums):\n${steps}`).map(([code]) => code)).toEqual([
      'nums = [2, 1]',
      'sort_in_place(nums)',
      'nums',
    ]);
  });

  test('with a statement that prints is executed, and its output is not compared', () => {
    expect(demands('>>> for n in f(2): print(n)\n0\n1\n')).toEqual([['for n in f(2): print(n)', undefined]]);
  });

  test('prints empty lines', () => {
    expect(demands('>>> print(f(1))\na\n<BLANKLINE>\nb\n')).toEqual([['print(f(1))', 'a\n\nb']]);
  });

  test('ends before the next sentence', () => {
    expect(demands('>>> f(1)\n2\nThis is because of it.')).toEqual([['f(1)', '2']]);
  });
});

describe('a bug report', () => {
  test.each([
    'Currently f(1) returns 3 but should return 2.',
    'f(1) returns 3, but it should be 2.',
    'f(1) == 3 # wrong, should be 2',
    'Bug: f(1) returns 3, expected 2',
    'f(1) returns 3. It should return 2.',
    'f(1) returns 3 but I expect 2',
    'f(1) should return 2 instead of 3.',
    'Expected f(1) to return 2 but got 3.',
    'Actual:\n```python\n>>> f(1)\n3\n```\nExpected:\n```python\n>>> f(1)\n2\n```',
    '- **Actual:** f(1) == 3\n- **Expected:** f(1) == 2',
    'Got f(1) == 3, want f(1) == 2',
    'def f(n):\nFor n = 5 it is so.\nf(1) = 3 (should be 2)',
    'f(1) returns 3. I want 2.',
    "It fails:\n>>> f(1)\n3\nI don't want f(1) == 3 any more.\nf(1) == 2",
  ])('%j requires the correct value', (request) => expect(demands(request)).toEqual([['f(1)', '2']]));

  test.each([
    'f(1) returns 3, which is wrong.',
    'f(1) returns 3, which is a bug.',
    "I don't want f(1) == 3.",
    'f(1) returns True, but 1 is not prime.',
    'The problem: f(1) returns 3',
    'I get the wrong result:\n\n>>> f(1)\n3\n\nPlease fix the code.',
  ])('%j requires nothing', (request) => expect(demands(request)).toEqual([]));

  test.each(['Fix the bug so that these hold:\nf(1) == 2', 'Examples where validation fails:\nf(1) == 2'])(
    '%j is not a bug report',
    (request) => expect(demands(request)).toEqual([['f(1)', '2']]),
  );

  test('requires its assertions and the examples after it', () => {
    expect(demands('The wrong ones:\nassert f(1) == 2\nf(3) == 3\nFix it.\nf(2) == 4').map(([code]) => code)).toEqual([
      'assert f(1) == 2',
      'f(2)',
    ]);
    expect(demands('f(1) returns 2, but f(2) returns 4, not 3')).toHaveLength(2);
  });
});

test.each([
  ['If f(1) returns 2, the loop ends.'],
  ['Suppose f(0) is 0; what happens?'],
  ['check whether f(1) is 2'],
  ['not f(1) == 2'],
  ['if (f(1) == 2) return true;'],
  ['f(1) + f(2) == 3'],
  ['2 * f(3) == 12'],
  ['2*f(3) == 12'],
  ['(1)-f(3) == 12'],
  ['f(1) and f(2) return 3 and 4'],
  ['f(1) returns 2, or 3'],
  ['f(2) -> 1.4142...'],
  ['close() -> None and reset(hard=True) -> None'],
  ['[a link](http://x.y/f(1)==2)'],
])('%s is not an example', (request) => expect(demands(request)).toEqual([]));

test.each([
  ['the order', 'f(1) == [1, 2]\nf(2) == [1]\nThe order of the output does not matter.', 'f(2)'],
  ['the order of several', 'f(1) == (1, 2)\nf(2) == 1. You may return the answer in any order.', 'f(2)'],
  ['the last digits', 'f(1) == 1.41\nf(2) == 4\nApproximate it.', 'f(2)'],
  ['which of several', 'Write f. f(1) == "aba" but "bab" is also a valid answer.', undefined],
])('if %s is arbitrary, an example does not determine it', (_what, request, code) =>
  expect(demands(request).map(([first]) => first)).toEqual(code ? [code] : []),
);

test.each([
  ['**f(1)** == 2', 'f(1)', '2'],
  ['- **`f(1)`** returns **`2`**', 'f(1)', '2'],
  ['I want f("a") to return "b"', 'f("a")', '"b"'],
  ['f(1) gives 2', 'f(1)', '2'],
  ['print(f(1))  # 2', 'print(f(1))', '2'],
  ['print(f(1))  # "2"', 'f(1)', '"2"'],
])('%s', (line, code, expected) => expect(demands(line)).toEqual([[code, expected]]));

test.each([
  ['calls', 'f('],
  ['examples', 'f(1) == 2, '],
  ['lines', '\n'],
  ['open lines', 'f(\n'],
  ['definitions', 'def f(\n'],
  ['doctests', '>>> f(1)\n2\n'],
  ['reports', 'currently: '],
  ['labels', 'def f(x):\nInput: 1\n- output x'],
  ['sets', 'f({1, 2, 3}) == {1, 2}\n'],
])('many %s are read in linear time', async (what, part) => {
  await expectFast(what, () => demands(part.repeat(100_000 / part.length)), 4000);
});

test.each([
  ['of some x', 'f(x) returns 3'],
  ['with a result in words', 'f(1) returns the first one'],
  ['in mathematics', 'tri(1) = 3 and tri(2) = 1 + (2 / 2) = 2'],
  ['that raises', '>>> f(0)\nTraceback (most recent call last):\nValueError'],
  ['of another function than the one that is asked for', 'def f(x):\n  """ Unlike g(1) == 2 """'],
  ['with brackets that do not close', 'assert f((1) == 2'],
])('a sentence %s is not an example', (_what, request) => expect(demands(request)).toEqual([]));

test('a repeated example counts once, and the number of examples is limited', () => {
  expect(demands('f(1) == 2\nf(1) == 2')).toHaveLength(1);
  expect(demands(Array.from({ length: 99 }, (_, i) => `f(${i}) == ${i}`).join('\n'))).toHaveLength(40);
});
