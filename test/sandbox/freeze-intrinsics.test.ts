/** The language in a child after freezing: built-ins cannot be changed, and programs work as before. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const GUEST = path.join(__dirname, '../../dist/sandbox/guest');

/** In a separate process, because freezing is permanent. */
async function inFrozen(program: string): Promise<unknown> {
  const text = `'use strict';
    const { writeSync } = require('node:fs');
    const held = { fs: require('node:fs'), childProcess: require('node:child_process'), net: require('node:net'), vm: require('node:vm'), process };
    require(${JSON.stringify(path.join(GUEST, 'close-globals.js'))}).closeGlobals();
    const fails = (act) => { try { act(); return false } catch { return true } };
    const result = (() => { ${program} })();
    writeSync(1, JSON.stringify(result));`;
  const folder = mkdtempSync(path.join(tmpdir(), 'murmuration-frozen-'));
  try {
    writeFileSync(path.join(folder, 'frozen.cjs'), text);
    const { stdout } = await promisify(execFile)(process.execPath, [path.join(folder, 'frozen.cjs')]);
    return JSON.parse(stdout);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('no prototype or constructor can be changed, including those without a global name', async () => {
  const program = `
    const parent = Object.getPrototypeOf;
    const all = {
      Object, Function, Array, Map, Set, Promise, RegExp, Date, Symbol, JSON, Math, Reflect, Proxy, Intl, ArrayBuffer, TextDecoder, globalThis,
      objects: Object.prototype, arrays: Array.prototype, errors: TypeError.prototype, promises: Promise.prototype,
      generators: parent(function* () {}).prototype, generatorFunction: parent(function* () {}).constructor,
      asyncFunctions: parent(async () => {}), asyncGenerators: parent(async function* () {}).prototype,
      asyncIterators: parent(parent(parent(async function* () {}).prototype)),
      arrayIterators: parent([][Symbol.iterator]()), iterators: parent(parent([][Symbol.iterator]())),
      mapIterators: parent(new Map().keys()), setIterators: parent(new Set().keys()), matches: parent('a'.matchAll(/a/g)),
      typedArrays: parent(Uint8Array), numbers: Intl.NumberFormat.prototype, call: Function.prototype.call,
    };
    return Object.entries(all).filter(([, one]) => !Object.isFrozen(one)).map(([name]) => name)`;
  expect(await inFrozen(program)).toEqual([]);
});

test('no object can replace its own message', async () => {
  const program = `
    const tried = [
      () => { Object.prototype.toJSON = () => 1 }, () => { Object.prototype.toString = () => 1 }, () => { Array.prototype.push = () => 1 },
      () => { Object.defineProperty(Object.prototype, 'toJSON', { value: () => 1 }) }, () => { JSON.stringify = () => 1 },
      () => { Object.setPrototypeOf(Object.prototype, { toJSON: () => 1 }) }, () => { globalThis.JSON = {} }, () => { ({}).__proto__.x = 1 },
    ];
    return [tried.map(fails), JSON.stringify({ a: [1] })]`;
  expect(await inFrozen(program)).toEqual([Array.from({ length: 8 }, () => true), '{"a":[1]}']);
});

test('inherited names can be assigned to as usual', async () => {
  const program = `
    const error = new TypeError('x');
    error.message = 'y'; error.name = 'Mine'; error.toString = () => 'z';
    function Kind() {}
    Kind.prototype.constructor = 5; Kind.prototype.toString = () => 'kind';
    const plain = {}; plain.hasOwnProperty = 1; plain.valueOf = 2;
    class Own extends Error { constructor() { super('own'); this.name = 'Own'; } }
    return [error.message, error.name, String(error), new Kind().constructor, String(new Kind()), Object.keys(plain), String(new Own()),
      String({}), ({}).hasOwnProperty('a'), new RangeError('r').toString(), Object.keys({}), (() => 1).call.name]`;
  expect(await inFrozen(program)).toEqual([
    ...['y', 'Mine', 'z', 5, 'kind', ['hasOwnProperty', 'valueOf'], 'Own: own'],
    ...['[object Object]', false, 'RangeError: r', [], 'call'],
  ]);
});

test('Node’s functions are disabled for code that still holds their modules', async () => {
  const program = `
    const { fs, childProcess, net, vm } = held;
    return [
      () => fs.readFileSync('/etc/hostname'), () => fs.writeSync(1, 'x'), () => fs.promises.readFile('/etc/hostname'),
      () => childProcess.spawnSync('id'), () => new childProcess.ChildProcess().spawn({}), () => net.connect(80), () => new net.Socket().connect(80),
      () => vm.runInThisContext('1'), () => require('node:worker_threads'), () => new (require('node:worker_threads').Worker)('0', { eval: true }),
      () => held.process.kill(held.process.ppid, 0), () => held.process.binding('fs'), () => held.process.dlopen({}, 'x'), () => held.process.reallyExit(0),
      () => held.process.stdout.write('x'), () => globalThis.fetch('http://127.0.0.1'), () => setTimeout(() => 1),
    ].flatMap((act, at) => (fails(act) ? [] : [at]))`;
  expect(await inFrozen(program)).toEqual([]);
});
