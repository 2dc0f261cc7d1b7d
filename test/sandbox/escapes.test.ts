/** Programs that try to escape, or to get a better verdict than they deserve. Every attempt is made, and the next program still runs. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHarness, demand, type Harness } from './fixtures';

const SECRET = 'a-secret-of-the-host';
let harness: Harness;
let server: Server;
let visits = 0;

beforeAll(async () => {
  process.env.MURMURATION_SECRET = SECRET;
  server = createServer((_request, response) => response.end(String(++visits))).listen(0, '127.0.0.1');
  harness = createHarness({ wallMs: 4000 });
  await harness.sandbox.layers();
}, 120_000);
afterAll(async () => {
  const walls = (await harness.sandbox.layers()).join(', ');
  process.stdout.write(`escapes: ${harness.programs()} programs, behind ${walls}\n`);
  await harness.stop();
  server.close();
});

/** The address of a server on this machine that counts its visitors. */
const address = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;

/** Python expressions that would yield something of the host; each must raise, or yield nothing of value. */
const PYTHON_DOORS: [door: string, program: string][] = [
  ['the environment through os', 'import os\nfound = os.environ.get("MURMURATION_SECRET")'],
  ['the environment through js', 'import js\nfound = js.process.env.MURMURATION_SECRET'],
  [
    'the environment through run_js',
    'from pyodide.code import run_js\nfound = run_js("process.env.MURMURATION_SECRET")',
  ],
  ['pyodide_js', 'import pyodide_js\nfound = pyodide_js'],
  [
    'the code generator behind a proxy',
    'import pyodide_js\nfound = pyodide_js.constructor.constructor("return process")()',
  ],
  ['a bridge that was imported before', 'import sys\nfound = sys.modules["pyodide_js"]'],
  ['a bridge by importlib', 'import importlib\nfound = importlib.import_module("js")'],
  ['the core module', 'import _pyodide_core\nfound = _pyodide_core'],
  ['the foreign finder', 'import sys\nfound = [f for f in sys.meta_path if getattr(f, "jsproxies", None)] or 1/0'],
  ['objects of the collector', 'import gc\nfound = gc.get_objects()'],
  ['referrers of the collector', 'import gc\nfound = gc.get_referrers(gc)'],
  ['memory by ctypes', 'import ctypes\nfound = ctypes.string_at(0, 8)'],
  ['symbols by _ctypes', 'import _ctypes\nfound = _ctypes.dlopen(None, 0)'],
  ['a file of the host', 'found = open("/etc/passwd").read()'],
  ['the host behind dots', 'found = open("../../../../etc/passwd").read()'],
  ['the processes of the host', 'found = open("/proc/self/environ").read()'],
  ['the folder of the project', `import os\nfound = os.listdir(${JSON.stringify(process.cwd())})`],
  ['a mount', 'import os\nfound = os.mount'],
  ['a subprocess', 'import subprocess\nfound = subprocess.check_output(["id"])'],
  ['a fork', 'import os\nfound = os.fork()'],
  ['a spawn', 'import multiprocessing as m\np = m.Process(target=print)\np.start()\nfound = p'],
  ['a tracer', 'import sys\nsys.settrace(lambda *a: None)\nfound = 1'],
  ['a profiler', 'import sys\nsys.setprofile(lambda *a: None)\nfound = 1'],
  ['a monitor', 'import sys\nsys.monitoring.register_callback(0, 1, print)\nfound = 1'],
  ['the code of another function', 'def a(): pass\ndef b(): pass\na.__code__ = b.__code__\nfound = a'],
  ['a shell', 'import os\nif os.system("id") != 0: raise OSError\nfound = 1'],
  ['a connection', 'import socket\nfound = socket.create_connection(("127.0.0.1", 80))'],
  // the permission model stops it, and the interpreter does not survive that: it must come last
  ['a shell by the module behind it', 'import posix\nif posix.system("id") != 0: raise OSError\nfound = 1'],
];

