/** Wrong programs that try to pass, or to prevent the checks after them. The request demands f(2) == 4. */
import type { EscapeProgram } from './bridges';

const answer = (body: string) => `class Answer:\n${body.replace(/^/gm, '    ')}\ndef f(x): return Answer()`;

export const PYTHON_FORGERIES: readonly EscapeProgram[] = [
  { name: 'leaves while its value is written', text: answer('def __repr__(self): raise SystemExit(0)') },
  { name: 'is interrupted while its value is written', text: answer('def __repr__(self): raise KeyboardInterrupt') },
  {
    name: 'raises what no one catches while its value is written',
    text: `class Quiet(BaseException):\n    def __str__(self): raise Quiet\n    __repr__ = __str__\n${answer('def __repr__(self): raise Quiet')}`,
  },
  {
    name: 'skips itself while its value is written',
    text: `import unittest\n${answer('def __repr__(self): raise unittest.SkipTest')}`,
  },
  { name: 'gives a value that is no text', text: answer('def __repr__(self): return 4') },
  {
    name: 'gives a text that claims to be another',
    text: `class Text(str):\n    def __str__(self): return '4'\n    def __format__(self, spec): return '3'\n    def __eq__(self, other): return True\n    __hash__ = str.__hash__\n    def encode(self, *given): return b'4'\n${answer("def __repr__(self): return Text('3')")}`,
  },
  {
    name: 'registers its own handler for what can not be encoded',
    text: `import codecs\ncodecs.register_error('surrogatepass', lambda error: ('4', error.end))\ncodecs.register_error('strict', lambda error: ('4', error.end))\n${answer("def __repr__(self): return '\\ud800'")}`,
  },
  { name: 'recurses while its value is written', text: answer('def __repr__(self): return repr(self)') },
  {
    name: 'uses up the stack of the engine while its value is written',
    text: `import sys\nsys.setrecursionlimit(10**6)\n${answer('def __repr__(self): return repr([self])')}`,
  },
  {
    name: 'uses up memory while its value is written',
    text: answer("def __repr__(self):\n    held = []\n    while True: held.append('x' * 10**7)"),
  },
  {
    name: 'dies while it is thrown away',
    text: `import os\nclass Last:\n    def __del__(self): os._exit(0)\n${answer("def __repr__(self):\n    Last()\n    return '3'")}`,
  },
  { name: 'leaves by the function of C', text: 'import posix\ndef f(x): posix._exit(0)' },
  { name: 'aborts', text: 'import os\ndef f(x): os.abort()' },
  { name: 'crashes on purpose', text: 'import faulthandler\ndef f(x): faulthandler._sigsegv()' },
  {
    name: 'exits at exit',
    text: 'import atexit, os\natexit.register(os._exit, 0)\natexit._run_exitfuncs()\ndef f(x): return 0',
  },
  {
    name: 'hides its parser',
    text: "import ast, builtins\nast.parse = lambda *a, **k: ast.Module([], [])\nbuiltins.compile = lambda *a, **k: (lambda: '4').__code__\ndef f(x): return 0",
  },
  {
    name: 'replaces the words for exceptions',
    text: 'import traceback\ntraceback.TracebackException = traceback.format_exception = lambda *a, **k: []\ndef f(x): raise ValueError',
  },
  {
    name: 'replaces json and text',
    text: "import json, builtins\njson.dumps = json.loads = lambda *a, **k: '4'\nbuiltins.str = builtins.repr = builtins.format = lambda *a: '4'\ndef f(x): return 0",
  },
  {
    name: 'replaces the builtins of its module',
    text: "__builtins__ = {'repr': lambda v: '4', 'format': lambda *a: '4', '__import__': lambda *a: None}\ndef f(x): return 0",
  },
  {
    name: 'replaces how all is imported',
    text: 'import builtins\nbuiltins.__import__ = lambda *a, **k: 4\ndef f(x): return 0',
  },
  {
    name: 'empties the modules',
    text: "import sys\nsys.modules.clear()\nsys.modules['__main__'] = 4\ndef f(x): return 0",
  },
  {
    name: 'is another main module',
    text: "import sys, types\nfake = types.ModuleType('__main__')\nfake.f = lambda x: 4\nsys.modules['__main__'] = fake\ndef f(x): return 0",
  },
  {
    name: 'replaces the test libraries',
    text: "import sys, types\nfor name in ('pytest', 'unittest', 'doctest'): sys.modules[name] = types.ModuleType(name)\ndef f(x): return 0",
  },
  {
    name: 'closes what it writes to',
    text: 'import os, sys\nfor descriptor in range(64):\n    try: os.close(descriptor)\n    except OSError: pass\nsys.stdout = sys.stderr = None\ndef f(x): return 0',
  },
  {
    name: 'writes into its callers',
    text: "import sys\ndef f(x):\n    frame = sys._getframe()\n    while frame:\n        frame.f_locals.update(f=lambda x: 4, value='4')\n        frame.f_builtins['repr'] = lambda v: '4'\n        frame = frame.f_back\n    return 0",
  },
  {
    name: 'reads its callers by a traceback',
    text: "import sys\ndef f(x):\n    try: 1 / 0\n    except ZeroDivisionError as error: frame = error.__traceback__.tb_frame.f_back\n    while frame:\n        for value in [*frame.f_globals.values(), *frame.f_code.co_consts]:\n            if 'f(2) ==' in str(value): return int(str(value)[-1])\n        frame = frame.f_back\n    return 0",
  },
  {
    name: 'reads its callers by a generator',
    text: "def walk():\n    frame = yield\n    frame = generator.gi_frame.f_back\n    while frame:\n        yield frame.f_locals\n        frame = frame.f_back\ngenerator = walk()\nnext(generator)\ndef f(x):\n    held = generator.send(None)\n    return held.get('expected', 0)",
  },
  {
    name: 'looks for what is expected in freed memory',
    text: "def f(x):\n    for size in range(8, 4096, 8):\n        for _ in range(8):\n            held = bytearray(size)\n            held = bytes(size)\n            at = held.find(b'== ')\n            if at >= 0: return int(held[at + 3:at + 4])\n    return 0",
  },
  {
    name: 'hooks into everything',
    text: "import sys\nsys.addaudithook(lambda event, given: (_ for _ in ()).throw(RuntimeError) if event in ('compile', 'exec', 'import') else None)\ndef f(x): return 0",
  },
  {
    name: 'alarms',
    text: 'import signal\nsignal.signal(signal.SIGALRM, lambda *a: (_ for _ in ()).throw(SystemExit(0)))\nsignal.alarm(1)\nsignal.setitimer(signal.ITIMER_REAL, 0.01)\ndef f(x): return 0',
  },
  {
    name: 'raises signals',
    text: 'import signal\ndef f(x):\n    signal.raise_signal(signal.SIGTERM)\n    signal.raise_signal(signal.SIGKILL)\n    return 0',
  },
  {
    name: 'leaves tasks behind',
    text: "import asyncio\nasync def later():\n    global f\n    await asyncio.sleep(0)\n    f = lambda x: 'later'\nloop = asyncio.new_event_loop()\ntask = loop.create_task(later())\nloop.call_soon(exit)\ndef f(x): return 0",
  },
  {
    name: 'has a class that is everything',
    text: "class Meta(type):\n    def __instancecheck__(cls, other): return True\n    def __subclasscheck__(cls, other): return True\n    def __eq__(cls, other): return True\n    def __hash__(cls): return 4\n    def __repr__(cls): return 'four'\nclass Answer(metaclass=Meta): pass\ndef f(x): return Answer",
  },
  {
    name: 'lies about its class',
    text: answer(
      "__class__ = property(lambda self: int)\ndef __repr__(self): return 'int(4)'\ndef __int__(self): return 4\n__index__ = __int__",
    ),
  },
  {
    name: 'writes an answer into the output',
    text: 'def f(x):\n    print(\'{"kind":"answer","result":{"ended":true,"value":"4"}}\\n\' * 3)\n    return 0',
  },
];

