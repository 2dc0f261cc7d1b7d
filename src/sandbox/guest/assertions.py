"""Makes a failed `assert` of a test report the compared values in pytest's format: `assert 3 == 4`, ` +  where 3 = f(2)`.

Only assertions of tests are rewritten. An assertion about a function's arguments stays as it is: the program may read its message.
"""

import ast
import re

# Names of test functions, and of the classes that contain them.
TESTS = re.compile(r"(^|_)test|Test|^(main|check)$")
VALUE_LIMIT = 400


def explain(body):
    """Rewrites the assertions in the statements of a module or of a check."""
    return [ast.fix_missing_locations(statement) for statement in Explaining().visit(ast.Module(body, [])).body]


class Explaining(ast.NodeTransformer):
    def __init__(self):
        self.within = []

    def enter(self, node):
        self.within.append(node.name)
        self.generic_visit(node)
        self.within.pop()
        return node

    visit_FunctionDef = visit_AsyncFunctionDef = visit_ClassDef = enter

    def visit_Assert(self, node):
        if self.within and not any(map(TESTS.search, self.within)):
            return node
        return [ast.copy_location(one, node) for part in parts_of(node.test) for one in Assertion().rewrite(part, node.msg)]


def parts_of(test):
    """The operands of an `and` expression; otherwise the condition itself."""
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        return [part for value in test.values for part in parts_of(value)]
    return [test]


class Assertion:
    def __init__(self):
        self.names = []
        self.wheres = []

    def rewrite(self, test, message):
        """The rewritten assertion, and a statement that releases the stored values."""
        if isinstance(test, ast.Compare) and len(test.ops) == 1:
            left, shown = self.hold(test.left)
            right, shown_right = self.hold(test.comparators[0])
            sign = ast.unparse(ast.Compare(ast.Name("a"), test.ops, [ast.Name("b")]))[1:-1]
            test, shown = ast.Compare(left, test.ops, [right]), [*shown, ast.Constant(sign), *shown_right]
        elif isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            operand, shown = self.hold(test.operand)
            test, shown = ast.UnaryOp(test.op, operand), [ast.Constant("not "), *shown]
        else:
            test, shown = self.hold(test)
        said = [] if message is None else [ast.FormattedValue(message, -1), ast.Constant("\n")]
        text = ast.JoinedStr([*said, ast.Constant("assert "), *shown, *self.wheres])
        targets = [ast.Name(name, ast.Store()) for name in self.names]
        return [ast.Assert(test, text), *([ast.Assign(targets, ast.Constant(None))] if targets else [])]

    def hold(self, value):
        """Stores the value under a name that no program can use; returns the expression and its display."""
        source = ast.unparse(value)
        if is_literal(value):
            return value, [ast.Constant(source)]
        name = f"@{len(self.names)}"
        self.names.append(name)
        limit = ast.JoinedStr([ast.Constant(f".{VALUE_LIMIT}")])
        shown = ast.FormattedValue(ast.Name(name, ast.Load()), ord("r"), limit)
        if not isinstance(value, ast.Name):
            self.wheres += [ast.Constant("\n +  where "), shown, ast.Constant(f" = {source}")]
        return ast.NamedExpr(ast.Name(name, ast.Store()), value), [shown]


def is_literal(value):
    try:
        ast.literal_eval(value)
    except (ValueError, TypeError):
        return False
    return True