/** The same in JavaScript; the result must be nothing. */
const JAVASCRIPT_DOORS: [door: string, program: string][] = [
  ['the environment', 'globalThis.found = process.env.MURMURATION_SECRET'],
  ['the code generator', 'globalThis.found = (() => {}).constructor("return this.process.mainModule")()'],
  [
    'the constructor of a host function',
    'globalThis.found = console.log.constructor("return this.Deno || this.WebAssembly")()',
  ],
  ['a binding', 'globalThis.found = process.binding("fs")'],
  ['the file system', 'globalThis.found = require("fs")'],
  ['child processes', 'globalThis.found = require("child" + "_process")'],
  ['an import', 'globalThis.found = await import("fs")'],
  [
    'the prototype of all objects',
    'Object.prototype.env = "x"; ({}).__proto__.polluted = 1; globalThis.found = process.env.PATH',
  ],
  [
    'the functions of the host',
    'globalThis.found = globalThis.hostFail || globalThis.hostLeave || globalThis.hostLocale',
  ],
  [
    'the types of the host',
    'globalThis.found = Intl.NumberFormat.prototype.constructor.constructor("return process.binding")()',
  ],
  ['a fetch', 'globalThis.found = await fetch("http://127.0.0.1")'],
  ['a WebSocket', 'globalThis.found = new WebSocket("ws://127.0.0.1")'],
  ['WebAssembly', 'globalThis.found = WebAssembly'],
  ['Atomics on shared memory', 'globalThis.found = new Worker("")'],
  ['standard modules of QuickJS', 'globalThis.found = globalThis.std || globalThis.os'],
];

const indented = (program: string) => program.replace(/^/gm, '    ');

// an exception becomes an error without a reported lack, so that one program can make all attempts of a language
describe('access to the host', () => {
  test.each([
    [
      'Python',
      'python',
      PYTHON_DOORS.map(([name, program]) => ({
        name,
        code: `try:\n${indented(program)}\nexcept BaseException: raise RuntimeError("closed") from None\nassert found is not None`,
      })),
    ],
    [
      'JavaScript',
      'javascript',
      JAVASCRIPT_DOORS.map(([name, program]) => ({
        name,
        code: `(async () => { globalThis.found = undefined; try { ${program} } catch (error) { throw String(error) }; if (globalThis.found === undefined) throw "nothing" })()`,
      })),
    ],
  ] as const)('%s: no attempt succeeds', async (_name, language, checks) => {
    const report = await harness[language]('1', { checks: [...checks] });
    const demands = report.checks.filter(({ origin }) => origin === 'request');
    expect(demands.map(({ name, passed: open }) => [name, open])).toEqual(checks.map(({ name }) => [name, false]));
    expect(JSON.stringify(report)).not.toContain(SECRET);
    expect(JSON.stringify(report)).not.toContain('root:');
    expect(JSON.stringify(report)).not.toContain('was not reached');
  });

  test('Python: a program that starts a thread is not executed further', async () => {
    const report = await harness.python('import threading\nthreading.Thread(target=print).start()');
    expect(report).toMatchObject({ executed: false, missing: ['threads'] });
  });

  test('Python: no object that a program can reach leads to JavaScript', async () => {
    const crawler = `
import sys, types
seen, proxies = set(), []
def look(thing, depth):
    if type(thing).__name__ == 'JsProxy': proxies.append(repr(thing))
    if depth == 0 or id(thing) in seen: return
    seen.add(id(thing))
    if isinstance(thing, (types.ModuleType, type)): inner = list(vars(thing).values())
    elif isinstance(thing, types.FunctionType): inner = [*(c.cell_contents for c in thing.__closure__ or ()), *thing.__globals__.values()]
    elif isinstance(thing, dict): inner = list(thing.values())
    elif isinstance(thing, (list, tuple, set)): inner = list(thing)
    else: inner = [getattr(thing, '__dict__', None), getattr(thing, '__self__', None)]
    for item in inner: look(item, depth - 1)
for module in list(sys.modules.values()): look(module, 4)
for kind in object.__subclasses__(): look(kind, 4)
print(len(seen))
assert not proxies, proxies`;
    const report = await harness.python(crawler);
    expect(report.checks[0]?.error).toBeUndefined();
    expect(Number(report.output)).toBeGreaterThan(5000);
  });

  test('the server had no visitor: neither language has a network', async () => {
    const python = `import urllib.request\nurllib.request.urlopen(${JSON.stringify(address())}, timeout=2)`;
    const socket = `import socket\nsocket.create_connection(("127.0.0.1", ${(server.address() as AddressInfo).port}), 2)`;
    const name =
      'import socket\nsocket.gethostbyname("localhost") == "127.0.0.1" or 1\nsocket.socket().bind(("0.0.0.0", 80))\nraise OSError';
    for (const program of [python, socket, name])
      expect(await harness.python(program)).toMatchObject({ passed: false });
    expect(await harness.javascript(`await fetch(${JSON.stringify(address())})`)).toMatchObject({ passed: false });
    expect(visits).toBe(0);
    expect(await (await fetch(address())).text()).toBe('1');
  });
});

