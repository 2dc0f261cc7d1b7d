/** The part of pytest that programs use must be available and have the same meaning; tests are found as pytest finds them. */
import type { CheckReport } from '../../src/contract/checks';
import { createHarness, passed, type Harness } from './fixtures';

let harness: Harness;
beforeAll(() => void (harness = createHarness()));
afterAll(() => harness.stop());

const GIVEN = `
import os
import sys
import pytest

def add(a, b):
    if a is None:
        raise ValueError("cannot add None")
    return a + b
`;
const run = (tests: string) => harness.python(GIVEN + tests, { ownTests: true });
const failed = ({ checks }: CheckReport) =>
  checks.flatMap(({ name, passed: holds, error }) => (holds ? [] : [[name, error?.split('\n').at(-1)]]));

test('a parameter table becomes one test per row, with pytest’s name', async () => {
  const report = await run(`
@pytest.mark.parametrize("a,b,c", [(1, 2, 3), pytest.param(2, 2, 4, id="four"), (1, 1, 3)])
def test_add(a, b, c):
    assert add(a, b) == c

@pytest.mark.parametrize("x", [0, 1])
@pytest.mark.parametrize("y", [2, 3], ids=["two", "three"])
def test_less(x, y):
    assert x < y

@pytest.mark.parametrize(("a", "b"), [(1, 2), pytest.param(3, 4, marks=pytest.mark.skip)])
def test_pairs(a, b):
    assert a < b

@pytest.mark.parametrize("a,b", [(1,)])
def test_too_few(a, b):
    pass
`);
  expect(passed(report)).toEqual([
    'the program loads',
    'test_add[1-2-3]',
    'test_add[four]',
    'test_less[two-0]',
    'test_less[two-1]',
    'test_less[three-0]',
    'test_less[three-1]',
    'test_pairs[1-2]',
  ]);
  expect(failed(report)).toEqual([
    ['test_add[1-1-3]', ' +  where 2 = add(a, b)'],
    ['test_too_few', expect.stringContaining("can't be prepared") as string],
  ]);
});

test('fixtures are provided, as often as their scope requires, and torn down', async () => {
  const report = await run(`
made = []

@pytest.fixture
def base():
    made.append("base")
    yield 10
    made.append("cleared")

@pytest.fixture(scope="module")
def once():
    made.append("once")
    return 1

@pytest.fixture(autouse=True)
def always(once):
    made.append("always")

@pytest.fixture(params=["a", "b"], name="letter")
def _letter(request):
    return request.param

def test_base(base, once):
    assert (base, once) == (10, 1)

def test_order():
    assert made == ["once", "always", "base", "cleared", "always"]

def test_letter(letter):
    assert letter in "ab"

@pytest.mark.usefixtures("base")
def test_used():
    assert made[-1] == "base"

def test_lacks(nothing):
    pass

@pytest.mark.asyncio
async def test_async(base):
    assert base == 10

class TestGroup:
    @pytest.fixture
    def own(self):
        return self.n

    def setup_method(self, method):
        self.n = 5

    @pytest.mark.parametrize("k", [1, 2])
    def test_method(self, k, own, base):
        assert (own, base) == (5, 10)

class TestMore(TestGroup):
    pass
`);
  expect(passed(report).slice(1)).toEqual([
    'test_base',
    'test_order',
    'test_letter[a]',
    'test_letter[b]',
    'test_used',
    'test_async',
    'TestGroup.test_method[1]',
    'TestGroup.test_method[2]',
    'TestMore.test_method[1]',
    'TestMore.test_method[2]',
  ]);
  expect(failed(report)).toEqual([['test_lacks', expect.stringContaining("fixture 'nothing' not found") as string]]);
});

/** Tests that pass. */
const HOLDS = [
  'with pytest.raises(ValueError, match="add N.ne") as caught: add(None, 1)\n    assert "None" in str(caught.value)',
  'with pytest.raises((KeyError, ValueError)): add(None, 1)',
  'assert pytest.raises(ValueError, add, None, 1).type is ValueError',
  'assert 0.1 + 0.2 == pytest.approx(0.3); assert pytest.approx(0.3) == 0.1 + 0.2; assert 1.1 != pytest.approx(1)',
  'assert [0.1 + 0.2, 1] == pytest.approx([0.3, 1]); assert {"a": 0.1 + 0.2} == pytest.approx({"a": 0.3})',
  'assert 1.05 == pytest.approx(1, abs=0.1); assert 105 == pytest.approx(100, rel=0.1); assert [1] != pytest.approx([1, 2])',
  'import warnings\n    with pytest.warns(UserWarning, match="old"): warnings.warn("old way")',
  'pytest.skip("not here")\n    assert False',
];
/** Tests that fail. */
const FAILS = [
  'with pytest.raises(ValueError): add(1, 1)',
  'with pytest.raises(KeyError): add(None, 1)',
  'with pytest.raises(ValueError, match="other"): add(None, 1)',
  'assert 0.31 == pytest.approx(0.3)',
  'assert [0.3, 2] == pytest.approx([0.3, 1])',
  'with pytest.warns(UserWarning): pass',
  'pytest.fail("as I say")',
];

