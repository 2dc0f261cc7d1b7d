import { javaScriptExamplesOf } from '../../src/activities/examples/javascript';
import { createRig, demand, errorOf, passed, type Rig } from './fixtures';

let rig: Rig;
beforeAll(async () => {
  rig = createRig();
  await rig.sandbox.layers();
}, 120_000);
afterAll(() => rig.stop());

describe('a Python program', () => {
  test('is loaded, put to the demands of the request, and to its own tests', async () => {
    const program = `
import unittest
def double(x): return 2 * x
def test_zero(): assert double(0) == 0
class Doubles(unittest.TestCase):
    def test_three(self): self.assertEqual(double(3), 7)
if __name__ == "__main__":
    print("main")
    assert double(1) == 2
    unittest.main()
`;
    const checks = [
      demand('assert double(2) == 4'),
      demand('double("a")', "'aa'"),
      demand('for i in range(9): assert double(i) == i + i'),
    ];
    const report = await rig.python(program, { checks, ownTests: true });
    expect(passed(report)).toEqual([
      'the program loads',
      ...checks.map(({ name }) => name),
      'test_zero',
      "print('main')",
      'assert double(1) == 2',
    ]);
    expect(errorOf(report)).toContain('AssertionError: 6 != 7');
    expect(report).toMatchObject({ executed: true, passed: false, output: 'main\n' });
  });

  test('that answers wrongly is told what it gave and what was expected', async () => {
    const report = await rig.python('def f(x): return [x]', { checks: [demand('assert f(1) == [2]')] });
    expect(errorOf(report)).toBe('f(1) returned [1], expected [2]');
  });

  test('may print its answer instead of returning it, as an example in a prompt shows it', async () => {
    const report = await rig.python('def greet(name): print("Hello", name)', {
      checks: [demand('greet("you")', 'Hello you')],
    });
    expect(report.passed).toBe(true);
  });

  test('that only prints does not return what an assertion says', async () => {
    const checks = [
      demand('assert f(2) == 4'),
      demand('assert f(2) is None'),
      demand('f(2)', '4'),
      demand('f(2)', 'None'),
    ];
    const report = await rig.python('def f(x): print(2 * x)', { checks });
    expect(errorOf(report)).toBe('f(2) returned None, expected 4');
    const other = await rig.python('def f(x): return -1', { checks: [demand('print(f(1))', 'None')] });
    expect(errorOf(other)).toBe('print(f(1)) returned -1, expected None');
  });

  test('brings its tests along in any form', async () => {
    const program = `
import asyncio, doctest, unittest
async def double(x):
    await asyncio.sleep(0.01)
    return 2 * x
def half(x):
    """
    >>> half(4)
    2.0
    """
    return x / 2
async def test_double(): assert await double(2) == 5
class TestHalf:
    @classmethod
    def setup_class(cls): cls.more = 4
    def setup_method(self, method): self.given = self.more
    def test_fixture(self, capsys): assert capsys.readouterr()
    def test_half(self): assert half(self.given) == 2
    async def test_both(self): assert half(await double(self.given)) == 5
class Shared(unittest.TestCase):
    @classmethod
    def setUpClass(cls): cls.given = 4
    def test_half(self): self.assertEqual(half(self.given), 2)
    @unittest.skip("later")
    def test_later(self): self.fail()
    def test_perhaps(self): self.skipTest("not here")
class Waiting(unittest.IsolatedAsyncioTestCase):
    async def test_double(self): self.assertEqual(await double(1), 2)
if __name__ == "__main__":
    doctest.testmod()
    assert asyncio.run(double(1)) == 2
`;
    const report = await rig.python(program, { ownTests: true });
    expect(passed(report)).toEqual([
      'the program loads',
      'TestHalf.test_fixture',
      'TestHalf.test_half',
      'Shared.test_half',
      'Waiting.test_double',
      'doctest.testmod()',
      'assert asyncio.run(double(1)) == 2',
    ]);
    const failed = report.checks.filter((check) => !check.passed).map(({ name }) => name);
    expect(failed).toEqual(['test_double', 'TestHalf.test_both']);
  });

  test('may catch that there is no network and there are no processes', async () => {
    const program = `
import os, socket, subprocess, urllib.request
def f(x):
    calls = [lambda: urllib.request.urlopen("http://a"), lambda: socket.create_server(("", 1)), lambda: subprocess.run(["ls"]), lambda: os.system("ls")]
    for call in calls:
        try: call()
        except OSError: x += 1
    return x
`;
    expect((await rig.python(program, { checks: [demand('f(0)', '4')] })).passed).toBe(true);
  });

  test('may derive a key from a password', async () => {
    const checks = [
      demand("derive('sha1', b'password', b'salt', 4096)", "'4b007901b765489abead49d926f721d065a429c1'"),
      demand(
        "derive('sha256', b'passwd', b'salt', 1, 36)",
        "'55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc49ca9ccc'",
      ),
    ];
    const program = 'import hashlib\ndef derive(*given): return hashlib.pbkdf2_hmac(*given).hex()';
    expect((await rig.python(program, { checks })).passed).toBe(true);
  });

  test('may use what imports by itself when it is called', async () => {
    const program = `
import datetime, pickle, time, warnings
def f(text):
    warnings.warn("old")
    assert time.strptime(text, "%Y-%m-%d").tm_mon == 2 and pickle.loads(pickle.dumps([text])) == [text]
    return datetime.datetime.strptime(text, "%Y-%m-%d").day
`;
    const report = await rig.python(program, { checks: [demand("f('2024-02-29')", '29')] });
    expect(report.passed).toBe(true);
  });

  test('that brings a doctest which does not hold fails', async () => {
    const program =
      'import doctest\ndef f(x):\n    """\n    >>> f(2)\n    5\n    """\n    return 2 * x\ndoctest.testmod()';
    const report = await rig.python(program, { ownTests: true });
    expect(errorOf(report)).toContain('AssertionError');
    expect(report.output).toContain('Expected:\n    5\nGot:\n    4');
  });

  test('may run tasks, sleep and call what blocks', async () => {
    const program = `
import asyncio, time
async def work(n):
    await asyncio.sleep(0.05)
    return n
async def main():
    assert await asyncio.gather(*(work(n) for n in range(3))) == [0, 1, 2]
    assert await asyncio.to_thread(len, [1]) == 1
start = time.monotonic()
asyncio.run(main())
time.sleep(0.05)
assert time.monotonic() - start >= 0.1
assert asyncio.get_event_loop().run_until_complete(work(1)) == 1`;
    expect((await rig.python(program)).checks).toEqual([expect.objectContaining({ passed: true })]);
  });

  test('whose tasks all wait for each other is told so at once', async () => {
    const report = await rig.python('import asyncio\nasyncio.run(asyncio.Event().wait())');
    expect(errorOf(report)).toContain('Every task waits');
    expect(report.killed).toBeUndefined();
  });

  const ARGPARSE = 'import argparse\np = argparse.ArgumentParser()\np.add_argument("f")\nprint(p.parse_args())';
  test.each([
    ['keyboard input', 'n = int(input())'],
    ['command-line arguments', ARGPARSE],
    ['threads', 'import threading\ndef test_it(): threading.Thread(target=print).start()'],
    ['network', 'from urllib.request import urlopen\ndef test_it(): urlopen("http://example.com")'],
    ['network', 'import asyncio\nasync def main(): await asyncio.start_server(print, "", 80)\nasyncio.run(main())'],
    ['processes', 'import subprocess\ndef test_it(): subprocess.run(["ls"])'],
    ['processes', 'import os\ndef test_it(): os.system("ls")'],
    ['processes', 'import multiprocessing\nif __name__ == "__main__":\n    multiprocessing.Pool(2)'],
    ['time zones', 'from zoneinfo import ZoneInfo\ndef test_it(): ZoneInfo("Europe/Berlin")'],
    ['OpenSSL', 'import hashlib\ndef test_it(): hashlib.scrypt(b"", salt=b"", n=2, r=1, p=1)'],
    ['tkinter, turtle', 'import turtle\nimport tkinter as tk'],
  ])('that needs %s is not executed', async (lack, program) => {
    const report = await rig.python(program, { ownTests: true });
    expect(report).toMatchObject({ executed: false, passed: false, checks: [] });
    expect(report.reason).toBe(`It needs what the sandbox does not have: ${lack}.`);
  });

  test.each([
    ['asks for something', 'n = int(input("n? "))\nprint(double(n))'],
    ['reads its arguments', ARGPARSE],
    ['serves', 'from http.server import *\nprint(HTTPServer(("", 80), BaseHTTPRequestHandler))'],
  ])('is tested up to where its main block %s', async (_what, main) => {
    const block = `assert double(2) == 4\n${main}`.replace(/^/gm, '    ');
    const report = await rig.python(`def double(x): return 2 * x\nif __name__ == "__main__":\n${block}`, {
      ownTests: true,
    });
    expect(report).toMatchObject({ executed: true, passed: true });
    expect(passed(report).slice(0, 2)).toEqual(['the program loads', 'assert double(2) == 4']);
    expect(report.checks.filter(({ name }) => name.startsWith('print('))).toEqual([]);
  });

  test.each([
    ['0', true],
    ['None', true],
    ['not True', true],
    ['1', false],
    ['"failed:\\n2 of 3"', false],
  ])('whose main block leaves with %s', async (code, holds) => {
    const program = `import sys\nif __name__ == "__main__":\n    sys.exit(${code})\n    print(nobody)`;
    const report = await rig.python(program, { ownTests: true });
    expect(report).toMatchObject({ executed: true, passed: holds });
    if (holds) expect(JSON.stringify(report.checks)).not.toContain('nobody');
  });

  test('is judged by what is demanded, though a test of its own needs threads', async () => {
    const own = 'import threading\ndef test_it(): threading.Thread(target=f).start()';
    const program = (value: number) => `def f(x): return ${value}\n${own}`;
    const checks = [demand('f(2)', '4')];
    expect(await rig.python(program(4), { ownTests: true, checks })).toMatchObject({ executed: true, passed: true });
    expect(errorOf(await rig.python(program(5), { ownTests: true, checks }))).toBe('f(2) returned 5, expected 4');
  });

  test('may consist of several files', async () => {
    const files = [
      { path: 'main.py', text: 'from shapes.square import area\nassert area(3) == 9' },
      { path: 'shapes/square.py', text: 'def area(x): return x * x' },
    ];
    expect(await rig.sandbox.check({ language: 'python', files })).toMatchObject({ passed: true });
  });

  test('that does not compile is reported with the line', async () => {
    expect(errorOf(await rig.python('def f(:\n  pass'))).toContain('line 1');
  });

  test('that fails while it loads is not put to its checks', async () => {
    const { checks } = await rig.python('1 / 0', { checks: [demand('assert True')] });
    expect(checks.map(({ error }) => error?.split('\n').pop())).toEqual([
      'ZeroDivisionError: division by zero',
      'It was not reached.',
    ]);
  });

  test('that needs a package is not executed, and the package is named', async () => {
    const report = await rig.python('import numpy as np\nfrom flask import Flask');
    expect(report).toMatchObject({ executed: false, passed: false });
    expect(report.reason).toContain('flask, numpy');
  });
});

