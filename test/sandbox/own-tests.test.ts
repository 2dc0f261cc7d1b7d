/** The own tests of JavaScript and TypeScript programs: the APIs of Jest, Vitest and Node must be available and have the same meaning. */
import { createHarness, passed, type Harness } from './fixtures';

let harness: Harness;
beforeAll(() => void (harness = createHarness()));
afterAll(() => harness.stop());

const GIVEN = `
import assert from 'node:assert';
import strictly from 'assert/strict';
import nodeTest, { describe as suite, it as nodeIt } from 'node:test';
import { vi, expect as expectOfVitest } from 'vitest';
class Bad extends Error {}
const boom = () => { throw new Bad('boom 7') };
`;

test('supports hooks, groups, tables, callbacks, and skipped tests', async () => {
  const program = `${GIVEN}
let n = 0;
describe('outer', () => {
  let given: number;
  beforeAll(() => { n = 10 });
  beforeEach(() => { given = ++n });
  afterEach(() => { n -= 1 });
  test('hooks', () => expect(given).toBe(11));
  describe('inner', () => { it('again', () => expect([given, n]).toEqual([11, 11])) });
  test.skip('skipped', () => expect(1).toBe(2));
});
test.todo('later');
test.each([[1, 2], [2, 4]])('doubles %d to %d', (a, b) => expect(a * 2).toBe(b));
test.each([{ a: 1, b: 1 }])('same $a', ({ a, b }) => expect(a).toBe(b));
test('is done later', (done) => { setTimeout(() => { expect(1).toBe(1); done() }, 5) });
test('is done with an error', (done) => { setTimeout(() => done(new Error('no')), 5) });
test('is never done', (done) => undefined);
nodeTest('has a context', (t) => assert.ok(t));
suite('of node', () => { nodeIt('is in a group', () => assert.ok(true)) });
`;
  const report = await harness.javascript(program, { ownTests: true });
  expect(passed(report)).toEqual([
    'the program loads',
    'outer hooks',
    'outer inner again',
    'doubles 1 to 2',
    'doubles 2 to 4',
    'same 1',
    'is done later',
    'has a context',
    'of node is in a group',
  ]);
  expect(report.checks.flatMap(({ passed: holds, error }) => (holds ? [] : [error?.split('\n')[0]]))).toEqual([
    'Error: no',
    'It waits for something that never comes.',
  ]);
});

test('runs only the tests that are marked with only, if there are some', async () => {
  const report = await harness.javascript("test('a', () => { throw 1 }); test.only('b', () => undefined)", {
    ownTests: true,
  });
  expect(passed(report)).toEqual(['the program loads', 'b']);
  expect(report.passed).toBe(true);
});

/** Assertions that pass. */
const HOLDS = [
  'expect({ a: 1, b: undefined }).toEqual({ a: 1 })',
  'expect({ a: 1, b: undefined }).not.toStrictEqual({ a: 1 })',
  'expect(new Set([1, 2])).toEqual(new Set([2, 1]))',
  "expect(new Map([['a', [1]]])).toEqual(new Map([['a', [1]]]))",
  'expect(/a/).toEqual(/a/); expect(/a/).not.toEqual(/b/)',
  "expect(new Error('a')).not.toEqual(new Error('b'))",
  'expect(new (class P { x = 1 })()).toEqual({ x: 1 })',
  'expect(5).toBeGreaterThanOrEqual(5); expect(5).toBeLessThanOrEqual(5); expect(NaN).toBeNaN()',
  "expect({ a: { b: [1, 2] } }).toHaveProperty('a.b[1]', 2); expect({ a: 1 }).not.toHaveProperty('b')",
  'expect({ a: 1, b: { c: 2, d: 3 } }).toMatchObject({ b: { c: 2 } })',
  'expect([{ a: 1 }]).toContainEqual({ a: 1 }); expect([1, "x"]).toEqual([expect.any(Number), expect.anything()])',
  'expect({ a: [1, 2] }).toEqual({ a: expect.arrayContaining([2]) })',
  "expect(boom).toThrow(); expect(boom).toThrow('boom'); expect(boom).toThrow(/7$/); expect(boom).toThrowError(Bad)",
  "expect(() => { const e = new Error('no'); e.name = 'Odd'; throw e }).toThrow(new Error('no'))",
  'expect(boom).not.toThrow(TypeError); expect(() => 1).not.toThrow()',
  "expect('a.c').toMatch('a.c'); expect('abc').not.toMatch('a.c'); expect('abc').toContain('b')",
  'expect(0.1 + 0.2).toBeCloseTo(0.3)',
  'await expect(Promise.resolve(3)).resolves.toBe(3); await expect(Promise.resolve(3)).resolves.not.toBe(4)',
  "await expect(Promise.reject(new Bad('no'))).rejects.toThrow('no')",
  'await expect(async () => boom()).rejects.toBeInstanceOf(Bad)',
  'const f = jest.fn((a) => a + 1); f(1); expect(f).toHaveBeenCalledWith(1); expect(f).toHaveBeenCalledTimes(1)',
  'const f = vi.fn().mockReturnValue(7).mockReturnValueOnce(6); expectOfVitest([f(), f()]).toEqual([6, 7])',
  "const o = { m: () => 1 }; const s = vi.spyOn(o, 'm').mockReturnValueOnce(5); expect([o.m(), o.m()]).toEqual([5, 1])",
  "assert.throws(boom, { message: 'boom 7' }); assert.throws(boom, Bad); assert.throws(boom, /boom/)",
  "assert.throws(boom, (error) => error.message === 'boom 7')",
  'await assert.rejects(async () => boom(), { message: /7/ }); await assert.doesNotReject(Promise.resolve(1))',
  "assert.equal(1, '1'); assert.deepEqual([1], ['1']); assert.match('abc', /b/); assert.ifError(null)",
  'assert.deepStrictEqual(new Set([1, 2]), new Set([2, 1])); strictly(true)',
];

