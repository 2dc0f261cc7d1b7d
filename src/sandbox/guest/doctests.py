"""Finds the doctests of a program: each docstring with examples is one test, whether or not the program runs them itself.

The output of an example is compared like the examples of a request: values that are written differently may be equal.
"""

import ast
import doctest
import math


class Parser(doctest.DocTestParser):
    def get_examples(self, string, name="<string>"):
        """Returns no examples if the text is not a valid doctest: it may be prose that only looks like one."""
        try:
            return [example for example in super().get_examples(string, name) if compiles(example.source)]
        except ValueError:
            return []


class Checker(doctest.OutputChecker):
    def check_output(self, want, got, optionflags):
        return super().check_output(want, got, optionflags) or same_value(want, got)


def find(module):
    """Yields pairs of a name and a function that raises if an example fails."""
    finder = doctest.DocTestFinder(parser=Parser())
    for test in finder.find(module, module.__name__):
        if test.examples:
            # the first part of the name is the module
            _, _, name = test.name.partition(".")
            yield f"doctest of {name or 'the module'}", runner_for(test)


def runner_for(test):
    def run():
        written = []
        runner = doctest.DocTestRunner(Checker(), verbose=False, optionflags=doctest.NORMALIZE_WHITESPACE)
        runner.run(test, out=written.append)
        if runner.failures:
            raise AssertionError("".join(written).strip("*\n"))

    return run


def compiles(source):
    try:
        compile(source, "<doctest>", "single")
    except SyntaxError:
        return False
    return True


def same_value(want, got):
    try:
        return equal(ast.literal_eval(want.strip()), ast.literal_eval(got.strip()))
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return False


def equal(a, b):
    if isinstance(a, float) or isinstance(b, float):
        return isinstance(a, (int, float)) and isinstance(b, (int, float)) and math.isclose(a, b, rel_tol=1e-12)
    if isinstance(a, (list, tuple)) and type(a) is type(b):
        return len(a) == len(b) and all(map(equal, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(equal(a[key], b[key]) for key in a)
    return a == b
