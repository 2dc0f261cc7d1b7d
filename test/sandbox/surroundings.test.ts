/** The environment of JavaScript programs: it behaves as in Node, or is reported as missing, and never makes a correct program fail. */
import { createHarness, demand, readError, passed, type Harness } from './fixtures';

let harness: Harness;
beforeAll(() => void (harness = createHarness()));
afterAll(() => harness.stop());

/** Statements that hold in Node. */
const HOLDS = [
  `const E = require('events'); let n = 0; const e = new E(); e.once('a', (x) => (n += x)); e.emit('a', 2); e.emit('a', 2); same(n, 2)`,
  `const path = require('node:path'); same(path.join('a', '..', 'b', 'c.ts'), 'b/c.ts'); same(path.extname('x.ts'), '.ts')`,
  `same(Buffer.from('hello').toString('base64'), 'aGVsbG8='); same(require('buffer').Buffer.from('68c3a9', 'hex').toString(), 'hé')`,
  `const util = require('util'); same(util.format('%s has %d: %j', 'a', 2, { b: 1 }), 'a has 2: {"b":1}'); same(util.inspect({ a: [1] }), '{ a: [ 1 ] }')`,
  `same(require('util').isDeepStrictEqual({ a: [1] }, { a: [1] }), true); same(await require('util').promisify((x, done) => done(null, x + 1))(2), 3)`,
  `const o = { m: new Map([[1, { d: new Date(5) }]]), s: new Set([1]), l: [1, , 3] }; o.self = o; const c = structuredClone(o);
   same([c.m.get(1).d.getTime(), c.s.has(1), c.self === c, c.m !== o.m, c.l.length], [5, true, true, true, 3]); throws(() => structuredClone(() => 1))`,
  `same([...new TextEncoder().encode('hé€')], [104, 195, 169, 226, 130, 172]); same(new TextDecoder().decode(new TextEncoder().encode('hé€😀')), 'hé€😀')`,
  `same([btoa('hello'), btoa('ab'), btoa('a'), atob('aGVsbG8='), atob(btoa('abc'))], ['aGVsbG8=', 'YWI=', 'YQ==', 'hello', 'abc'])`,
  `const c = new AbortController(); let n = 0; c.signal.addEventListener('abort', () => n++, { once: true }); c.abort(); c.abort();
   same([n, c.signal.aborted, c.signal.reason.name], [1, true, 'AbortError']); throws(() => c.signal.throwIfAborted()); same(AbortSignal.abort(7).reason, 7)`,
  `const t = new EventTarget(); let got; t.addEventListener('x', (e) => (got = e.detail)); t.dispatchEvent(new CustomEvent('x', { detail: 3 })); same(got, 3)`,
  `same(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(crypto.randomUUID()), true); same(crypto.getRandomValues(new Uint8Array(4)).length, 4); const filled = new Uint32Array(8); same([crypto.getRandomValues(filled) === filled, filled.some(Boolean)], [true, true])`,
  `same(['b', 'a', 'C', 'ä'].sort((x, y) => x.localeCompare(y)), ['a', 'ä', 'b', 'C']); same('a'.localeCompare('A', undefined, { sensitivity: 'base' }), 0)`,
  `same((1234567.891).toLocaleString(), '1,234,567.891'); same((0.256).toLocaleString('de-DE', { style: 'percent', maximumFractionDigits: 1 }), '25,6\\u00a0%')`,
  `same(new Intl.NumberFormat('en-US', { style: 'currency', currency: 'USD' }).format(1234.5), '$1,234.50'); throws(() => new Intl.NumberFormat('en', { style: 'currency' }))`,
  `const d = new Date(Date.UTC(2024, 1, 29, 12)); same(d.toLocaleDateString('en-US', { timeZone: 'UTC' }), '2/29/2024');
   same(new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', dateStyle: 'medium' }).format(d), '29 Feb 2024')`,
  `same([new Intl.PluralRules('en').select(1), new Intl.ListFormat('en').format(['a', 'b', 'c'])], ['one', 'a, b, and c'])`,
  `const at = Date.now(); await new Promise((done) => setTimeout(done, 60_000)); const passed = Date.now() - at; same([passed >= 60_000, passed < 70_000], [true, true])`,
  `const { setTimeout: sleep } = require('timers/promises'); const at = performance.now(); same(await sleep(500, 'x'), 'x'); same(performance.now() - at >= 500, true)`,
  `same([new Date(0).getTime(), new Date() instanceof Date, typeof Date(), Date.UTC(1970, 0), new Date(2024, 0, 31).getDate()], [0, true, 'string', 0, 31]); class D extends Date {}; same(new D(3).getTime(), 3)`,
  `const t = setInterval(() => clearInterval(t), 5); t.unref?.(); clearImmediate(setImmediate(() => fail())); process.nextTick((x) => x, 1); process.on('exit', () => 1)`,
  `same(process.hrtime.bigint() <= process.hrtime.bigint(), true); same([process.argv.length, process.cwd(), typeof process.uptime()], [2, '/program', 'number'])`,
  `console.time('a'); console.timeEnd('a'); console.group('g'); console.dir({ a: 1 }); console.groupEnd(); console.count(); console.table([1]); console.trace('t')`,
  `same([require.main === module, typeof __filename, global === globalThis], [true, 'string', true])`,
  `const deep = (n) => (n === 0 ? 0 : 1 + deep(n - 1)); same(deep(2000), 2000); let e; const endless = () => endless() + 1; try { endless() } catch (error) { e = error } same(e instanceof RangeError, true)`,
];

