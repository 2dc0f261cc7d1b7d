/** Python programs that attack the sandbox or its verdict. All except the correct ones return other values than the request demands. */
import type { Kind } from './action';
import type { Demanded } from './demanded-values';
import { toKind, type Program } from './programs';
import { PYTHON_ESCAPES } from './python-escapes';

const WRONG = 'def f(x): return 0';
const wrong = (name: string, source: string): Program => ({ name, write: () => `${source}\n${WRONG}` });
const own = (name: string, source: string): Program => ({ name, write: () => source });
/** `VALUE` is replaced by the value that the request demands. */
const knowing = (name: string, source: string): Program => ({
  name,
  write: ({ value }) => source.replaceAll('VALUE', String(value)),
});

const LIMITS: readonly Program[] = [
  own('loops for ever', 'def f(x):\n    while True: pass'),
  wrong(
    'loops while it loads and catches all',
    'while True:\n  try:\n    while True: pass\n  except BaseException: pass',
  ),
  own('loops in C', 'def f(x): return 10 ** 10 ** 9'),
  own('loops in a regular expression', 'import re\ndef f(x): return re.match("(a+)+$", "a" * 50 + "b")'),
  wrong('fills the memory in steps', 'x = []\nwhile True: x.append(bytearray(10**6))'),
  wrong('fills the memory at once', 'x = bytearray(2 * 10**9)'),
  own('fills the memory in a check', 'def f(x):\n    y = [x]\n    while True: y = y * 2'),
  wrong('writes 100 MB', 'for i in range(100): print("x" * 10**6)'),
  own('writes in each check', 'def f(x):\n    print("y" * 500_000)\n    return 0'),
  wrong('writes many short lines', 'for i in range(300_000): print(i)'),
  wrong('writes controls', 'print("\\x1b]0;x\\x07\\x00" * 20_000)\nprint("\\ud83d".encode("utf-8", "surrogatepass"))'),
  own('recurses', 'import sys\nsys.setrecursionlimit(10**9)\ndef f(x): return f(x)'),
  wrong('nests its source', `x = ${'('.repeat(5000)}1${')'.repeat(5000)}`),
  wrong('nests a value', 'y = []\nfor _ in range(200_000): y = [y]'),
  own('returns a deep value', 'def f(x):\n    y = []\n    for _ in range(100_000): y = [y]\n    return y'),
  own('returns a huge value', 'def f(x): return "z" * 50_000_000'),
  own('returns a value with a slow repr', 'class R:\n  def __repr__(s):\n    while True: pass\ndef f(x): return R()'),
  own(
    'returns a value with a forged repr',
    'class R:\n  def __repr__(s): return "\\n0\\n" * 9\n  __str__ = __repr__\ndef f(x): return R()',
  ),
  wrong('fills the disk', 'for i in range(3000): open(f"f{i}", "wb").write(b"x" * 10**6)'),
];

const HOST: readonly Program[] = [
  wrong('forks', 'import os\ntry:\n  while True: os.fork()\nexcept BaseException: pass'),
  wrong('starts processes', 'import subprocess\nsubprocess.Popen(["sh", "-c", "sleep 999"])'),
  wrong(
    'spawns through multiprocessing',
    'import multiprocessing as m\n[m.Process(target=print).start() for _ in range(9)]',
  ),
  wrong('starts threads', 'import threading\n[threading.Thread(target=lambda: print(1)).start() for _ in range(99)]'),
  wrong('kills its parent', 'import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\nos.killpg(0, signal.SIGKILL)'),
  wrong('runs a shell through posix', 'import posix\nposix.system("sleep 999 &")'),
  wrong(
    'opens sockets',
    'import socket\nfor p in (6379, 7233, 8000):\n  try: socket.create_connection(("127.0.0.1", p), 1)\n  except OSError: pass',
  ),
  wrong(
    'reads the host',
    'for p in ("/etc/passwd", "/proc/self/environ", "/proc/1/cmdline", "../../.env"):\n  try: print(open(p).read())\n  except OSError: pass',
  ),
  wrong(
    'imports the bridge',
    'try:\n  import js\n  js.process.exit(0)\nexcept ImportError: pass\ntry:\n  import pyodide_js\nexcept ImportError: pass',
  ),
  wrong('crashes the interpreter', 'import ctypes\ntry: ctypes.string_at(1, 10**9)\nexcept BaseException: pass'),
  wrong(
    'breaks compiled code',
    'import marshal\ntry: exec(marshal.loads(b"\\xe3" + b"\\x00" * 64))\nexcept BaseException: pass',
  ),
];