describe('a JavaScript or TypeScript program', () => {
  test('is stripped of its types and run with its tests', async () => {
    const program = `
export function double(x: number): number { return 2 * x }
test('doubles', () => expect(double(2)).toBe(4));
test('waits', async () => { await new Promise((done) => setTimeout(done, 60_000)); expect(double(1)).toBe(3) });`;
    const report = await rig.javascript(program, { ownTests: true, checks: [demand('double(4)', '8')] });
    expect(passed(report)).toEqual(['the program loads', 'double(4)', 'doubles']);
    expect(errorOf(report)).toContain('got 2, expected 3');
  });

  test('passes what a request shows when it does that, and only then', async () => {
    const request = `
slug('A B') should give 'a-b'
console.log(slug('A')); // a
total([0.1, 0.2]) // 0.3
count('aba') // { b: 1, a: 2 }
first([]) returns undefined
console.log(first([7])) // 7
half('x') === NaN
later(1) resolves to [true, null]`;
    const right = `
export const slug = (text: string) => text.toLowerCase().replace(/ /g, '-');
export const total = (list: number[]) => list.reduce((a, b) => a + b, 0);
export function count(text: string) { const found: Record<string, number> = {}; for (const c of text) found[c] = (found[c] ?? 0) + 1; return found; }
export function first<T>(list: T[]) { console.log('looking'); return list[0]; }
const half = (n: any) => n / 2;
async function later(n: number) { await new Promise((done) => setTimeout(done, 1000)); return [n === 1, null]; }`;
    const checks = javaScriptExamplesOf(request, right);
    expect(checks).toHaveLength(7);
    expect(await rig.javascript(right, { checks })).toMatchObject({ passed: true });
    const wrong = right
      .replace("'-'", "'_'")
      .replace('b, 0)', 'b, 1)')
      .replace('?? 0', '?? 1')
      .replace('=== 1', '=== 2');
    const { checks: results } = await rig.javascript(wrong.replace('list[0]', 'null').replace('n / 2', '0'), {
      checks,
    });
    expect(results.flatMap(({ error }) => error ?? [])).toEqual([
      "slug('A B') returned \"a_b\", expected 'a-b'",
      'total([0.1, 0.2]) returned 1.3, expected 0.3',
      'count(\'aba\') returned {"a":3,"b":2}, expected { b: 1, a: 2 }',
      'first([]) returned null, expected undefined',
      'console.log(first([7])) returned looking\nnull, expected 7',
      "half('x') returned 0, expected NaN",
      'later(1) returned [false,null], expected [true, null]',
    ]);
  });

  test('may return a bigint', async () => {
    const checks = [demand('f(5)', '120')];
    expect((await rig.javascript('const f = (n: number) => 120n', { checks })).passed).toBe(true);
  });

  test('may consist of several files', async () => {
    const files = [
      { path: 'main.ts', text: "import { area } from './square';\nconsole.log(area(3));" },
      { path: 'square.ts', text: 'export const area = (x: number) => x * x;' },
    ];
    expect(await rig.sandbox.check({ language: 'ts', files })).toMatchObject({ passed: true, output: '9\n' });
  });

  test('fails when an assertion of its console does', async () => {
    expect(errorOf(await rig.javascript('console.assert(1 === 2, "one is not two")'))).toContain('one is not two');
  });

  test('that needs a package is not executed, and the package is named', async () => {
    const report = await rig.javascript("import express from 'express'; express()");
    expect(report).toMatchObject({ executed: false, reason: 'It needs what the sandbox does not have: express.' });
  });
});

