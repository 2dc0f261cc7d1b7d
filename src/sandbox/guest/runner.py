"""Runs a program and its checks step by step. The process that calls the steps decides their outcome from outside.

Each step is a function with the program's names as its globals, and without a frame of this file above it. The host calls the steps one
after another and observes which of them complete.
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
import doctests
import lockdown
import pytest
import substitutes

FOLDER = "/program"
# The number of tests that are reported at a time.
PAGE = 100


class Program:
    def __init__(self, files, own_tests):
        self.files = files
        self.own_tests = own_tests
        self.module = types.ModuleType("__main__")
        self.module.__file__ = f"{FOLDER}/{files[0]['path']}"
        # as with `python -m`, so that relative imports work
        self.module.__package__ = os.path.dirname(files[0]["path"]).replace("/", ".")
        # as in any main module: C code that imports modules, such as that of strptime, needs this
        self.module.__builtins__ = builtins
        self.guarded = []
        # names of the top-level assertions, in order
        self.asserted = []
        # for each of the program's own tests a function, or the source of one
        self.tests = []
        self.found = self.find_tests()

    def prepare(self):
        """Writes the files and compiles the program without running any of it."""
        for file in self.files:
            path = f"{FOLDER}/{file['path']}"
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w") as target:
                target.write(file["text"])
        os.chdir(FOLDER)
        sys.path.insert(0, FOLDER)
        sys.path.extend(self.folders())
        tree = ast.parse(self.files[0]["text"], self.module.__file__)
        body, self.guarded = split_main(tree.body)
        if self.own_tests:
            body = [self.record(statement) if has_assertion(statement) else statement for statement in body]
        self.load = self.as_function(self.compile(body))
        return {"missing": self.missing()}

    def folders(self):
        """The folders of the program's files: tests often import modules by their bare names."""
        folders = [os.path.dirname(f"{FOLDER}/{file['path']}") for file in self.files]
        return [folder for folder in dict.fromkeys(folders) if folder != FOLDER]

    def compile(self, body, name=None):
        return compile(ast.Module(assertions.explain(body), []), name or self.module.__file__, "exec")

    def as_function(self, code):
        return types.FunctionType(code, self.module.__dict__)

    def record(self, statement):
        """Wraps a statement so that its error is stored for a test and the program continues to load."""
        number = len(self.asserted)
        self.asserted.append(ast.unparse(statement))
        keep = ast.Assign([ast.Name(f"@failed {number}", ast.Store())], ast.Name("@error", ast.Load()))
        handler = ast.ExceptHandler(ast.Name("Exception", ast.Load()), "@error", [keep])
        return ast.copy_location(ast.Try([statement], [handler], [], []), statement)

    def discover(self):
        """The next ones of the program's own tests; called after it is loaded."""
        page = []
        try:
            for test in self.found:
                page.append(test)
                if len(page) == PAGE:
                    return {"tests": page, "more": True}
        except Exception as error:
            return {"tests": page, "more": False, "error": "".join(traceback.format_exception_only(error))}
        return {"tests": page, "more": False}

    def find_tests(self):
        for number, name in enumerate(self.asserted):
            yield self.add_assertion(name, self.module.__dict__.pop(f"@failed {number}", None))
        for name, value in list(self.module.__dict__.items()):
            if isinstance(value, type) and issubclass(value, unittest.TestCase):
                yield from self.find_methods(name, value)
            else:
                for test, place in pytest._find(self.module, name, value):
                    yield self.add_test(test, f"__import__('pytest')._calls[{place}]()")
        if not any(map(runs_doctests, self.guarded)):
            for name, examples in doctests.find(self.module):
                self.tests.append(examples)
                yield {"name": shorten(name)}
        imports = []
        for statement in self.guarded:
            if isinstance(statement, (ast.Import, ast.ImportFrom)):
                # not a test by itself
                imports.append(statement)
            elif runs_doctests(statement):
                yield self.add(ast.unparse(statement), self.compile_doctests(imports, statement), main=True)
            elif not runs_tests(statement):
                yield self.add(ast.unparse(statement), self.compile([*imports, statement]), main=True)

    def find_methods(self, name, case):
        for method in unittest.defaultTestLoader.getTestCaseNames(case):
            if not any(is_set_aside(test) for test in (case, getattr(case, method))):
                call = f"__import__('unittest').TestSuite([{name}({method!r})]).debug()"
                yield self.add_test(f"{name}.{method}", call)

    def add(self, name, code, **more):
        self.tests.append(self.as_function(code))
        return {"name": shorten(name), **more}

    def add_test(self, name, source):
        """Compiled when it is run, because there may be more tests than are run."""
        self.tests.append(source)
        return {"name": shorten(name)}

    def test(self, index):
        test = self.tests[index]
        return self.as_function(compile(test, "<test>", "exec")) if isinstance(test, str) else test

    def add_assertion(self, name, error):
        code = compile("pass" if error is None else "raise error", "<test>", "exec")
        self.tests.append(types.FunctionType(code, {"error": error}))
        return {"name": shorten(name)}

    def compile_doctests(self, imports, statement):
        """Doctests print failures and continue, so this asserts that none failed."""
        source = f"""{ast.unparse(ast.Module(imports, []))}
_doctests = {ast.unparse(statement)}
if _doctests.attempted == 0: raise __import__("unittest").SkipTest
assert _doctests.failed == 0, 'as printed'"""
        return self.compile(ast.parse(source).body, "<test>")

    def missing(self):
        """Packages that the program imports and that are not available."""
        own = {part.removesuffix(".py") for file in self.files for part in file["path"].split("/")}
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
        return sorted(name for name in found - own - set(lockdown.BRIDGES) if not is_here(name))


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