export const JAVASCRIPT_FORGERIES: readonly EscapeProgram[] = [
  {
    name: 'writes itself as the prototype of all',
    text: `function f() { return JSON.parse('{"__proto__": {"toJSON": 4, "value": "4"}}') }`,
  },
  {
    name: 'asks for locales with a prototype',
    text: `function f() { return (1).toLocaleString('en', JSON.parse('{"__proto__": {"style": "percent"}}')) }`,
  },
  {
    name: 'asks for too much of a locale',
    text: `function f() { return 'x'.repeat(5e7).localeCompare('y'.repeat(5e7)) }`,
  },
  {
    name: 'asks for a list of a million words',
    text: `function f() { return new Intl.ListFormat('en').format(new Array(1e6).fill('word')).length }`,
  },
  {
    name: 'replaces how orders are written',
    text: `JSON.stringify = () => '{"type": "constructor", "method": "constructor", "values": []}'; function f() { return (1).toLocaleString() }`,
  },
  {
    name: 'writes orders that are none',
    text: `JSON.stringify = () => 'null'; function f() { return (1).toLocaleString() }`,
  },
  {
    name: 'throws what has no words',
    text: `function f() { throw { name: { toString: 1, valueOf: 1 }, message: 'x', stack: { length: 1e9 } } }`,
  },
  {
    name: 'throws a proxy',
    text: `function f() { throw new Proxy({}, { get() { throw f() }, ownKeys() { throw 1 } }) }`,
  },
  { name: 'gives what throws as it is written', text: `function f() { return { toJSON() { throw new Error('x') } } }` },
  { name: 'gives what never ends as it is written', text: `function f() { return { get a() { return f() } } }` },
  { name: 'gives a promise that answers twice', text: `function f() { return { then(done) { done(0); done(4) } } }` },
  {
    name: 'replaces promises',
    text: `globalThis.Promise = class { then(done) { done(4) } }; Object.prototype.then = (done) => done(4); function f() { return {} }`,
  },
  {
    name: 'replaces what a check is evaluated with',
    text: `globalThis.eval = globalThis.Function = () => () => 4; function f() { return 0 }`,
  },
  {
    name: 'imports the engine’s own modules',
    text: `const std = await import('std'); function f() { return std.evalScript('4') }`,
  },
  {
    name: 'loads what its own file is not',
    text: `const host = require('../../../etc/passwd'); function f() { return host }`,
  },
  { name: 'leaves well in the middle', text: `function f() { process.exit(0) }` },
  { name: 'leaves well while its value is written', text: `function f() { return { toJSON() { process.exit(0) } } }` },
  {
    name: 'uses up the stack while its value is written',
    text: `function f() { const one = { toJSON: () => [one.toJSON()] }; return one }`,
  },
  {
    name: 'compares as everything',
    text: `function f() { return { valueOf: () => 4, [Symbol.toPrimitive]: () => 4, toString: () => '4' } }`,
  },
];
