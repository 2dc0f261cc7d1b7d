/** The gate in front of the functions that JavaScript passes to WebAssembly. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { PYODIDE_IMPORTS } from '../../src/sandbox/guest/pyodide-imports';
import { TAMPERED } from '../../src/sandbox/guest/protocol';

const GATE = path.join(__dirname, '../../dist/sandbox/guest/import-gate.js');
const { open, substitutes } = PYODIDE_IMPORTS;

/** Imports that accept or return a JavaScript object, or that run or load code. */
const BRIDGE =
  /^Js(?!v_GetError_import|vError_Check)|^_?(js2|py2|python2|pyproxy|Js[A-Z])|hiwire|dlopen|dlsym|^ffi_|asm_const|^raw_call|^create_|_suspender$/;

const functionImports = async () => {
  const module = await WebAssembly.compile(readFileSync(require.resolve('pyodide/pyodide.asm.wasm')));
  const imports = WebAssembly.Module.imports(module).filter(({ kind }) => kind === 'function');
  return imports.map(({ name }) => name);
};

test('names only imports of the installed version of Pyodide, and no function of its bridge', async () => {
  const known = new Set(await functionImports());
  const named = [...open, ...Object.keys(substitutes)];
  expect(named.filter((name) => !known.has(name))).toEqual([]);
  expect(named.filter((name) => BRIDGE.test(name))).toEqual([]);
  expect([...known].filter((name) => BRIDGE.test(name)).length).toBeGreaterThan(100);
  expect(known.size - named.length).toBeGreaterThan(100);
});

/** A module with one import and one function, which calls it: (import "env" NAME) (export "run"). */
const moduleThatCalls = (name: string) => [
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0],
  ...[2, 8 + name.length, 1, 3, ...Buffer.from('env'), name.length, ...Buffer.from(name), 0, 0],
  ...[3, 2, 1, 0, 7, 7, 1, 3, ...Buffer.from('run'), 0, 1, 10, 6, 1, 4, 0, 16, 0, 11],
];

/** The output and the exit code of a process that runs that module behind a gate. */
async function runBehindGate(name: string, isClosed: boolean, how: string) {
  const program = `
    const gate = require(${JSON.stringify(GATE)}).installImportGate({ open: new Set(['open']), substitutes: { instead: () => console.log('substitute') } });
    const bytes = new Uint8Array(${JSON.stringify(moduleThatCalls(name))});
    const imports = { env: { ${JSON.stringify(name)}: () => console.log('called') } };
    (async () => {
      const instance = ${how};
      if (${isClosed}) gate.close();
      instance.exports.run();
      if (${isClosed}) new WebAssembly.Instance(new WebAssembly.Module(bytes), imports);
    })();`;
  return promisify(execFile)(process.execPath, ['-e', program]).then(
    ({ stdout }) => ({ stdout, code: 0 }),
    ({ stdout, code }: { stdout: string; code: number }) => ({ stdout, code }),
  );
}

const WAYS = [
  'new WebAssembly.Instance(new WebAssembly.Module(bytes), imports)',
  '(await WebAssembly.instantiate(bytes, imports)).instance',
  'await WebAssembly.instantiate(new WebAssembly.Module(bytes), imports)',
];

test.each(WAYS)('guards instances that are created by %s', async (how) => {
  expect(await runBehindGate('any', false, how)).toEqual({ stdout: 'called\n', code: 0 });
  expect(await runBehindGate('any', true, how)).toEqual({ stdout: '', code: TAMPERED });
  // and no further module can be created behind a closed gate
  expect(await runBehindGate('open', true, how)).toEqual({ stdout: 'called\n', code: TAMPERED });
  expect(await runBehindGate('instead', true, how)).toEqual({ stdout: 'substitute\n', code: TAMPERED });
});

/** An empty module, in place of the helper that Pyodide instantiates first on Node 22 and newer. */
const EMPTY = [0, 97, 115, 109, 1, 0, 0, 0];
/** A module with a memory and nothing else: (memory (export "memory") 1). */
const WITH_MEMORY = [...EMPTY, 5, 3, 1, 0, 1, 7, 10, 1, 6, ...Buffer.from('memory'), 2, 0];

test('the interpreter is the first module with a memory, whatever is created before and after it', async () => {
  const program = `
    const gate = require(${JSON.stringify(GATE)}).installImportGate({ open: new Set(), substitutes: {} });
    const make = (bytes) => new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(bytes))).exports;
    const [, interpreter] = ${JSON.stringify([EMPTY, WITH_MEMORY, WITH_MEMORY, EMPTY])}.map(make);
    console.log(gate.mainExports() === interpreter);`;
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', program]);
  expect(stdout).toBe('true\n');
});