def has_assertion(statement):
    """Whether the statement contains an assertion outside of functions and classes."""
    if isinstance(statement, ast.Assert):
        return True
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return False
    return any(has_assertion(inner) for inner in ast.iter_child_nodes(statement) if not isinstance(inner, ast.expr))


def is_here(package):
    """Some modules of the standard library are not available, for example those that need a screen."""
    try:
        return package in sys.modules or importlib.util.find_spec(package) is not None
    except (ImportError, ValueError):
        return False


def is_set_aside(test):
    """Whether its author does not expect it to pass."""
    return getattr(test, "__unittest_skip__", False) or getattr(test, "__unittest_expecting_failure__", False)


def runs_tests(statement):
    """Whether a statement calls a test runner, whose tests are separate steps here."""
    text = ast.unparse(statement)
    return re.match(r"((raise )?[\w.]+\()?(unittest|pytest)\.main\(", text) is not None


def runs_doctests(statement):
    return isinstance(statement, ast.Expr) and re.match(r"(\w+\.)?testmod\(", ast.unparse(statement)) is not None


def shorten(text):
    line = " ".join(text[:2000].split())
    return line if len(line) <= 160 else f"{line[:157]}..."


class Session:
    """The part of this file that the host uses: one program, from its order to its last step."""

    def __init__(self):
        self.program = None

    def prepare(self, order):
        random.seed()
        order = json.loads(order)
        self.program = Program(order["files"], order["own_tests"])
        sys.modules["__main__"] = self.program.module
        try:
            return json.dumps(self.program.prepare())
        except (SyntaxError, ValueError) as error:
            return json.dumps({"refused": "".join(traceback.format_exception_only(error))})

    def load(self):
        """The function that runs the program."""
        return self.program.load

    def names(self):
        """The namespace of the main module, in which the host runs checks with the interpreter's own functions."""
        return self.program.module.__dict__

    def lock_down(self):
        """Makes this file and the bridges unreachable for the program; the host holds what it needs of them."""
        substitutes.install()
        for name in ("runner", "assertions", "doctests", "substitutes", "lockdown"):
            del sys.modules[name]
        # a program can find this class through the list of all classes, and its globals through a method
        for name in ("session", *OFFERED):
            del globals()[name]
        lockdown.lock_down()

    def discover(self):
        return json.dumps(self.program.discover())

    def test(self, index):
        return self.program.test(int(index))

    def warm_up(self):
        """Runs what every check needs once, so that the engine has compiled it before the first check."""
        text = "import math\ndef f(x):\n  return [str(x)]\nif __name__ == '__main__':\n  assert f(1)\n"
        self.prepare(json.dumps({"files": [{"path": "main.py", "text": text}], "own_tests": True}))
        self.program.load()
        for source in ("assert f(1) == ['1']", "f'{f(1)!r}'"):
            self.program.as_function(compile(source, "<check>", "exec"))()
        self.discover()
        for index in range(len(self.program.tests)):
            self.test(index)()
        sys.path.remove(FOLDER)
        os.remove(f"{FOLDER}/main.py")
        self.program = None


session = Session()

# Held by the host under these names.
OFFERED = ("warm_up", "prepare", "load", "names", "discover", "test", "lock_down")
globals().update({name: getattr(session, name) for name in OFFERED})