test.each([
  ['rust', [{ path: 'main.rs', text: 'fn main() {}' }], 'not rust'],
  ['python', [{ path: 'main.py', text: '  ' }], 'no code'],
  ['python', [{ path: '../main.py', text: '1' }], 'outside'],
  ['python', [{ path: 'main.py', text: '#'.repeat(600_000) }], 'too long'],
])('what can not be executed is said: %s, %j', async (language, files, reason) => {
  const report = await rig.sandbox.check({ language, files });
  expect(report).toMatchObject({ executed: false, passed: false, checks: [] });
  expect(report.reason).toContain(reason);
});

test('more programs at once than there are places wait for each other', async () => {
  const reports = await Promise.all([1, 2, 3, 4].map((n) => rig.python(`print(${n})`)));
  expect(reports.map(({ output }) => output)).toEqual(['1\n', '2\n', '3\n', '4\n']);
});

test('who no longer wants to know leaves the queue, or has the program stopped', async () => {
  const own = createRig({ concurrency: 1 });
  const order = (text: string) => ({ language: 'python', files: [{ path: 'main.py', text }] });
  try {
    await own.python('1');
    const [working, waiting] = [new AbortController(), new AbortController()];
    const endless = own.sandbox.check(order('while True: pass'), working.signal);
    const queued = own.sandbox.check(order('print(1)'), waiting.signal);
    const next = own.sandbox.check(order('print(2)'));
    waiting.abort(new Error('never mind'));
    await expect(queued).rejects.toThrow('never mind');
    working.abort(new Error('enough'));
    await expect(endless).rejects.toThrow('enough');
    expect(await next).toMatchObject({ passed: true, output: '2\n' });
  } finally {
    await own.stop();
  }
}, 60_000);

test('a warm check takes tens of milliseconds', async () => {
  const times: number[] = [];
  for (let i = 0; i < 5; i++) {
    times.push((await rig.python('def f(x): return x', { checks: [demand('assert f(1) == 1')] })).ms);
  }
  expect(times.sort((a, b) => a - b)[2]).toBeLessThan(500);
});
