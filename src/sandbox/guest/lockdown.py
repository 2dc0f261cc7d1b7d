"""Removes from the interpreter every object that represents JavaScript, and everything that bypasses the language.

The host closes the imports through which such an object would act (`import-gate.ts`). This is the second layer: a program finds nothing
that it could try.
"""

import builtins
import sys
import traceback
import typing

BRIDGES = ("js", "pyodide_js", "pyodide", "_pyodide", "_pyodide_core", "micropip", "ctypes", "_ctypes")
# Test modules of the interpreter itself: they crash it, write into its memory, or start a second one without the audit hook.
INTERNALS = (
    "_ctypes_test",
    "_remote_debugging",
    "_testbuffer",
    "_testcapi",
    "_testclinic",
    "_testclinic_limited",
    "_testinternalcapi",
    "_testlimitedcapi",
    "_xxtestfuzz",
    "xxsubtype",
)
ABSENT = BRIDGES + INTERNALS
# Events that let a program skip a line of its caller, reach objects that it was not given, write bytecode by hand, or leave this
# interpreter for one without the audit hook.
FORBIDDEN = (
    "code.__new__",
    "cpython.PyInterpreterState_",
    "cpython.remote_debugger",
    "ctypes.",
    "gc.get_",
    "sys._current_",
    "sys.monitoring.",
    "sys.remote_exec",
    "sys.setprofile",
    "sys.settrace",
)

# The hook's frame is visible in the traceback of what it raises, so it contains only constants. The name of an import may be an instance of
# a subclass of `str`, whose methods can return anything.
AUDIT = f"""
def audit(event, arguments):
    if event == "import" and "".__class__.split(arguments[0], ".")[0] in {ABSENT!r}:
        raise ModuleNotFoundError(f"No module named {{arguments[0]!r}}", name=arguments[0])
    if event.startswith({FORBIDDEN!r}) or (event == "object.__setattr__" and arguments[1] == "__code__"):
        raise PermissionError(f"{{event}} is not allowed in the sandbox")
"""

# A program can see this function's frame while the text of its own exception is built.
DESCRIBE = """
def describe(error):
    return name(kind(error)) + "\\0" + join(format_exception(error))
"""


def is_bridge(name):
    return name.split(".")[0] in ABSENT


def absent():
    """The names that the host removes from the table of built-in modules."""
    return " ".join(ABSENT)


def lock_down():
    """Takes effect for the lifetime of this interpreter."""
    remove_finders()
    empty_modules()
    clear_registries()
    forbid()


def remove_finders():
    for finder in [finder for finder in sys.meta_path if is_bridge(finder.__module__)]:
        for held in vars(finder).values():
            if isinstance(held, dict):
                held.clear()
        sys.meta_path.remove(finder)


def empty_modules():
    """A function of such a module that is still referenced somewhere no longer finds any name that it could use."""
    modules = [sys.modules.pop(name) for name in list(sys.modules) if is_bridge(name)]
    for module in modules:
        namespace = getattr(module, "__dict__", None)
        if isinstance(namespace, dict):
            namespace.clear()


def clear_registries():
    """Clears the standard library's references to functions of other modules."""
    typing.clear_overloads()
    for cleanup in typing._cleanups:
        cleanup()
    sys.excepthook, sys.displayhook, sys.unraisablehook = sys.__excepthook__, sys.__displayhook__, sys.__unraisablehook__
    sys.path_importer_cache.clear()


def forbid():
    names = {"__builtins__": dict(vars(builtins))}
    exec(compile(AUDIT, "<sandbox>", "exec"), names)
    sys.addaudithook(names.pop("audit"))


def make_describe():
    """Creates a function that formats an exception; a program can change the text of its own exception, but nothing else."""
    names = {
        "__builtins__": {},
        "format_exception": traceback.format_exception,
        "join": "".join,
        "kind": type,
        "name": type.__dict__["__name__"].__get__,
    }
    exec(compile(DESCRIBE, "<sandbox>", "exec"), names)
    return names.pop("describe")


describe = make_describe()
