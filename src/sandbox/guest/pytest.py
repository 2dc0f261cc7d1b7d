"""The part of pytest that programs use. Its tests are found and run here one by one, so that the process outside sees each of them end.

pytest itself is a runner that reports at the end what has passed, and a program must not be its own judge. Names and semantics follow
https://docs.pytest.org/en/stable/reference/reference.html; a name that is not implemented raises an AttributeError.
"""

import asyncio
import contextlib
import inspect
import io
import itertools
import os
import pathlib
import re
import tempfile
import types
import unittest
import warnings as _warnings

_FIXTURE = "_fixture_options"
# Built-in fixtures, which a program requests without defining them.
_given = {}
# Values of fixtures that outlive a test, by fixture and parameter.
_kept = {}
_calls = []
# Fixtures by the module and the class of the tests that can use them.
_known = {}


class Failed(AssertionError):
    pass


# --- outcomes and assertions ---


def skip(reason="", *, allow_module_level=False):
    raise unittest.SkipTest(reason)


def xfail(reason=""):
    raise unittest.SkipTest(reason)


def fail(reason="", pytrace=True):
    raise Failed(reason)


def importorskip(name, minversion=None, reason=None):
    try:
        return __import__("importlib").import_module(name)
    except ImportError:
        raise unittest.SkipTest(reason or f"could not import {name!r}") from None


def main(args=None, plugins=None):
    """Does nothing: the tests are run in any case."""
    return 0


class _Info:
    """The information about an expected error."""

    value = type = tb = None

    def match(self, pattern):
        if not re.search(pattern, str(self.value)):
            raise Failed(f"Pattern {pattern!r} does not match {str(self.value)!r}")
        return True


class _Raises:
    def __init__(self, expected, match):
        self.expected, self.pattern, self.info = expected, match, _Info()

    def __enter__(self):
        return self.info

    def __exit__(self, kind, error, trace):
        if kind is None:
            names = self.expected if isinstance(self.expected, tuple) else (self.expected,)
            raise Failed(f"DID NOT RAISE {' or '.join(name.__name__ for name in names)}")
        if not issubclass(kind, self.expected):
            return False
        self.info.value, self.info.type, self.info.tb = error, kind, trace
        return self.pattern is None or self.info.match(self.pattern)


def raises(expected_exception, *arguments, match=None, **named):
    context = _Raises(expected_exception, match)
    if not arguments:
        return context
    with context as info:
        arguments[0](*arguments[1:], **named)
    return info


@contextlib.contextmanager
def warns(expected_warning=Warning, *, match=None):
    with _warnings.catch_warnings(record=True) as heard:
        _warnings.simplefilter("always")
        yield heard
    fitting = [one for one in heard if issubclass(one.category, expected_warning)]
    if not any(match is None or re.search(match, str(one.message)) for one in fitting):
        raise Failed(f"DID NOT WARN {expected_warning}")


def deprecated_call(*, match=None):
    return warns((DeprecationWarning, PendingDeprecationWarning, FutureWarning), match=match)


class approx:
    """Equal to any value within the larger of both tolerances; collections are compared item by item."""

    __hash__ = None

    def __init__(self, expected, rel=None, abs=None, nan_ok=False):
        self.expected, self.options = expected, (rel, abs, nan_ok)

    def __repr__(self):
        return f"approx({self.expected!r})"

    def __eq__(self, actual):
        expected = self.expected
        if isinstance(expected, dict):
            return actual.keys() == expected.keys() and all(self._is_near(actual[key], expected[key]) for key in expected)
        if isinstance(expected, (list, tuple)):
            return len(actual) == len(expected) and all(map(self._is_near, actual, expected))
        return self._is_near(actual, expected)

    def _is_near(self, actual, expected):
        rel, least, nan_ok = self.options
        if actual == expected:
            return True
        if not all(isinstance(value, (int, float, complex)) or hasattr(value, "__float__") for value in (actual, expected)):
            return False
        if expected != expected:
            return nan_ok and actual != actual
        if abs(expected) == float("inf"):
            return False
        if rel is None and least is not None:
            return abs(actual - expected) <= least
        part = (1e-6 if rel is None else rel) * abs(expected)
        return abs(actual - expected) <= max(type(part)(1e-12 if least is None else least), part)


# --- marks and parameters ---


class _Parameters:
    def __init__(self, values, id=None, marks=()):
        self.values, self.id = values, id
        self.marks = marks if isinstance(marks, (list, tuple)) else (marks,)


def param(*values, id=None, marks=()):
    return _Parameters(values, id, marks)


class _Mark:
    def __init__(self, name, arguments=(), named=None):
        self.name, self.args, self.kwargs = name, arguments, named or {}

    def __call__(self, *arguments, **named):
        [only, *others] = arguments or [None]
        if (inspect.isfunction(only) or isinstance(only, type)) and not others and not named:
            only.pytestmark = [*vars(only).get("pytestmark", ()), self]
            return only
        return _Mark(self.name, arguments, named)


class _Marks:
    def __getattr__(self, name):
        return _Mark(name)


mark = _Marks()


