"""Runs a program and its checks step by step; what each step came to is decided outside, by the process that calls the steps.

Each step is a function that has the program's names as its globals and no frame of this file above it. The host calls one after
another and sees itself which of them came to their end.
"""

import ast
import builtins
import importlib.util
import json
import os
import random
import re
import sys
import traceback
import types
import unittest

import assertions
import pytest
import substitutes

FOLDER = "/program"
BRIDGES = ("js", "pyodide_js", "pyodide", "_pyodide", "_pyodide_core", "micropip", "ctypes", "_ctypes", "_ctypes_test")
# What lets a program jump over a line of its caller, or reach objects that nobody handed to it.
FORBIDDEN = ("ctypes.", "gc.get_", "sys.settrace", "sys.setprofile", "sys.monitoring.", "sys._current_")


class Program:
    def __init__(self, files, checks, own_tests):
        self.files = files
        self.checks = checks
        self.own_tests = own_tests
        self.module = types.ModuleType("__main__")
        self.module.__file__ = f"{FOLDER}/{files[0]['path']}"
        # as in any main module: C code that imports, as that of strptime does, looks here
        self.module.__builtins__ = builtins
        self.steps = []
        self.names = []

    def prepare(self):
        """Writes the files and compiles everything before any line of the program has run; answers what will be done."""
        for file in self.files:
            path = f"{FOLDER}/{file['path']}"
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w") as target:
                target.write(file["text"])
        os.chdir(FOLDER)
        sys.path.insert(0, FOLDER)
        tree = ast.parse(self.files[0]["text"], self.module.__file__)
        body, guarded = split_main(tree.body)
        self.guarded = guarded
        self.add("load", "the program loads", self.compile(body))
        for check in self.checks:
            self.add_check(check)
        return {"missing": self.missing(), "steps": self.names}

    def compile(self, body, name=None):
        return compile(ast.Module(assertions.explain(body), []), name or self.module.__file__, "exec")

    def add(self, origin, name, code, **more):
        function = types.FunctionType(code, self.module.__dict__)
        self.steps.append(function)
        self.names.append({"origin": origin, "name": name, **more})

    def add_check(self, check):
        try:
            self.compile_check(check)
        except SyntaxError as error:
            self.add("request", check["name"], self.compile(ast.parse(f"raise SyntaxError({str(error)!r})").body, "<check>"))

    def compile_check(self, check):
        source, expected = check["code"], check.get("expected")
        more = {}
        if expected is None:
            source, expected = as_value(source)
            more = {"returned": True}
        if expected is None:
            self.add("request", check["name"], self.compile(ast.parse(source).body, "<check>"))
        else:
            # the value leaves as text and is compared outside: nothing that the program defines takes part in it
            code = compile(as_text(source.strip()), "<check>", "eval")
            self.add("request", check["name"], code, expected=expected, source=source.strip(), **more)

    def discover(self):
        """Steps for the tests that the program brings along, once it is loaded; answers them."""
        self.names.clear()
        if self.own_tests:
            for name, value in list(self.module.__dict__.items()):
                if isinstance(value, type) and issubclass(value, unittest.TestCase):
                    self.add_test_case(name, value)
                else:
                    for test, place in pytest._find(self.module, name, value):
                        self.add_test(test, f"__import__('pytest')._calls[{place}]()")
            imports = []
            for statement in self.guarded:
                if isinstance(statement, (ast.Import, ast.ImportFrom)):
                    # no test by itself
                    imports.append(statement)
                elif runs_doctests(statement):
                    self.add("own", shorten(ast.unparse(statement)), self.compile_doctests(imports, statement), main=True)
                elif not runs_tests(statement):
                    self.add("own", shorten(ast.unparse(statement)), self.compile([*imports, statement]), main=True)
        return self.names

    def add_test(self, name, source):
        self.add("own", name, compile(source, "<test>", "exec"))

    def compile_doctests(self, imports, statement):
        """They print what fails, and go on."""
        source = f"""{ast.unparse(ast.Module(imports, []))}
_doctests = {ast.unparse(statement)}
if _doctests.attempted == 0: raise __import__("unittest").SkipTest
assert _doctests.failed == 0, 'as printed'"""
        return self.compile(ast.parse(source).body, "<test>")

    def add_test_case(self, name, case):
        for method in unittest.defaultTestLoader.getTestCaseNames(case):
            if not any(is_set_aside(test) for test in (case, getattr(case, method))):
                call = f"__import__('unittest').TestSuite([{name}({method!r})]).debug()"
                self.add_test(f"{name}.{method}", call)

    def missing(self):
        """Packages that the program imports and that are not here."""
        own = {file["path"].split("/")[0].removesuffix(".py") for file in self.files}
        found = set()
        for file in self.files:
            if not file["path"].endswith(".py"):
                continue
            for node in ast.parse(file["text"]).body:
                names = []
                if isinstance(node, ast.Import):
                    names = [alias.name for alias in node.names]
                elif isinstance(node, ast.ImportFrom) and node.level == 0:
                    names = [node.module]
                found |= {name.split(".")[0] for name in names}
        return sorted(name for name in found - own - set(BRIDGES) if not is_here(name))