test('its assertions pass and fail as in pytest', async () => {
  const test = (kind: string) => (body: string, i: number) => `def test_${kind}_${i}():\n    ${body}\n`;
  const report = await run([...HOLDS.map(test('holds')), ...FAILS.map(test('fails'))].join('\n'));
  expect(failed(report).map(([name]) => name)).toEqual(FAILS.map((_, i) => `test_fails_${i}`));
  expect(passed(report)).not.toContain(`test_holds_${HOLDS.length - 1}`);
  expect(passed(report)).toHaveLength(1 + HOLDS.length - 1);
});

test('files, output and environment are isolated per test', async () => {
  const report = await run(`
def test_files(tmp_path):
    (tmp_path / "a.txt").write_text("x")
    assert list(tmp_path.iterdir())[0].read_text() == "x"

def test_output(capsys):
    print("said")
    sys.stderr.write("loud")
    out, err = capsys.readouterr()
    assert (out, err, capsys.readouterr().out) == ("said\\n", "loud", "")

def test_patched(monkeypatch):
    monkeypatch.setenv("LEVEL", "7")
    monkeypatch.setattr("os.path.exists", lambda path: True)
    monkeypatch.setitem(sys.modules, "otters", "here")
    assert (os.environ["LEVEL"], os.path.exists("/nowhere"), sys.modules["otters"]) == ("7", True, "here")

def test_unpatched():
    assert ("LEVEL" in os.environ, os.path.exists("/nowhere"), "otters" in sys.modules) == (False, False, False)
`);
  expect(failed(report)).toEqual([]);
  expect(passed(report)).toHaveLength(5);
});

test('skipped tests are not run, nor are functions with parameters that nothing provides', async () => {
  const report = await harness.python(
    `def test_case(name, expected):
    assert name == expected

def test_real():
    assert True

if __name__ == "__main__":
    test_case("a", "a")
`,
    { ownTests: true },
  );
  expect(passed(report)).toEqual(['the program loads', 'test_real', "test_case('a', 'a')"]);
  const aside = await run(`
pytestmark = [pytest.mark.filterwarnings("ignore")]

@pytest.mark.skip(reason="later")
def test_later(): assert False

@pytest.mark.skipif(sys.version_info >= (3,), reason="old")
def test_old(): assert False

@pytest.mark.skipif(False, reason="never")
def test_kept(): assert True

@pytest.mark.xfail
def test_known(): assert False

if __name__ == "__main__":
    import sys
    sys.exit(pytest.main(["-v", __file__]))
`);
  expect(passed(aside)).toEqual(['the program loads', 'test_kept']);
  expect(failed(aside)).toEqual([]);
});

test('tests in a separate file import the program', async () => {
  const report = await harness.sandbox.check({
    language: 'python',
    files: [
      { path: 'test_main.py', text: 'import pytest\nfrom main import f\n\ndef test_f():\n    assert f(2) == 4\n' },
      { path: 'main.py', text: 'def f(x):\n    return x * x\n' },
    ],
    ownTests: true,
  });
  expect(passed(report)).toEqual(['the program loads', 'test_f']);
});

/** The error of a failed test after its traceback. */
const published = ({ checks }: CheckReport) =>
  Object.fromEntries(
    checks.flatMap(({ name, error }) => (error ? [[name, error.split(/^AssertionError: ?/m).at(-1)]] : [])),
  );

test('a failed assertion shows its values, as in pytest', async () => {
  const report = await run(`
def test_equal():
    assert add(1, 2) == add(2, 2), f"not {4}"

def test_each_condition():
    assert add(1, 2) == 3 and add(1, 2) in (4, 5)

def test_truth():
    assert isinstance(add(1, 2), str)

def test_not():
    assert not add(1, 2)

def test_name():
    total = add(1, 2)
    assert total > 3

class TestGroup:
    def test_inner(self):
        def helper(value):
            assert add(value, 1) is None
        helper(1)

def test_long():
    assert "a" * 1000 == "b"

if __name__ == "__main__":
    assert add(2, 2) == 5
`);
  const { test_long: long, ...others } = published(report);
  expect(others).toEqual({
    test_equal: 'not 4\nassert 3 == 4\n +  where 3 = add(1, 2)\n +  where 4 = add(2, 2)',
    test_each_condition: 'assert 3 in (4, 5)\n +  where 3 = add(1, 2)',
    test_truth: 'assert False\n +  where False = isinstance(add(1, 2), str)',
    test_not: 'assert not 3\n +  where 3 = add(1, 2)',
    test_name: 'assert 3 > 3',
    'TestGroup.test_inner': 'assert 2 is None\n +  where 2 = add(value, 1)',
    'assert add(2, 2) == 5': 'assert 4 == 5\n +  where 4 = add(2, 2)',
  });
  expect(long).toMatch(/^assert 'a{399} == 'b'\n/);
});

test('an assertion about arguments keeps its message, and a passed assertion keeps no values alive', async () => {
  const report = await run(`
import gc
import weakref

class Thing:
    pass

def positive(n):
    assert n > 0
    return n

def test_message():
    try:
        positive(-1)
    except AssertionError as error:
        assert str(error) == ""
    else:
        raise RuntimeError("it must fail")

def test_let_go():
    things = [Thing()]
    seen = weakref.ref(things[0])
    assert things.pop() != 1
    gc.collect()
    assert seen() is None

assert Thing() != 1
`);
  expect(failed(report)).toEqual([]);
  expect(passed(report)).toEqual(['the program loads', 'assert Thing() != 1', 'test_message', 'test_let_go']);
});