def fixture(function=None, *, scope="function", params=None, autouse=False, ids=None, name=None):
    def decorate(function):
        setattr(function, _FIXTURE, {"lives": scope != "function", "params": params, "auto": autouse, "name": name})
        return function

    return decorate if function is None else decorate(function)


# --- built-in fixtures ---


def _provided(function):
    _given[function.__name__] = fixture(function)


@_provided
def tmp_path():
    return pathlib.Path(tempfile.mkdtemp())


class CaptureFixture:
    def __init__(self):
        self.out, self.err = io.StringIO(), io.StringIO()

    def readouterr(self):
        """What was written since the last call."""
        said = _Said(out=self.out.getvalue(), err=self.err.getvalue())
        for stream in (self.out, self.err):
            stream.seek(0)
            stream.truncate()
        return said


class _Said(types.SimpleNamespace):
    def __iter__(self):
        return iter((self.out, self.err))


@_provided
def capsys():
    capture = CaptureFixture()
    with contextlib.redirect_stdout(capture.out), contextlib.redirect_stderr(capture.err):
        yield capture


_NOTHING = object()


class MonkeyPatch:
    def __init__(self):
        self._undo = []

    def setattr(self, target, name, value=_NOTHING, raising=True):
        if value is _NOTHING:
            (path, _, name), value = target.rpartition("."), name
            target = __import__("importlib").import_module(path)
        old = getattr(target, name) if raising else getattr(target, name, _NOTHING)
        if isinstance(target, type):
            old = vars(target).get(name, _NOTHING)
        self._undo.append((setattr, delattr, target, name, old))
        setattr(target, name, value)

    def delattr(self, target, name, raising=True):
        if raising or hasattr(target, name):
            self._undo.append((setattr, delattr, target, name, getattr(target, name)))
            delattr(target, name)

    def setitem(self, mapping, name, value):
        self._undo.append((type(mapping).__setitem__, type(mapping).__delitem__, mapping, name, mapping.get(name, _NOTHING)))
        mapping[name] = value

    def delitem(self, mapping, name, raising=True):
        if raising or name in mapping:
            self.setitem(mapping, name, None)
            del mapping[name]

    def setenv(self, name, value, prepend=None):
        self.setitem(os.environ, name, f"{value}{prepend}{os.environ[name]}" if prepend and name in os.environ else str(value))

    def delenv(self, name, raising=True):
        self.delitem(os.environ, name, raising)

    def chdir(self, path):
        self._undo.append((lambda _, __, old: os.chdir(old), None, None, None, os.getcwd()))
        os.chdir(path)

    def undo(self):
        for put, take, target, name, old in reversed(self._undo):
            if old is not _NOTHING:
                put(target, name, old)
            elif take is not delattr or name in vars(target):
                take(target, name)
        self._undo.clear()


@_provided
def monkeypatch():
    patch = MonkeyPatch()
    yield patch
    patch.undo()


# --- discovery and execution ---


def _find(module, name, value):
    """The tests that a name of a module stands for, as pairs of the test's name and its index in `_calls`."""
    if _is_test(name, value):
        return _variants(module, None, name, value)
    if not (isinstance(value, type) and name.startswith("Test") and value.__init__ is object.__init__):
        return []
    names = dict.fromkeys(name for base in reversed(value.__mro__) for name in vars(base))
    methods = [(name, getattr(value, name)) for name in names]
    return [test for name, method in methods if _is_test(name, method) for test in _variants(module, value, name, method)]


def _is_test(name, value):
    return name.startswith("test_") and inspect.isfunction(value) and _options(value) is None


def _variants(module, case, name, function):
    """One test for each combination of its parameters; if the parameters are invalid, one test that fails with that error."""
    title = f"{case.__name__}.{name}" if case else name
    try:
        tests = _combinations(module, case, function)
    except Exception as error:
        tests = [("", _raiser(Failed(f"The test can't be prepared: {error!r}")))]
    found = []
    for label, call in tests:
        found.append((f"{title}[{label}]" if label else title, len(_calls)))
        _calls.append(call)
    return found


def _raiser(error):
    def call():
        raise error

    return call


def _combinations(module, case, function):
    """Empty if the test is marked as not to be run, or if it is not a test but a function with parameters that nothing provides."""
    marks = [*_marks(module), *_marks(case), *_marks(function)]
    if any(map(_sets_aside, marks)):
        return []
    fixtures = _fixtures(module, case)
    rows = [_rows(mark) for mark in marks if mark.name == "parametrize"]
    direct = {key for row in rows for _, values, _ in row[:1] for key in values}
    used = _used(function, fixtures, direct)
    rows += [
        [(_shown(value), {}, {name: value}) for value in options["params"]]
        for name in used
        if (options := _options(fixtures.get(name))) and options["params"] is not None
    ]
    lacking = [one for one in used if one not in fixtures and one != "request"]
    if lacking and not ("pytest" in vars(module) or marks):
        return []
    tests = []
    for combination in itertools.product(*rows):
        values = {key: value for _, given, _ in combination for key, value in given.items()}
        chosen = {key: value for _, _, picks in combination for key, value in picks.items()}
        shown = "-".join(label for label, _, _ in combination)
        tests.append((shown, _call(module, case, function, fixtures, used, values, chosen)))
    return tests