def split_main(body):
    """The module's statements, and those under `if __name__ == "__main__":`."""
    rest, guarded = [], []
    for statement in body:
        if isinstance(statement, ast.If) and "__name__" in ast.unparse(statement.test) and not statement.orelse:
            guarded.extend(statement.body)
        elif runs_doctests(statement):
            guarded.append(statement)
        else:
            rest.append(statement)
    return rest, guarded


def as_value(source):
    """`assert call == literal` as an expression and the text of its expected value; else the source and nothing."""
    body = ast.parse(source).body
    if len(body) != 1 or not isinstance(body[0], ast.Assert):
        return source, None
    test = body[0].test
    is_equation = isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], (ast.Eq, ast.Is))
    if is_equation and assertions.is_literal(test.comparators[0]):
        return ast.unparse(test.left), ast.unparse(test.comparators[0])
    return source, None


def as_text(source):
    """The expression's `repr`, formatted by the interpreter itself: no name that a program could redefine is looked up."""
    expression = ast.parse(source, mode="eval")
    value = ast.FormattedValue(expression.body, conversion=ord("r"))
    return ast.fix_missing_locations(ast.Expression(ast.JoinedStr([value])))


def is_here(package):
    """Some of the standard library is not: what needs a screen, for one."""
    try:
        return package in sys.modules or importlib.util.find_spec(package) is not None
    except (ImportError, ValueError):
        return False


def is_set_aside(test):
    """Whether its author does not expect it to pass."""
    return getattr(test, "__unittest_skip__", False) or getattr(test, "__unittest_expecting_failure__", False)


def runs_tests(statement):
    """Whether a statement hands over to a test runner: its tests are steps of their own."""
    text = ast.unparse(statement)
    return re.match(r"((raise )?[\w.]+\()?(unittest|pytest)\.main\(", text) is not None


def runs_doctests(statement):
    return isinstance(statement, ast.Expr) and ast.unparse(statement).startswith("doctest.testmod(")


def shorten(text):
    line = " ".join(text.split())
    return line if len(line) <= 160 else f"{line[:157]}..."


def close_bridges():
    """Takes every way to the host's JavaScript out of reach."""
    finders = [finder for finder in sys.meta_path if type(finder).__module__.split(".")[0] in ("pyodide", "_pyodide")]
    for finder in finders:
        for held in vars(finder).values():
            if isinstance(held, dict):
                held.clear()
        sys.meta_path.remove(finder)
    for name in [name for name in sys.modules if name.split(".")[0] in BRIDGES]:
        module = sys.modules.pop(name)
        for attribute in list(getattr(module, "__dict__", ())):
            if type(module.__dict__[attribute]).__name__ == "JsProxy":
                del module.__dict__[attribute]


# Its frame can be seen in the traceback of what it raises, so it holds nothing but constants.
AUDIT = f"""
def audit(event, arguments):
    if event == "import" and arguments[0].split(".")[0] in {BRIDGES!r}:
        raise ModuleNotFoundError(f"No module named {{arguments[0]!r}}", name=arguments[0])
    if event.startswith({FORBIDDEN!r}) or (event == "object.__setattr__" and arguments[1] == "__code__"):
        raise PermissionError(f"{{event}} is not allowed in the sandbox")
"""


def forbid():
    """From here on, for as long as this interpreter lives."""
    names = {"__builtins__": dict(vars(builtins))}
    exec(compile(AUDIT, "<sandbox>", "exec"), names)
    sys.addaudithook(names.pop("audit"))


class Session:
    """What the host holds of this file: one program, from its order to its last step."""

    def __init__(self):
        self.program = None

    def prepare(self, order):
        order = json.loads(order)
        random.seed()
        self.program = Program(order["files"], order["checks"], order["ownTests"])
        sys.modules["__main__"] = self.program.module
        try:
            return json.dumps(self.program.prepare())
        except (SyntaxError, ValueError) as error:
            return json.dumps({"refused": "".join(traceback.format_exception_only(error))})
        finally:
            # what is expected is known outside alone
            self.program.checks = []
            self.program.names.clear()

    def lock(self):
        """Puts this file and the bridges out of the program's reach; the host holds what it needs of them."""
        substitutes.install()
        for name in ("runner", "assertions", "substitutes"):
            del sys.modules[name]
        # a program finds this class among all classes, and its globals through a method
        globals().pop("session", None)
        close_bridges()
        forbid()

    def discover(self):
        return json.dumps(self.program.discover())

    def step(self, index):
        return self.program.steps[index]

    def warm_up(self):
        """Walks through what every check needs, so that the engine has it compiled when the check comes."""
        text = "import math\ndef f(x):\n  return [str(x)]\nif __name__ == '__main__':\n  assert f(1)\n"
        order = {"files": [{"path": "main.py", "text": text}], "checks": [{"name": "", "code": "assert f(1) == ['1']"}]}
        self.prepare(json.dumps({**order, "ownTests": True}))
        for step in self.program.steps:
            step()
        self.discover()
        sys.path.remove(FOLDER)
        os.remove(f"{FOLDER}/main.py")
        self.program = None


session = Session()