/** Assertions that fail. */
const FAILS = [
  'expect({ a: 1 }).toEqual({ a: 2 })',
  'expect({ a: undefined }).toStrictEqual({})',
  'expect([1]).not.toEqual([1])',
  'expect({ a: 1 }).toMatchObject({ a: 1, b: 2 })',
  'expect(() => 1).toThrow()',
  "expect(boom).toThrow('bang')",
  "expect(boom).toThrow(new Bad('boom'))",
  'expect(boom).toThrow(TypeError)',
  'expect(4).toBeGreaterThanOrEqual(5)',
  'expect(jest.fn()).toHaveBeenCalled()',
  'await expect(Promise.resolve(1)).rejects.toThrow()',
  "await expect(Promise.reject(new Bad('no'))).resolves.toBe(1)",
  "assert.throws(boom, { message: 'other' })",
  'assert.throws(boom, () => false)',
  'assert.throws(boom, TypeError)',
  "assert.throws(() => 1, 'must throw')",
  'await assert.rejects(Promise.resolve(1))',
  "strictly.equal(1, '1')",
  "strictly.deepEqual([1], ['1'])",
  'assert.deepStrictEqual(new Set([1]), new Set([2]))',
  'assert.deepStrictEqual(/a/, /b/)',
];

test('assertions pass and fail like those of Jest and Node', async () => {
  const cases = [...HOLDS, ...FAILS].map((code, i) => `test('${i}', async () => { ${code} });`);
  const { checks } = await harness.javascript(`${GIVEN}${cases.join('\n')}`, { ownTests: true });
  const held = checks.flatMap(({ name, origin, passed: holds }) => (origin === 'own' && holds ? [Number(name)] : []));
  expect(held.map((i) => [...HOLDS, ...FAILS][i])).toEqual(HOLDS);
  expect(checks).toHaveLength(1 + HOLDS.length + FAILS.length);
});

test('a mock reports how often it was called, and with which arguments', async () => {
  const claims = [
    'expect(f).toHaveBeenCalledTimes(1)',
    'expect(f).toHaveBeenCalledWith(3)',
    'expect(f).not.toHaveBeenLastCalledWith(2)',
    'expect(f).toHaveReturnedWith(5)',
    'expect(jest.fn()).toHaveBeenCalled()',
  ];
  const tests = claims.map(
    (claim, i) => `test('${i}', () => { const f = jest.fn((a) => a * 2); f(1); f(2); ${claim} });`,
  );
  const { checks } = await harness.javascript(tests.join('\n'), { ownTests: true });
  const readable = (text = '') => text.replace(/\s+/g, ' ').replace(/ at <anonymous>.*/, '');
  expect(checks.flatMap(({ error }) => (error ? [readable(error)] : []))).toEqual([
    'Error: expect(jest.fn()).toHaveBeenCalledTimes(expected) Expected number of calls: 1 Received number of calls: 2',
    'Error: expect(jest.fn()).toHaveBeenCalledWith(...expected) Expected: 3 Received 1: 1 2: 2 Number of calls: 2',
    'Error: expect(jest.fn()).not.toHaveBeenLastCalledWith(...expected) Expected: not 2 Received 1: 1 -> 2: 2 Number of calls: 2',
    'Error: expect(jest.fn()).toHaveReturnedWith(expected) Expected: 5 Received 1: 2 2: 4 Number of returns: 2',
    'Error: expect(jest.fn()).toHaveBeenCalled() Expected number of calls: >= 1 Received number of calls: 0',
  ]);
});

test('supports earlier names of matchers, those of Vitest, and the number of expected assertions', async () => {
  const holds = [
    "expect(boom).toThrowError('boom'); await expect(Promise.reject(new Bad('no'))).rejects.toThrowError('no')",
    'const f = jest.fn(); f(1); expect(f).toBeCalledWith(1); expect(f).toBeCalledTimes(1); expect(f).toHaveBeenCalledOnce()',
    "expect(1).toBeTypeOf('number'); expect(4).toSatisfy((n) => n % 2 === 0)",
    'expect.assertions(1); expect(1).toBe(1)',
    'vi.setSystemTime(new Date(5)); expect(Date.now()).toBe(5); vi.useRealTimers(); expect(Date.now()).toBeGreaterThan(5)',
  ];
  const fails = [
    'expect(() => 1).toThrowError()',
    "expect(boom).not.toThrowError('boom')",
    "expect(1).toBeTypeOf('string')",
    'expect.assertions(2); expect(1).toBe(1)',
    'expect.hasAssertions()',
  ];
  const cases = [...fails, ...holds].map((code, i) => `test('${i}', async () => { ${code} });`);
  const { checks } = await harness.javascript(`${GIVEN}${cases.join('\n')}`, { ownTests: true });
  const held = checks.flatMap(({ name, origin, passed: holds }) => (origin === 'own' && holds ? [Number(name)] : []));
  expect(held.map((i) => [...fails, ...holds][i])).toEqual(holds);
});