/** Wrong programs that try to pass. The request demands f(2) == 4. */
const FORGERIES: [trick: string, program: string][] = [
  ['skips its demands', 'import unittest\ndef f(x): raise unittest.SkipTest'],
  [
    'reads what is expected from the runner',
    "import doctest\nS = type(doctest.sys).settrace.__globals__['session']\ndef f(x): return int(S.program.checks[0]['code'].split('==')[1])",
  ],
  [
    'reads what is expected from a class of the runner',
    "S = [c for c in object.__subclasses__() if c.__name__ == 'Session'][0].step.__globals__['session']\ndef f(x): return int(S.program.names[1]['expected'])",
  ],
  ['says that all tests passed', 'print("All tests passed")\nprint("OK (1 passed)")\ndef f(x): return 0'],
  ['leaves by exit before the checks', 'import sys\ndef f(x): return 0\nsys.exit(0)'],
  ['leaves by os._exit', 'import os\ndef f(x): return 0\nos._exit(0)'],
  ['leaves in the middle of a check', 'import sys\ndef f(x): sys.exit(0)'],
  ['leaves hard in the middle of a check', 'import os\ndef f(x): os._exit(0)'],
  ['raises SystemExit with a good code', 'def f(x): raise SystemExit(0)'],
  [
    'answers with what equals all',
    'class E:\n  def __eq__(s, o): return True\n  def __hash__(s): return 4\ndef f(x): return E()',
  ],
  ['answers with a number that equals all', 'class E(int):\n  def __eq__(s, o): return True\ndef f(x): return E(3)'],
  [
    'replaces AssertionError',
    'import builtins\nbuiltins.AssertionError = type("A", (BaseException,), {})\ndef f(x): return 0',
  ],
  ['replaces repr', 'import builtins\nbuiltins.repr = lambda v: "4"\ndef f(x): return 0'],
  [
    'replaces compile and exec',
    'import builtins\nbuiltins.exec = builtins.eval = builtins.compile = lambda *a, **k: None\ndef f(x): return 0',
  ],
  [
    'replaces the runner',
    'import sys\nr = sys.modules.get("runner")\nr.session.discover = lambda: "[]"\nr.session.program.steps[:] = [lambda: "4"] * 9\ndef f(x): return 0',
  ],
  [
    'reaches the runner by the traceback of a refusal',
    'import sys\ntry: sys.settrace(1)\nexcept PermissionError as e:\n  t = e.__traceback__\n  while t:\n    for n in ("session", "program"): t.tb_frame.f_globals.get(n) and 1/0\n    t = t.tb_next\nprint("clean")\nsys.settrace(lambda *a: None)\ndef f(x): return 0',
  ],
  ['replaces json', 'import json\njson.dumps = lambda *a: "[]"\ndef f(x): return 0'],
  [
    'hooks into exceptions',
    'import sys\nsys.excepthook = lambda *a: None\nsys.unraisablehook = lambda *a: None\ndef f(x): return 1/0',
  ],
  [
    'writes into the frame of the check',
    'import sys\ndef f(x):\n  sys._getframe(1).f_locals["f"] = lambda x: 4\n  return 0',
  ],
  ['jumps in the frame of the check', 'import sys\ndef f(x):\n  sys._getframe(1).f_lineno = 9\n  return 0'],
  [
    'says it in JSON',
    'print(\'{"kind":"step","index":1,"outcome":{"ended":true,"value":"4"}}\')\nprint(\'{"kind":"done"}\')\ndef f(x): return 0',
  ],
  ['sends a signal to the host', 'import os\nos.kill(os.getppid(), 9)\ndef f(x): return 0'],
  ['kills itself', 'import os, signal\ndef f(x): os.kill(os.getpid(), signal.SIGKILL)'],
  ['breaks the stack of the interpreter', 'import sys\nsys.setrecursionlimit(10**6)\ndef f(x): return f(x)'],
];

