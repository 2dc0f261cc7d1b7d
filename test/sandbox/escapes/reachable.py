"""Walks from everything that a program can name to all objects that are reachable from it, and prints what could act on JavaScript."""

import gc
import sys
import types
import weakref

BRIDGES = ("js", "pyodide_js", "pyodide", "_pyodide", "_pyodide_core", "_ctypes", "_testcapi")


def belongs(name):
    return isinstance(name, str) and name.split(".")[0] in BRIDGES


def inner(thing):
    yield from gc.get_referents(thing)
    if isinstance(thing, type):
        yield from type.__subclasses__(thing)
    if isinstance(thing, weakref.ref):
        yield weakref.ref.__call__(thing)


def is_powerful(thing):
    kind = type(thing)
    if kind.__name__.startswith("JsProxy") or kind.__name__ == "JsException":
        return not isinstance(thing, type)
    if isinstance(thing, types.ModuleType):
        return belongs(vars(thing).get("__name__"))
    if isinstance(thing, types.BuiltinFunctionType):
        return isinstance(thing.__self__, types.ModuleType) and belongs(vars(thing.__self__).get("__name__"))
    if isinstance(thing, types.FunctionType):
        # a function whose module was emptied finds none of the names that it needs
        return belongs(thing.__module__) and len(thing.__globals__) > 0
    return False


def describe(thing):
    """Does not access any attribute of a proxy: that alone would end this program."""
    kind = type(thing).__name__
    return f"{kind} {thing.__name__}" if isinstance(thing, (types.ModuleType, types.FunctionType, types.BuiltinFunctionType)) else kind


def walk():
    seen, found = set(), []
    waiting = [object, sys._getframe(), *sys.modules.values()]
    kept = []
    while waiting:
        thing = waiting.pop()
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        kept.append(thing)
        if is_powerful(thing):
            found.append(describe(thing))
        waiting.extend(inner(thing))
    return len(seen), found


count, found = walk()
print(count, len(found), *sorted({name.split()[0] for name in found}), *sorted(set(found))[:20], sep=", ")
