/**
 * Python programs that reach the host's JavaScript in different ways and rewrite the reports of the sandbox: with a message that kills the
 * process that reads it, one that its handler cannot read, or one that says that all checks passed.
 */
import type { Program } from './programs';

/** Each defines `bridge()`, which returns the prototype of all JavaScript objects and the core of the bridge. */
const WAYS: [name: string, source: string][] = [
  [
    'a copy of sys.modules that inspect keeps',
    `import ast
def bridge():
    for kind in ast.NodeTransformer.__subclasses__():
        if kind.__name__ != 'RewriteSymbolics': continue
        for cell in kind.visit_Name.__closure__:
            for inner in getattr(cell.cell_contents, '__closure__', None) or ():
                found = inner.cell_contents
                if isinstance(found, dict) and 'pyodide_js' in found:
                    return found['pyodide_js'].constructor.prototype, found['_pyodide_core']`,
  ],
  [
    'a built-in module that is created again',
    `import _imp
class Spec: name = '_pyodide_core'
def bridge():
    core = _imp.create_builtin(Spec())
    return core.to_js([1]).__proto__.__proto__, core`,
  ],
  [
    'the overloads that typing registers',
    `import typing
def owners(function):
    for value in list(function.__globals__.values()):
        owner = getattr(value, '__self__', None)
        if owner is not None and hasattr(owner, 'to_js'): yield owner
        inner = getattr(value, '__globals__', None)
        if isinstance(inner, dict):
            for more in list(inner.values()):
                owner = getattr(more, '__self__', None)
                if owner is not None and hasattr(owner, 'to_js'): yield owner
def bridge():
    for qualified in typing._overload_registry.values():
        for overloads in qualified.values():
            for function in overloads.values():
                for owner in owners(function):
                    return owner.to_js([1]).__proto__.__proto__, owner`,
  ],
  [
    'every object that can be reached from the loaded modules',
    `import sys, types
def bridge():
    seen, queue = set(), list(sys.modules.values()) + object.__subclasses__() + type.__subclasses__(type)
    while queue and len(seen) < 60000:
        thing = queue.pop()
        if id(thing) in seen: continue
        seen.add(id(thing))
        if getattr(type(thing), '__name__', '') == 'module' and hasattr(thing, 'to_js') and hasattr(thing, 'create_proxy'):
            return thing.to_js([1]).__proto__.__proto__, thing
        for cell in getattr(thing, '__closure__', None) or ():
            try: queue.append(cell.cell_contents)
            except ValueError: pass
        for name in ('__globals__', '__dict__', '__self__', '__wrapped__', '__func__', '__defaults__', '__kwdefaults__'):
            try: inner = getattr(thing, name, None)
            except Exception: continue
            if isinstance(inner, (dict, types.MappingProxyType)): queue.extend(inner.values())
            elif inner is not None: queue.append(inner)
        if isinstance(thing, dict): queue.extend(thing.values())
        if isinstance(thing, (list, tuple, set, frozenset)): queue.extend(thing)`,
  ],
];

/** Each rewrites the messages of its process; \`VALUE\` is replaced by the value that the request demands. */
const FORGERIES: [name: string, source: string][] = [
  [
    'forges an acknowledgement of Node',
    `forged = prototype.constructor.fromEntries(core.to_js([['cmd', 'NODE_HANDLE_ACK']]))
prototype.toJSON = core.create_proxy(lambda *_: forged)`,
  ],
  [
    'forges a list of tests that is none',
    `forged = prototype.constructor.fromEntries(core.to_js([['kind', 'own'], ['steps', None]]))
prototype.toJSON = core.create_proxy(lambda *_: forged)`,
  ],
  [
    'forges the end of each step',
    `entries = prototype.constructor.fromEntries
outcome = entries(core.to_js([['ended', True], ['value', 'VALUE']]))
steps = [entries(core.to_js([['kind', 'step'], ['index', i], ['outcome', outcome]])) for i in range(6)]
sent = []
def forge(key='', *_):
    if key != '': return outcome
    sent.append(0)
    return steps[(len(sent) - 1) % 6]
prototype.toJSON = core.create_proxy(forge)
for _ in range(8): print('.', flush=True)`,
  ],
  [
    'changes what arrays and texts do',
    `for name in ('push', 'map', 'join', 'filter'):
    try: setattr(core.to_js([1]).constructor.prototype, name, core.create_proxy(lambda *_: 'VALUE'))
    except BaseException: pass
prototype.ended = True
prototype.value = 'VALUE'
prototype.error = None`,
  ],
];

/** The first three of each list have stopped workers and forged verdicts. */
const KNOWN = 3;

export const PYTHON_ESCAPES: readonly Program[] = WAYS.flatMap(([way, source], i) =>
  FORGERIES.map(([forgery, act], j) => ({
    isEarly: i < KNOWN && j < KNOWN,
    name: `${forgery}, by ${way}`,
    write: ({ value }) =>
      `${source}\nprototype, core = bridge()\n${act.replaceAll('VALUE', String(value))}\ndef f(x): return 0`,
  })),
);
