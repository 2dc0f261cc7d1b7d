import { extractJavaScriptExamples } from '../../src/verification/examples/javascript';
import { expectFast } from '../support/reading-time';

const PROGRAM = `
export function add(a, b) { return a + b; }
export default async function load(id) { return id; }
const isEven = (n: number): boolean => n % 2 === 0;
const slug: (text: string) => string = (text) => text;
let sum = function (list) { return 0; };
const fib = memoize((n) => n);
`;
const demands = (request: string, program = PROGRAM) =>
  extractJavaScriptExamples(request, program).map(({ code, expected }) => [code, expected]);

test.each([
  ["Write a JavaScript function slug; slug('A B') should give 'a-b'", "slug('A B')", "'a-b'"],
  ['add(2, 3) returns 5', 'add(2, 3)', '5'],
  ['isEven(3) // false', 'isEven(3)', 'false'],
  ['`sum([1,2]) === 3`', 'sum([1,2])', '3'],
  ['- `add(2, 3)` returns `5`.', 'add(2, 3)', '5'],
  ['`add(2, 3)` → `5`', 'add(2, 3)', '5'],
  ['add(1, 2) === 3;', 'add(1, 2)', '3'],
  ['add(1, 2) == 3', 'add(1, 2)', '3'],
  ['add(1, 2); // => 3', 'add(1, 2)', '3'],
  ['* @example add(1, 2) // returns 3', 'add(1, 2)', '3'],
  ['For example: add(1, 2) // 3', 'add(1, 2)', '3'],
  ['add(1, 2);\n// → 3', 'add(1, 2)', '3'],
  ['const three = add(1, 2); // 3', 'add(1, 2)', '3'],
  ['console.log(add(1, 2)); // 3', 'console.log(add(1, 2))', '3'],
  ['console.log(add(1, 2)) // Expected output: 3', 'console.log(add(1, 2))', '3'],
  ["console.log(slug('A')) // 'a'", "slug('A')", "'a'"],
  ['console.log(sum([])) // [1, "2", { a: null }]', 'console.log(sum([]))', '[1, "2", { a: null }]'],
  ['console.assert(add(1, 2) === 3);', 'add(1, 2)', '3'],
  ['assert(add(1, 2) === 3)', 'add(1, 2)', '3'],
  ['assert.strictEqual(add(1, 2), 3);', 'add(1, 2)', '3'],
  ['expect(add(1, 2)).toBe(3);', 'add(1, 2)', '3'],
  ['await expect(load(1)).resolves.toEqual({ id: 1 });', 'load(1)', '{ id: 1 }'],
  ['load(1) resolves to {id: 1, tags: ["a"], more: undefined}', 'load(1)', '{id: 1, tags: ["a"], more: undefined}'],
  ["sum([{price: 1, 'n': 2}]) must be 2", "sum([{price: 1, 'n': 2}])", '2'],
  ['add(undefined, null) should be NaN', 'add(undefined, null)', 'NaN'],
  ['I expect add(1, 2) to be 3', 'add(1, 2)', '3'],
  ['It tells if a number is even: isEven(3) is false', 'isEven(3)', 'false'],
  ['fib(10) is 55, because it is.', 'fib(10)', '55'],
  ['>>> isEven(2)\ntrue', 'isEven(2)', 'true'],
  ['> isEven(2)\ntrue', 'isEven(2)', 'true'],
  ['```js\nisEven(2) // true\n```', 'isEven(2)', 'true'],
])('%j', (request, code, expected) => expect(demands(request)).toEqual([[code, expected]]));

test('several examples in one sentence and over several lines', () => {
  expect(demands('add(0, 0) === 0, add(0, 1) === 1 and sum([\n 1,\n 2\n]) returns 3.')).toEqual([
    ['add(0, 0)', '0'],
    ['add(0, 1)', '1'],
    ['sum([\n1,\n2\n])', '3'],
  ]);
  const tests = "test('adds', () => {\n  expect(add(1, 2)).toBe(3);\n  expect(sum([1])).toEqual(1);\n});";
  expect(demands(tests)).toHaveLength(2);
});

