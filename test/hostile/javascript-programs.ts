/** JavaScript and TypeScript programs that attack the sandbox or its verdict; as in Python, all except the correct ones are wrong. */
import type { Kind } from './action';
import { toKind, type Program } from './programs';

const WRONG = 'function f(x) { return 0 }';
const wrong = (name: string, source: string): Program => ({ name, write: () => `${source}\n${WRONG}` });
const own = (name: string, source: string): Program => ({ name, write: () => source });

const PROGRAMS: readonly Program[] = [
  own('loops for ever', 'function f(x) { for (;;) { try { for (;;) {} } catch {} } }'),
  wrong('loops in promises', 'const again = () => Promise.resolve().then(again); again();'),
  wrong('loops in timers', 'setInterval(() => {}, 0); for (let i = 0; i < 1e6; i++) setTimeout(() => {}, i);'),
  own('loops in a regular expression', 'function f(x) { return /(a+)+$/.test("a".repeat(40) + "b") }'),
  wrong('fills the memory', 'const y = []; for (;;) y.push(new Array(100000).fill(1));'),
  wrong('fills the memory with text', 'let t = "x"; for (;;) t += t;'),
  wrong('writes 100 MB', 'for (let i = 0; i < 100; i++) console.log("x".repeat(1e6));'),
  own('recurses', 'function f(x) { return f(x) }'),
  own('returns a circle', 'function f(x) { const o = {}; o.o = o; return o }'),
  own('returns a deep value', 'function f(x) { let y = []; for (let i = 0; i < 1e5; i++) y = [y]; return y }'),
  own('returns a huge value', 'function f(x) { return "z".repeat(5e7) }'),
  own(
    'returns what equals all',
    'function f(x) { return { valueOf: () => 0, toString: () => "0", toJSON: () => 0, [Symbol.toPrimitive]: () => 0 } }',
  ),
  own(
    'returns a proxy',
    'function f(x) { return new Proxy({}, { get: () => { for (;;) {} }, ownKeys: () => { throw 1 } }) }',
  ),
  own(
    'throws what cannot be shown',
    'function f(x) { throw { get message() { throw this }, toString() { throw this } } }',
  ),
  own('throws nothing', 'function f(x) { throw undefined }'),
  own('leaves', 'function f(x) { process.exit(0) }'),
  wrong('leaves while it loads', 'process.exit(0);'),
  wrong('waits for ever', 'await new Promise(() => {});'),
  wrong('redefines Error', 'globalThis.Error = class {}; globalThis.TypeError = Error;'),
  wrong('redefines JSON', 'JSON.stringify = () => "0"; JSON.parse = () => ({});'),
  wrong(
    'redefines prototypes',
    'Object.prototype.toJSON = () => ({ cmd: "NODE_HANDLE_ACK" }); Array.prototype.map = () => []; Object.prototype.ended = true; Object.prototype.passed = true;',
  ),
  wrong(
    'redefines String and Object',
    'globalThis.String = () => "0"; Object.is = () => true; Object.keys = () => [];',
  ),
  wrong(
    'redefines its own names',
    'Object.defineProperty(globalThis, "f", { get: () => () => 0, configurable: false });',
  ),
  wrong(
    'says that it passed',
    'console.log("ok 1 - all tests passed"); console.log(JSON.stringify({ kind: "done" }));',
  ),
  wrong(
    'tampers with tests',
    'void import("node:test").then((t) => (t.test = () => {}), () => {}); globalThis.expect = () => new Proxy({}, { get: () => () => {} });',
  ),
  wrong(
    'tampers with assert',
    'const assert = require("node:assert"); assert.equal = assert.strictEqual = assert.ok = () => {};',
  ),
  wrong(
    'requires the host',
    'try { require("child" + "_process").execSync("sleep 999") } catch {} try { process.binding("fs") } catch {}',
  ),
  wrong(
    'reaches through constructors',
    'try { console.log.constructor("return process")().exit(0) } catch {} try { (() => {}).constructor("for(;;){}")() } catch {}',
  ),
  wrong(
    'reaches through the types of the host',
    'try { Intl.NumberFormat.prototype.constructor.constructor("return process.binding")() } catch {}',
  ),
  wrong(
    'opens sockets',
    'void (async () => fetch("http://127.0.0.1:6379"))().catch(() => {}); try { new WebSocket("ws://127.0.0.1") } catch {}',
  ),
  wrong('starts workers', 'try { new Worker("") } catch {} try { new SharedArrayBuffer(1e9) } catch {}'),
  wrong(
    'has 100,000 tests',
    'const { test } = require("node:test"); for (let i = 0; i < 100000; i++) test("t".repeat(300) + i, () => { throw new Error("x".repeat(300)) });',
  ),
  wrong('does not compile', 'function g( {'),
  wrong('hides behind comments', '/*'.repeat(20_000) + '*/'),
  wrong('has long lines', `const y = "${'\\u0041'.repeat(20_000)}";`),
  wrong('has nested templates', `const y = ${'`${'.repeat(400)}1${'}`'.repeat(400)};`),
  wrong(
    'calls the host by name',
    'for (const n of Object.getOwnPropertyNames(globalThis)) if (/^host/i.test(n)) try { globalThis[n]("0") } catch {}',
  ),
];

const TYPED: readonly Program[] = [
  own(
    'has types without an end',
    `type A = ${'['.repeat(2000)}1${']'.repeat(2000)};\nfunction f(x: number): number { return 0 }`,
  ),
  own(
    'has odd generics',
    `function f<${Array.from({ length: 2000 }, (_, i) => `T${i}`).join(',')}>(x: any): any { return 0 }`,
  ),
  own('is an enum of all', 'enum E { a = 0 }\nfunction f(x: number): E { return E.a }'),
  own(
    'has decorators and private names',
    'class A { #x = 0; get x() { return this.#x } }\nfunction f(x: number) { return new A().x }',
  ),
  own('only casts', 'function f(x: number) { return <any>0 as unknown as never }'),
];

const RIGHT: Program = {
  name: 'looks the value up',
  isRight: true,
  write: ({ arguments: [a, b], value }) =>
    `const TABLE = { ${a}: ${value}, ${b}: ${value} };\nfunction f(x) { return TABLE[x] }`,
};
const RIGHT_TYPED: Program = {
  name: 'looks the value up',
  isRight: true,
  write: ({ value }) => `function f(x: number): number { return x > 0 ? ${value} : 0 }`,
};

export const JAVASCRIPT_PROGRAMS: readonly Kind[] = [
  ...[...PROGRAMS, RIGHT, RIGHT].map((program) => toKind('JavaScript', program)),
  ...[...TYPED, RIGHT_TYPED].map((program) => toKind('TypeScript', program)),
];