describe('forged results', () => {
  test.each(FORGERIES)('Python: a program that %s has not passed', async (_trick, program) => {
    const report = await harness.python(program, { checks: [demand('assert f(2) == 4')] });
    expect(report).toMatchObject({ executed: true, passed: false });
    expect(report.checks.find(({ origin }) => origin === 'request')?.passed).toBe(false);
  });

  test.each([
    ['leaves by process.exit', 'function f() { return 0 } process.exit(0)'],
    ['leaves in the middle of a check and catches all', 'function f() { try { process.exit(0) } catch {} return 4 }'],
    ['waits for ever', 'function f() { return 0 } await new Promise(() => {})'],
    ['swallows its assertion', 'console.log("ok 1"); function f() { return 0 }'],
    [
      'redefines Error',
      'globalThis.Error = class { }; globalThis.TypeError = Error; function f() { throw new Error() }',
    ],
    ['redefines JSON', 'JSON.stringify = () => "4"; function f() { return 0 }'],
  ])('JavaScript: a program that %s has not passed', async (_trick, program) => {
    const report = await harness.javascript(program, { checks: [demand('f(2)', '4')] });
    expect(report.passed).toBe(false);
  });

  test('nothing passes from one program to the next', async () => {
    const trace =
      'import builtins, sys\nbuiltins.trace = 1\nsys.modules["trace_of_it"] = sys\nopen("/tmp/trace", "w").write("x")\nopen("trace", "w").write("x")';
    expect(await harness.python(trace)).toMatchObject({ passed: true });
    const next =
      'import builtins, os, sys\nassert not hasattr(builtins, "trace")\nassert "trace_of_it" not in sys.modules\nassert not os.path.exists("/tmp/trace") and os.listdir(".") == ["main.py"]';
    expect((await harness.python(next)).checks[0]?.error).toBeUndefined();
    await harness.javascript('Array.prototype.map = () => 1; globalThis.trace = 1');
    expect(
      await harness.javascript('if (globalThis.trace || [1].map((x) => x)[0] !== 1) throw new Error("found")'),
    ).toMatchObject({ passed: true });
  });
});

describe('limits', () => {
  test.each([
    ['Python', 'python', 'while True: pass'],
    ['Python that catches all', 'python', 'while True:\n  try:\n    while True: pass\n  except BaseException: pass'],
    ['Python in C code', 'python', '10 ** 10 ** 9'],
    ['Python in a regular expression', 'python', 'import re\nre.match("(a+)+$", "a" * 40 + "b")'],
    ['JavaScript', 'javascript', 'for (;;) { try { for (;;) {} } catch {} }'],
    ['JavaScript in promises', 'javascript', 'const again = () => Promise.resolve().then(again); again()'],
    ['JavaScript in timers', 'javascript', 'setInterval(() => {}, 1)'],
  ] as const)('an endless loop of %s is killed in time', async (_name, language, program) => {
    const start = performance.now();
    const report = await harness[language](program, { wallMs: 700 });
    expect(report).toMatchObject({ executed: true, passed: false, killed: 'time' });
    expect(report.ms).toBeLessThan(1500);
    expect(performance.now() - start).toBeLessThan(25_000);
  });

  test.each([
    ['Python', 'python', 'x = []\nwhile True: x.append(bytearray(10**6))'],
    ['Python at once', 'python', 'x = bytearray(10**9)'],
    ['JavaScript', 'javascript', 'const x = []; for (;;) x.push(new Array(100000).fill(1))'],
    ['JavaScript in text', 'javascript', 'const x = []; for (;;) x.push("x".repeat(1e6) + x.length)'],
  ] as const)('a memory bomb of %s ends at its limit', async (_name, language, program) => {
    // with a margin: on a slow machine, text of that size takes seconds
    const report = await harness[language](program, { wallMs: 25_000 });
    expect(report).toMatchObject({ passed: false, killed: 'memory' });
  });

  test.each([
    ['Python', 'python', 'for i in range(100): print("x" * 10**6)'],
    ['JavaScript', 'javascript', 'for (let i = 0; i < 100; i++) console.log("x".repeat(1e6))'],
  ] as const)('100 MB of output of %s are cut off', async (_name, language, program) => {
    const report = await harness[language](program);
    expect(report).toMatchObject({ passed: false, killed: 'output' });
    expect(report.output.length).toBeLessThan(10_000);
  });

  test('100 MB of files stay in the program and count as its memory', async () => {
    const program = 'for i in range(1000): open(f"f{i}", "wb").write(b"x" * 10**6)';
    const report = await harness.python(program);
    expect(report.passed).toBe(false);
  });

  test('a program after all of these runs normally', async () => {
    expect(await harness.python('print(6 * 7)')).toMatchObject({ passed: true, output: '42\n' });
    expect(await harness.javascript('console.log(6 * 7)')).toMatchObject({ passed: true, output: '42\n' });
  });
});