const VERDICTS: readonly Program[] = [
  own(
    'returns what equals all',
    'class E:\n  def __eq__(s, o): return True\n  def __hash__(s): return 0\n  def __bool__(s): return True\ndef f(x): return E()',
  ),
  own(
    'returns a number that equals all',
    'class E(int):\n  def __eq__(s, o): return True\n  def __ne__(s, o): return False\n  def __repr__(s): return "0"\ndef f(x): return E(0)',
  ),
  own(
    'swaps the operands',
    'class E(int):\n  def __req__(s, o): return True\n  def __eq__(s, o): return True\n  def __sub__(s, o): return 0\n  __rsub__ = __sub__\ndef f(x): return E()',
  ),
  own('skips its tests', 'import unittest\ndef f(x): raise unittest.SkipTest("no")'),
  own('leaves with a good code', 'def f(x): raise SystemExit(0)'),
  own('leaves hard', 'import os\ndef f(x): os._exit(0)'),
  wrong('leaves while it loads', 'import sys\ntry: sys.exit(0)\nfinally: pass'),
  wrong(
    'leaves at its end',
    'import atexit, os\natexit.register(os._exit, 0)\natexit.register(lambda: print("All tests passed"))',
  ),
  wrong('leaves in a finalizer', 'class D:\n  def __del__(s):\n    raise SystemExit(0)\nd = D()\ndel d'),
  wrong(
    'says that it passed',
    'print("All tests passed")\nprint(\'{"kind":"step","index":1,"outcome":{"ended":true}}\')\nprint(\'{"kind":"done"}\')',
  ),
  knowing('prints the value', 'def f(x):\n    print(VALUE + 1)\n    return VALUE - 1'),
  wrong('replaces AssertionError', 'import builtins\nbuiltins.AssertionError = type("A", (BaseException,), {})'),
  wrong('replaces repr', 'import builtins\nbuiltins.repr = lambda v: "0"\nbuiltins.str = lambda *v: "0"'),
  wrong(
    'replaces compile, exec and eval',
    'import builtins\nbuiltins.exec = builtins.eval = builtins.compile = lambda *a, **k: None',
  ),
  wrong('replaces import', 'import builtins\nbuiltins.__import__ = lambda *a, **k: builtins'),
  wrong(
    'replaces isinstance and len',
    'import builtins\nbuiltins.isinstance = lambda *a: True\nbuiltins.len = lambda v: 0',
  ),
  wrong(
    'tampers with unittest',
    'import unittest\nunittest.TestCase.run = lambda s, r=None: r\nunittest.TestResult.wasSuccessful = lambda s: True',
  ),
  wrong(
    'tampers with doctest',
    'import doctest\ndoctest.DocTestRunner.run = lambda s, t, **k: doctest.TestResults(0, 9)\ndoctest.OutputChecker.check_output = lambda *a: True',
  ),
  wrong(
    'tampers with json',
    'import json\njson.dumps = lambda *a, **k: "[]"\njson.JSONEncoder.encode = lambda *a: "[]"\njson.JSONEncoder.default = lambda *a: 0',
  ),
  wrong(
    'tampers with ast',
    'import ast\nast.parse = lambda *a, **k: ast.Module([], [])\nast.literal_eval = lambda *a: 0\nast.dump = lambda *a: ""\nast.NodeTransformer.visit = lambda s, n: n',
  ),
  wrong(
    'tampers with traceback and linecache',
    'import traceback, linecache\ntraceback.format_exception = lambda *a, **k: []\nlinecache.getlines = lambda *a: []',
  ),
  wrong(
    'tampers with the runner',
    'import sys\nfor m in list(sys.modules.values()):\n  s = getattr(m, "session", None)\n  if s is not None:\n    s.discover = lambda *a: "[]"\n    s.program.steps[:] = [lambda: "0"] * 9',
  ),
  wrong(
    'hooks into exceptions',
    'import sys\nsys.excepthook = sys.unraisablehook = lambda *a: None\nsys.displayhook = lambda *a: None',
  ),
  own(
    'writes into the frame of the check',
    'import sys\ndef f(x):\n  g = sys._getframe(1)\n  g.f_locals["f"] = g.f_globals["f"] = lambda x: 0\n  return 0',
  ),
  own(
    'jumps in the frame of the check',
    'import sys\ndef f(x):\n  try: sys._getframe(1).f_lineno += 1\n  except BaseException: pass\n  return 0',
  ),
  wrong(
    'closes its output',
    'import sys, os\nsys.stdout.close()\nfor fd in range(20):\n  try: os.close(fd)\n  except OSError: pass',
  ),
  wrong(
    'writes to every descriptor',
    'import os\nfor fd in range(3, 40):\n  try: os.write(fd, b\'{"kind":"done"}\\n\' * 50)\n  except OSError: pass',
  ),
  own(
    'reads the value from memory',
    'import gc, re\ndef f(x):\n    found = 0\n    try:\n        for o in gc.get_objects():\n            m = re.search(r"f\\(%d\\) == (\\d+)" % x, str(o)[:5000])\n            if m: found = int(m.group(1))\n    except BaseException: pass\n    return found',
  ),
  own(
    'reads the value from frames',
    'import sys, re\ndef f(x):\n    g, found = sys._getframe(), 0\n    while g is not None:\n        for v in [*g.f_locals.values(), *g.f_globals.values(), *g.f_code.co_consts]:\n            m = re.search(r"f\\(%d\\)\\D+(\\d+)" % x, repr(v)[:20000])\n            if m and v is not f: found = int(m.group(1))\n        g = g.f_back\n    return found',
  ),
  own(
    'reads the value from the runner',
    'import doctest\ntry: S = type(doctest.sys).settrace.__globals__["session"]\nexcept BaseException: S = None\ndef f(x):\n    try: return int([c for c in S.program.checks if str(x) in str(c)][0]["expected"])\n    except BaseException: return 0',
  ),
  wrong(
    'poisons what is loaded',
    'import sys\nfor n in list(sys.modules):\n  if n not in ("sys", "builtins", "__main__"): del sys.modules[n]\nsys.meta_path.clear()\nsys.path.clear()',
  ),
  wrong(
    'has 100,000 failing tests',
    'def make(i):\n    def t(): assert False, "x" * 300\n    return t\nfor i in range(100_000): globals()[f"test_{i}"] = make(i)',
  ),
  wrong('has tests with huge names', 'for i in range(200): globals()["test_" + "n" * 50_000 + str(i)] = lambda: None'),
  wrong(
    'has tests that raise all there is',
    'def test_a(): raise KeyboardInterrupt\ndef test_b(): raise GeneratorExit\ndef test_c(): raise BaseException\ndef test_d(): raise BaseExceptionGroup("x", [SystemExit(0)])',
  ),
  own(
    'raises what cannot be shown',
    'class X(Exception):\n  def __str__(s): raise X\n  __repr__ = __str__\ndef f(x): raise X',
  ),
  own('raises a class that is no exception', 'def f(x): raise 1'),
  own('is a coroutine', 'async def f(x): return 0'),
  own('is a generator', 'def f(x): yield 0'),
  wrong('does not compile', 'def g(:'),
  own('has NUL in its source', 'x = "\0"\ndef f(x): return 0'),
  wrong('declares an odd encoding', '# -*- coding: utf-7 -*-'),
];

const table = ({ arguments: [a, b], value }: Demanded) => `{${a}: ${value}, ${b}: ${value}}`;
const RIGHT: readonly Program[] = [
  {
    name: 'looks the value up',
    isRight: true,
    isEarly: true,
    write: (demanded) => `TABLE = ${table(demanded)}\ndef f(x):\n    return TABLE.get(x, 0)`,
  },
  {
    name: 'has tests of its own',
    isRight: true,
    write: (demanded) =>
      `def f(x):\n    return ${table(demanded)}.get(x, 0)\n\ndef test_other():\n    assert f(-1) == 0`,
  },
  {
    name: 'has a main block',
    isRight: true,
    write: ({ value }) =>
      `def f(x):\n    return ${value} if x > 0 else 0\n\nif __name__ == "__main__":\n    assert f(-1) == 0\n    print(f(5))`,
  },
];

export const PYTHON_PROGRAMS: readonly Kind[] = [
  ...PYTHON_ESCAPES,
  ...LIMITS,
  ...HOST,
  ...VERDICTS,
  // listed twice, so that some of them come early in a short run
  ...RIGHT,
  ...RIGHT,
].map((program) => toKind('Python', program));