describe('not an example:', () => {
  test.each([
    // reports of what goes wrong
    'add(2, 3) currently returns 3.',
    'Currently add(2, 3) returns 3.',
    'The function is broken: add(2, 3) returns 3',
    'It has a bug because add(2, 3) === 3',
    'Please debug this:\nconsole.log(add(2, 3)) // 6',
    "My code does not work.\n```js\nadd(2, 3) // '23'\n```",
    'This is what my function does:\nadd(2, 3) // 6',
    'I get:\nadd(2, 3) // 6',
    'add(2, 3) returns 6, which is wrong.',
    'add(2, 3) // 6, wrong',
    'Why does add(2, 3) return 6 and not 5?',
    // conditions and parts of larger expressions
    'If add(2, 3) returns 5, stop.',
    'Suppose add(2, 3) is 5',
    'if calling add(2, 3) returns 5, stop',
    'It should not be that add(2, 3) === 6',
    'Avoid add(2, 3) === 6',
    'add(2, 3) === 6, which is forbidden',
    'if (add(2, 3) === 5) return true;',
    'const ok = add(2, 3) === 6;',
    'console.log(add(2, 3) === 6) // false',
    'add(2, 3) === 6 // false',
    'expect(add(2, 3) === 6).toBe(false)',
    'expect(add(2, 3)).not.toBe(6)',
    'add(2, 3) !== 6',
    '!isEven(3) // true',
    'assert(!isEven(3) === true)',
    '-add(2, 3) // -5',
    'const x = 1 + add(2, 3); // 6',
    'x - add(2, 3) === 1',
    'typeof add(2, 3) // "number"',
    'typeof add(2, 3) === "number"',
    'add(add(1, 2), 3) // 6',
    'add(2, 3).toFixed(2) // "5.00"',
    'add(1, 2)(3) // 6',
    '[add(1, 2), 3] // 3',
    'ready ? add(1, 2) : 0 // 3',
    'ok && add(1, 2) // 3',
    // values that cannot be parsed with certainty
    'add(2, 3) returns None',
    'add(2, 3) returns True',
    'add(2, 3) returns (2, 3)',
    'add(2, 3) returns {2, 3}',
    'add(2, b=3) returns 5',
    'add(a, b) returns 5',
    'add(...[2, 3]) // 5',
    'add(2, 3) // 5.00',
    'add(2, 3) // `5`',
    'add(2, 3) // 5n',
    'add(2, 3) // 1. the simple case',
    'add(2, 3) // 2 numbers',
    'add(2, 3) // five',
    'add(2, 3) === "5".length',
    'add(2, 3) === 2 + 3',
    'add(2, 3) === 5 || add(2, 3) === 6',
    'add(2, 3) returns 5 or 6',
    'isEven(3) returns true/false',
    'add(2, 3) = 5',
    'sum([1, ...]) // 3',
    'add() // 0',
    // other languages
    'In Python, add(2, 3) returns 5.',
    'The Ruby method add(2, 3) gives 5',
    '```python\nadd(2, 3) == 5\n```',
    'def add(a, b):\n  """\n  >>> add(2, 3)\n  5\n  """',
    // functions that the program does not define at a reachable place
    'other(2, 3) returns 5',
    'calculator.add(2, 3) // 5',
    'new add(2, 3) // 5',
    'memoize(2) returns 5',
    'constructor(2) returns 5',
  ])('%j', (request) => expect(demands(request)).toEqual([]));
});

test.each([
  ['function inner', 'function outer() {\n  function add(a, b) {}\n}'],
  ['a method', 'class Calculator {\n  add(a, b) {}\n}'],
  ['a generator', 'function* add(a, b) {}'],
  ['a value', 'const add = 5;'],
  ['in a program that waits', 'function add(a, b) {}\nconsole.log(await add(1, 2));'],
  ['in a program that waits in a block', 'function add(a, b) {}\ntry {\n  await add(1, 2);\n} catch {}'],
])('%s has no example', (_what, program) => expect(demands('add(2, 3) returns 5', program)).toEqual([]));

test('an expected value counts even in a request for a repair', () => {
  expect(demands('Fix the bug: add(2, 3) returns 6 but should return 5.')).toEqual([['add(2, 3)', '5']]);
  expect(demands('It is broken. add(2, 3) should return 5 instead of 6')).toEqual([['add(2, 3)', '5']]);
  expect(demands('It is broken.\nadd(2, 3) // should be 5')).toEqual([['add(2, 3)', '5']]);
  expect(demands('This test fails:\nassert.equal(add(2, 3), 5)')).toEqual([]);
});

test('calls with contradictory or ambiguous results are not examples', () => {
  expect(demands('add(1, 1) // 1\nadd(1, 1) // 2\nadd(2, 1) // 3\nadd(2, 1) === 3')).toEqual([['add(2, 1)', '3']]);
  expect(demands('sum([1]) // [1, 2]\nfib(1) // 1\nThe order does not matter: any order will do.')).toEqual([
    ['fib(1)', '1'],
  ]);
});

test('the number of examples is limited', () => {
  expect(demands(Array.from({ length: 99 }, (_, i) => `fib(${i}) === ${i}`).join('\n'))).toHaveLength(40);
});

test.each([
  'add(',
  'add(1) // 2 ',
  'add(1) === 2, ',
  '\n',
  'add(\n',
  '```python\n',
  '> add(1)\n2\n',
  'add({a: [1',
  "add('",
])('many %j are read in linear time', async (part) => {
  const many = part.repeat(100_000 / part.length);
  await expectFast('request', () => demands(many), 2000);
  await expectFast('program', () => demands('add(1) // 2', `const add = ${many}`), 2000);
});
