/** The calls with which programs are compared, and the agreement of their results. */
import { compareOutcomes } from '../../src/verification/agreement/agreement';
import { makeProbes } from '../../src/verification/agreement/probes';

describe('the calls', () => {
  const DOUBLE = 'def double(x):\n    return 2 * x';

  test('begin with those of the request, then those of the programs, then variations of these', () => {
    const tested = `${DOUBLE}\n\nassert double(7) == 14`;
    const calls = makeProbes('Write double: double(3) returns 6.', [DOUBLE, tested]);
    expect(calls.slice(0, 2)).toEqual(['double(3)', 'double(7)']);
    expect(calls).toEqual(expect.arrayContaining(['double(4)', 'double(2)', 'double(0)', 'double(-3)']));
    expect(new Set(calls).size).toBe(calls.length);
  });

  test.each([
    ['f("abc")', ['f("")', 'f("cba")', 'f("ABC")']],
    ['f([1, 2])', ['f([])', 'f([2, 1])', 'f([1])', 'f([2, 2])', 'f([-1, -2])']],
    ['f([[0, -1.5], "a", True])', ['f([[0, 1.5], "a", True])']],
    ['f((1, 2))', ['f(())', 'f((2, 1,))']],
    ['f({"a": 1})', ['f({})']],
    ['f({1, 2})', ['f(set())']],
    ['f(True)', ['f(False)']],
    ['f(1.5)', ['f(2.00)', 'f(-1.50)']],
    ['f(1, k=[2])', ['f(2, k=[2])', 'f(1, k=[])']],
    ['f("it\'s \\"so\\"")', ['f("it\'s \\"so\\"")', 'f("")']],
  ])('variations of %s', (call, expected) => {
    expect(makeProbes(`>>> ${call}\n1`, ['def f(x, k=None):\n    pass'])).toEqual(expect.arrayContaining(expected));
  });

  test('are guessed if there are none, with one value for each required argument', () => {
    const calls = makeProbes('Add two things.', ['def add(a, b, c=1):\n    return a + b']);
    expect(calls.length).toBeGreaterThan(10);
    expect(calls).toEqual(expect.arrayContaining(['add(2, 1)', 'add("abc", "a")']));
    const typed = 'def add(a: Tuple[int, int], b: Dict[str, int] = {}, *rest):\n    return a';
    expect(makeProbes('Add two things.', [typed])).toContain('add("abc")');
  });

  test('use only functions that all programs define, not their tests', () => {
    const first =
      'def f(x):\n    return x\ndef helper(x):\n    return x\ndef test_f():\n    assert f(1) == 1 and helper(2) == 2';
    const second = 'def f(x):\n    return x\ndef test_f():\n    pass';
    expect(makeProbes('', [first, second]).every((call) => call.startsWith('f('))).toBe(true);
    expect(makeProbes('', [first, 'def g(x):\n    return x'])).toEqual([]);
  });

  test('are limited in number, whatever the request contains', () => {
    const request = Array.from({ length: 500 }, (_, i) => `double(${i}) == ${2 * i}`).join('\n');
    expect(makeProbes(request, [DOUBLE]).length).toBeLessThanOrEqual(48);
  });
});

describe('the agreement', () => {
  test('counts programs that return the same in all calls that both answer', () => {
    const { calls, agreeing, support } = compareOutcomes([
      ['4', '6', undefined],
      ['4', '6', '0'],
      ['4', '7', '0'],
    ]);
    expect(calls).toBe(3);
    expect(agreeing).toEqual([2, 2, 1]);
    expect(support).toEqual([3, 4, 3]);
  });

  test.each([
    ['0.1', '0.10000000000000002'],
    ['2', '2.0'],
    ['True', '1'],
    ["{'a': 1, 'b': 2}", "{'b': 2, 'a': 1}"],
    ['{1, 2}', '{2, 1}'],
    ["'a'", '"a"'],
  ])('%s equals %s', (one, other) => {
    expect(compareOutcomes([[one], [other]]).agreeing).toEqual([2, 2]);
  });

  test.each([
    ['[1, 2]', '(1, 2)'],
    ['12345678901234567890', '12345678901234567891'],
    ["'1'", '1'],
    ['None', '0'],
    ['[1, 2]', '[2, 1]'],
  ])('%s does not equal %s', (one, other) => {
    expect(compareOutcomes([[one], [other]]).agreeing).toEqual([1, 1]);
  });

  test('an object shown only by its address is no result, and programs without results do not agree', () => {
    const thing = '<__main__.Thing object at 0x1a2b>';
    expect(compareOutcomes([[thing], [thing]])).toEqual({ calls: 0, support: [0, 0], agreeing: [1, 1] });
    expect(compareOutcomes([[], []])).toEqual({ calls: 0, support: [0, 0], agreeing: [1, 1] });
  });
});