test.each(HOLDS.map((code, i) => [i, code] as const))('holds as in Node, %#', async (_i, code) => {
  const program = `const assert = require('assert');
const same = (got, expected) => assert.deepStrictEqual(got, expected);
const throws = (run) => assert.throws(run);
const fail = () => assert.fail('It must not come to this.');
test('it', async () => { ${code} });`;
  const report = await harness.javascript(program, { ownTests: true });
  expect(report.checks.flatMap(({ error }) => error ?? [])).toEqual([]);
  expect(passed(report)).toEqual(['the program loads', 'it']);
});

test('values are printed as in Node, and nested more deeply', async () => {
  const program = `
console.log(new (class Point { x = 1; name = 'a' })(), new Map([['k', { n: [1] }]]), new Set(['a']), { href: 'b' });
console.log([[[[1]]]], null, undefined, -0, 5n, Symbol('s'), () => 1, [undefined, 'x'], 'plain', 1.5, true);
console.log('%s is %d: %j', 'a', 2, { b: 1 }, [3]);
console.dir({ a: new Date(0) }); console.log(); console.log('');
require('assert').throws(() => require('assert').deepStrictEqual(new (class A { a = 1 })(), new (class B { a = 1 })()));`;
  const report = await harness.javascript(program);
  expect(report.checks).toEqual([{ name: 'the program loads', origin: 'load', passed: true }]);
  expect(report.output.split('\n')).toEqual([
    "Point { x: 1, name: 'a' } Map(1) { 'k' => { n: [ 1 ] } } Set(1) { 'a' } { href: 'b' }",
    "[ [ [ [ 1 ] ] ] ] null undefined -0 5n Symbol(s) [Function (anonymous)] [ undefined, 'x' ] plain 1.5 true",
    'a is 2: {"b":1} [ 3 ]',
    '{ a: 1970-01-01T00:00:00.000Z }',
    '',
    '',
    '',
  ]);
});

test('fake timers affect only the test that uses them', async () => {
  const program = `
const debounce = (run, ms) => { let t; return (...given) => { clearTimeout(t); t = setTimeout(() => run(...given), ms) } };
beforeEach(() => { jest.useFakeTimers() });
afterEach(() => { jest.useRealTimers() });
test('debounces', () => {
  const run = jest.fn();
  const called = debounce(run, 100);
  called(1); jest.advanceTimersByTime(99); called(2); jest.advanceTimersByTime(99);
  expect(run).not.toHaveBeenCalled();
  jest.advanceTimersByTime(1);
  expect(run.mock.calls).toEqual([[2]]);
});
test('runs all, also those that come later', () => {
  const run = jest.fn();
  setTimeout(() => setTimeout(run, 1000), 1000);
  jest.runOnlyPendingTimers(); expect(run).not.toHaveBeenCalled();
  jest.runAllTimers(); expect(run).toHaveBeenCalledTimes(1);
});
test('lets promises go on', async () => {
  let n = 0;
  (async () => { for (let i = 0; i < 3; i++) { await new Promise((done) => setTimeout(done, 10)); n++ } })();
  await vi.advanceTimersByTimeAsync(20);
  expect(n).toBe(2);
});
test('stands where it is put', () => {
  jest.setSystemTime(new Date('2030-01-01T00:00:00Z'));
  expect(new Date().getUTCFullYear()).toBe(2030);
  jest.advanceTimersByTime(1000);
  expect(Date.now() - new Date('2030-01-01T00:00:01Z').getTime()).toBeLessThan(1000);
});`;
  const report = await harness.javascript(program, { ownTests: true });
  expect(report.checks.flatMap(({ error }) => error ?? [])).toEqual([]);
  expect(passed(report)).toHaveLength(5);
});

test.each(['fetch("http://a")', 'new URL("http://a")', 'document.title', 'new WebSocket("ws://a")'])(
  'a program that needs an API of Node or of a browser that the sandbox lacks is not executed: %s',
  async (code) => {
    const [name] = /\w+(?=[(."])/.exec(code.replace('new ', '')) ?? [];
    for (const program of [code, `test('it', () => { ${code} })`]) {
      const report = await harness.javascript(program, { ownTests: true });
      expect(report).toMatchObject({ executed: false, reason: `It needs what the sandbox does not have: ${name}.` });
    }
  },
);

test('an unknown name is an error', async () => {
  expect(readError(await harness.javascript('nobody()'))).toContain("'nobody' is not defined");
});

test('a program that exits with code 0 has loaded and is still checked; with another code it has failed', async () => {
  const checks = [demand('f(2)', '4')];
  const program = (code: string) =>
    `function f(x) { return x * x }\nconsole.log('done');\nprocess.exit(${code});\nnobody();`;
  expect((await harness.javascript(program('0'), { checks })).passed).toBe(true);
  expect((await harness.javascript(program(''), { checks })).passed).toBe(true);
  expect(readError(await harness.javascript(program('1')))).toContain('process.exit(1)');
  expect(readError(await harness.javascript("test('it', () => process.exit(0))", { ownTests: true }))).toContain(
    'left before',
  );
});
