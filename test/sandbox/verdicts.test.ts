/** Wrong programs that tamper with the means of checking, or look for the expected values. None may pass. */
import { createHarness, demand, type Harness } from './fixtures';

let harness: Harness;
beforeAll(async () => {
  harness = createHarness();
  await harness.sandbox.layers();
}, 120_000);
afterAll(() => harness.stop());

/** The request demands that f doubles; none of these programs does that. */
const PROGRAMS: [trick: string, program: string][] = [
  [
    'replaces compile and exec',
    'import builtins\nreal = compile\nbuiltins.compile = builtins.exec = lambda *a, **k: real("None", "", "eval")',
  ],
  ['replaces the type of functions', 'import types\ntypes.FunctionType = lambda *a: (lambda: None)'],
  ['replaces the parser', 'import ast\nast.parse = lambda *a, **k: real("pass")\nreal = ast.parse'],
  [
    'changes the nodes of syntax trees',
    'import ast\nast.Assert.test = property(lambda s: ast.Constant(True), lambda s, v: None)',
  ],
  [
    'changes how syntax trees are visited',
    'import ast\nast.NodeVisitor.visit = ast.NodeTransformer.generic_visit = lambda s, n: ast.Pass()',
  ],
  [
    'changes the class that holds the program',
    'for c in object.__subclasses__():\n  if c.__name__ in ("Session", "Program"):\n    for n in [n for n in vars(c) if not n.startswith("__")]: setattr(c, n, lambda *a, **k: None)',
  ],
  [
    'listens to warnings of the compiler',
    'import warnings, sys\ndef hear(*a, **k):\n  f = sys._getframe()\n  while f:\n    f.f_globals["AssertionError"] = None\n    f = f.f_back\nwarnings.showwarning = warnings.warn = warnings.warn_explicit = hear\nwarnings.simplefilter("always")',
  ],
  ['replaces repr and format', 'import builtins\nbuiltins.repr = builtins.format = builtins.str = lambda *a: "4"'],
];
/** They look where the expected value might be, and return what they find. */
const READERS: [place: string, program: string][] = [
  [
    'the constants of their callers',
    'import sys\ndef f(x):\n  found, frame = [], sys._getframe(1)\n  while frame:\n    found += [c for c in frame.f_code.co_consts if isinstance(c, int)]\n    frame = frame.f_back\n  return found[-1] if found else None',
  ],
  [
    'the names of their callers',
    'import sys\ndef f(x):\n  frame = sys._getframe(1)\n  while frame:\n    for held in [*frame.f_locals.values(), *frame.f_globals.values()]:\n      if isinstance(held, int) and held not in (x, True): return held\n    frame = frame.f_back',
  ],
  [
    'everything that classes lead to',
    'def f(x):\n  for c in object.__subclasses__():\n    for v in list(vars(c).values()):\n      held = getattr(v, "__globals__", {})\n      for name in ("session", "checks", "order"):\n        if "f(2)" in str(held.get(name)): return int(str(held[name]).split("==")[1])',
  ],
];

const wrong = (program: string) => `def f(x): return 0\n${program}`;
const EQUATION = demand('assert f(2) == 4');
const LOOP = demand('for n in (1, 2): assert f(n) == 2 * n');
const COMPARISON = demand('assert f(2) > 3');
const TUPLE = demand('assert f(2) is 4 and f(3) == 6');

test.each(PROGRAMS)('a program that %s fails the check', async (_trick, program) => {
  const checks = [EQUATION, LOOP, COMPARISON, TUPLE, demand('f(2)', '4')];
  const report = await harness.python(wrong(program), { checks });
  expect(report.checks.filter(({ origin }) => origin === 'request').map(({ passed }) => passed)).toEqual(
    checks.map(() => false),
  );
  expect(report.passed).toBe(false);
});

test.each(READERS)('a program that looks at %s does not find the expected value', async (_place, program) => {
  const checks = [EQUATION, demand('f(2)', '4'), demand("x = 2\nassert f(x) == 4, 'four'")];
  const report = await harness.python(program, { checks });
  expect(report.checks.map(({ passed }) => passed)).toEqual([true, false, false, false]);
});

test('a failed check reports the actual value, whatever its form', async () => {
  const reported: [code: string, error: string][] = [
    ['assert f(2) == 4, f"not {f(4)}"', 'f(2) returned 2, expected 4'],
    ['assert (f(2) == 4)', 'f(2) returned 2, expected 4'],
    ["assert f(b'a') == b'b'", "f(b'a') returned b'a', expected b'b'"],
    ['assert f(2) == 0x10', 'f(2) returned 2, expected 16'],
    ['s = Stack([1])\nassert s.pop() == 1\nassert len(s) == 1', 'len(s) returned 0, expected 1'],
    ['assert f(2) > 3', 'AssertionError: assert 2 > 3\n +  where 2 = f(2)'],
    ['assert not f(2), "none"', 'AssertionError: none\nassert False'],
    ['assert f(2) == ', 'SyntaxError'],
  ];
  const program = 'def f(x): return x\nclass Stack(list): pass';
  const { checks } = await harness.python(program, { checks: reported.map(([code]) => demand(code)) });
  expect(checks.slice(1).map(({ name, error }) => [name, error])).toEqual(
    reported.map(([code, error]) => [code, expect.stringContaining(error)]),
  );
});

test('a correct program passes the same checks', async () => {
  const codes = [EQUATION, LOOP, COMPARISON, demand("assert f('a') == 'aa'"), demand("assert f(b'\\1') == b'\\1\\1'")];
  const report = await harness.python('def f(x): return x * 2', {
    checks: [...codes, demand('assert f(8) == 0x10, "hex"')],
  });
  expect(report.checks.flatMap(({ error }) => error ?? [])).toEqual([]);
  expect(report.passed).toBe(true);
});