def _rows(mark):
    """For each set of parameters its label, its values by name, and the values that are passed to fixtures."""
    arguments = dict(zip(("argnames", "argvalues"), mark.args)) | mark.kwargs
    names = arguments["argnames"]
    names = [name.strip() for name in names.split(",") if name.strip()] if isinstance(names, str) else list(names)
    ids = arguments.get("ids")
    rows = []
    for at, row in enumerate(arguments["argvalues"]):
        special = row if isinstance(row, _Parameters) else None
        values = special.values if special else (row,) if len(names) == 1 else tuple(row)
        if special and any(map(_sets_aside, special.marks)):
            continue
        own = (ids(row) if callable(ids) else list(ids)[at]) if ids else None
        label = (special and special.id) or own or "-".join(map(_shown, values))
        given = dict(zip(names, values, strict=True))
        indirect = arguments.get("indirect")
        picked = names if indirect is True else [name for name in indirect or () if name in given]
        rows.append((label, {key: given[key] for key in names if key not in picked}, {key: given[key] for key in picked}))
    return rows


def _shown(value):
    text = str(value) if isinstance(value, (int, float, str, bool, type(None))) else repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


def _marks(target):
    marks = getattr(target, "pytestmark", ())
    return marks if isinstance(marks, (list, tuple)) else [marks]


def _sets_aside(mark):
    """Whether the mark says that the test is not expected to run or to pass."""
    condition = mark.args[0] if mark.args and not isinstance(mark.args[0], str) else mark.kwargs.get("condition", True)
    return mark.name == "skip" or (mark.name in ("skipif", "xfail") and bool(condition))


def _fixtures(module, case):
    """All fixtures that a test of the module or class can use; cached, because a module may have very many names."""
    key = (id(module), case)
    if key not in _known:
        _known[key] = _find_fixtures(module, case)
    return _known[key]


def _find_fixtures(module, case):
    named = {**vars(module)}
    for base in reversed(case.__mro__ if case else ()):
        named.update(vars(base))
    own = {(options["name"] or name): value for name, value in named.items() if (options := _options(value))}
    return {**_given, **own}


def _options(function):
    return getattr(function, _FIXTURE, None) if inspect.isfunction(function) else None


def _wanted(function):
    parameters = inspect.signature(function).parameters.values()
    free = [p for p in parameters if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    return [p.name for p in free if p.name not in ("self", "cls")]


def _used(function, fixtures, direct):
    """The fixtures that a test needs, directly or through other fixtures."""
    asked = [name for mark in _marks(function) if mark.name == "usefixtures" for name in mark.args]
    queue = [*(name for name, one in fixtures.items() if _options(one)["auto"]), *asked, *_wanted(function)]
    used = []
    while queue:
        name = queue.pop(0)
        if name not in used and name not in direct:
            used.append(name)
            queue += _wanted(fixtures[name]) if name in fixtures else []
    return used


def _call(module, case, function, fixtures, used, values, chosen):
    def call():
        with contextlib.ExitStack() as stack:
            test = _prepared(module, case, function, stack)
            ready = {"request": types.SimpleNamespace(param=None), **values}
            for name in used:
                _provide(name, test, fixtures, ready, chosen, stack)
            result = function(*([test] if case else []), **{name: ready[name] for name in _wanted(function)})
            if inspect.iscoroutine(result):
                asyncio.run(result)

    return call


def _prepared(module, case, function, stack):
    """The instance for a test method, after running its setup hooks and registering its teardown."""
    test = case() if case else None
    owner, kind = (test, "method") if case else (module, "function")
    for place, name in ((module, "setup_module"), (test, "setup_class")):
        if hasattr(place, name) and (id(module), case, name) not in _kept:
            _kept[(id(module), case, name)] = True
            _hook(place, name, case or module)
    _hook(owner, f"setup_{kind}", function)
    stack.callback(_hook, owner, f"teardown_{kind}", function)
    return test


def _hook(owner, name, about):
    hook = getattr(owner, name, None)
    if hook is not None:
        hook(*([about] if _wanted(hook) else []))


def _provide(name, test, fixtures, ready, chosen, stack):
    if name in ready:
        return
    function = fixtures.get(name)
    if function is None:
        raise Failed(f"fixture {name!r} not found")
    options = _options(function)
    key = (function, repr(chosen.get(name)))
    if options["lives"] and key in _kept:
        ready[name] = _kept[key]
        return
    arguments = {}
    for needed in _wanted(function):
        _provide(needed, test, fixtures, ready, chosen, stack)
        arguments[needed] = ready[needed] if needed != "request" else types.SimpleNamespace(param=chosen.get(name))
    bound = test is not None and "self" in inspect.signature(function).parameters
    value = function(*([test] if bound else []), **arguments)
    if inspect.isgenerator(value):
        steps = value
        value = next(steps)
        # a longer-lived fixture is never torn down: the process ends after the last test
        if not options["lives"]:
            stack.callback(next, steps, None)
    ready[name] = value
    if options["lives"]:
        _kept[key] = value
