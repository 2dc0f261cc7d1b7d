import { extractJavaScriptExamples } from '../../src/verification/examples/javascript';
import { createHarness, demand, readError, passed, type Harness } from './fixtures';

let harness: Harness;
beforeAll(async () => {
  harness = createHarness();
  await harness.sandbox.layers();
}, 120_000);
afterAll(() => harness.stop());

describe('a Python program', () => {
  test('is loaded, checked with the examples of the request, and run with its own tests', async () => {
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
    const report = await harness.python(program, { checks, ownTests: true });
    expect(passed(report)).toEqual([
      'the program loads',
      ...checks.map(({ name }) => name),
      'test_zero',
      "print('main')",
      'assert double(1) == 2',
    ]);
    expect(readError(report)).toContain('AssertionError: 6 != 7');
    expect(report).toMatchObject({ executed: true, passed: false, output: 'main\n' });
  });

  test('with a wrong result is reported with the actual and the expected value', async () => {
    const report = await harness.python('def f(x): return [x]', { checks: [demand('assert f(1) == [2]')] });
    expect(readError(report)).toBe('f(1) returned [1], expected [2]');
  });

  test('may print its answer instead of returning it, as an example in a prompt shows it', async () => {
    const report = await harness.python('def greet(name): print("Hello", name)', {
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
    const report = await harness.python('def f(x): print(2 * x)', { checks });
    expect(readError(report)).toBe('f(2) returned None, expected 4');
    const other = await harness.python('def f(x): return -1', { checks: [demand('print(f(1))', 'None')] });
    expect(readError(other)).toBe('print(f(1)) returned -1, expected None');
  });

  test('may have its own tests in any form', async () => {
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
    const report = await harness.python(program, { ownTests: true });
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

  test('may catch the errors about the missing network and processes', async () => {
    const program = `
import os, socket, subprocess, urllib.request
def f(x):
    calls = [lambda: urllib.request.urlopen("http://a"), lambda: socket.create_server(("", 1)), lambda: subprocess.run(["ls"]), lambda: os.system("ls")]
    for call in calls:
        try: call()
        except OSError: x += 1
    return x
`;
    expect((await harness.python(program, { checks: [demand('f(0)', '4')] })).passed).toBe(true);
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
    expect((await harness.python(program, { checks })).passed).toBe(true);
  });

  test('may use functions that import modules when they are called', async () => {
    const program = `
import datetime, pickle, time, warnings
def f(text):
    warnings.warn("old")
    assert time.strptime(text, "%Y-%m-%d").tm_mon == 2 and pickle.loads(pickle.dumps([text])) == [text]
    return datetime.datetime.strptime(text, "%Y-%m-%d").day
`;
    const report = await harness.python(program, { checks: [demand("f('2024-02-29')", '29')] });
    expect(report.passed).toBe(true);
  });

  test('with a failing doctest fails', async () => {
    const program =
      'import doctest\ndef f(x):\n    """\n    >>> f(2)\n    5\n    """\n    return 2 * x\ndoctest.testmod()';
    const report = await harness.python(program, { ownTests: true });
    expect(readError(report)).toContain('AssertionError');
    expect(report.output).toContain('Expected:\n    5\nGot:\n    4');
  });

  test('may run tasks, sleep and call blocking functions', async () => {
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
    expect((await harness.python(program)).checks).toEqual([expect.objectContaining({ passed: true })]);
  });

  test('whose tasks all wait for each other fails immediately', async () => {
    const report = await harness.python('import asyncio\nasyncio.run(asyncio.Event().wait())');
    expect(readError(report)).toContain('Every task waits');
    expect(report.killed).toBeUndefined();
  });

  const ARGPARSE = 'import argparse\np = argparse.ArgumentParser()\np.add_argument("f")\nprint(p.parse_args())';
  test.each([
    ['keyboard input', 'n = int(input())'],
    ['standard input', 'import sys\nn = int(sys.stdin.read())'],
    ['standard input', 'import sys\nn, m = map(int, sys.stdin.readline().split())'],
    ['standard input', 'import sys, json\nprint(json.load(sys.stdin)["a"])'],
    ['standard input', 'lines = open(0).read().splitlines()\nprint(lines[0])'],
    ['standard input', 'import sys\nxs = [int(x) for x in sys.stdin]\nprint(sum(xs) / len(xs))'],
    ['command-line arguments', ARGPARSE],
    ['command-line arguments', 'import sys\npath = sys.argv[1]'],
    ['command-line arguments', 'import sys\n_, a, b = sys.argv'],
    ['command-line arguments', 'import sys\nif len(sys.argv) < 2: sys.exit("Usage: main.py FILE")'],
    ['command-line arguments', 'import sys\nif len(sys.argv) < 2:\n    print("usage: main.py FILE")\n    sys.exit(1)'],
    ['the file data.csv', 'rows = open("data.csv").read().splitlines()'],
    ['the file in/a.json', 'import json, pathlib\ndata = json.loads(pathlib.Path("in/a.json").read_text())'],
    ['the file data.csv', 'if __name__ == "__main__":\n    print(open("data.csv").read())'],
    ['command-line arguments', 'import sys\nif __name__ == "__main__":\n    print("usage: x")\n    sys.exit(1)'],
    ['standard input', 'import sys\nif __name__ == "__main__":\n    print(int(sys.stdin.read()))'],
    ['the environment variable API_KEY', 'import os\nKEY = os.environ["API_KEY"]'],
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
    const report = await harness.python(program, { ownTests: true });
    expect(report).toMatchObject({ executed: false, passed: false, checks: [] });
    expect(report.reason).toBe(`It needs what the sandbox does not have: ${lack}.`);
  });

  test.each([
    ['reads nothing and fails for another reason', 'import sys\nsys.stdin.read()\nprint(nobody)'],
    ['reads nothing and asserts', 'import sys\nassert sys.stdin.read() == "x"'],
    ['fails where it reads nothing', 'int("")'],
    ['does not find the file that it should have written', 'open("a.txt", "w").write("x")\nopen("b.txt").read()'],
    ['does not find a file in its test', 'def test_it(): open("a.txt").read()'],
    ['lacks a variable in its test', 'import os\ndef test_it(): os.environ["A"]'],
    ['has no such key', '{}["A"]'],
    ['has no such item beside its arguments', 'import sys\nargs = sys.argv\nprint([][1])'],
    ['leaves badly', 'import sys\nsys.exit("no such thing")'],
  ])('that %s has failed', async (_what, program) => {
    expect(await harness.python(program, { ownTests: true })).toMatchObject({ executed: true, passed: false });
  });

  test.each(['open("data.csv").read()', '__import__("os").environ["A"]', 'int(open(0).read())'])(
    'is judged by its tests, although its main block needs something that is not given: %s',
    async (main) => {
      const program = (value: number) =>
        `def f(x): return ${value}\ndef test_f(): assert f(2) == 4\nif __name__ == "__main__":\n    ${main}`;
      expect(await harness.python(program(4), { ownTests: true })).toMatchObject({ executed: true, passed: true });
      expect(await harness.python(program(5), { ownTests: true })).toMatchObject({ passed: false });
      const checks = [demand('f(2)', '4')];
      expect(await harness.python(program(5), { checks })).toMatchObject({ executed: true, passed: false });
    },
  );

  test.each([
    ['asks for something', 'n = int(input("n? "))\nprint(double(n))'],
    ['reads its arguments', ARGPARSE],
    ['serves', 'from http.server import *\nprint(HTTPServer(("", 80), BaseHTTPRequestHandler))'],
  ])('is tested up to the point where its main block %s', async (_what, main) => {
    const block = `assert double(2) == 4\n${main}`.replace(/^/gm, '    ');
    const report = await harness.python(`def double(x): return 2 * x\nif __name__ == "__main__":\n${block}`, {
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
  ])('whose main block exits with %s', async (code, holds) => {
    const program = `import sys\nif __name__ == "__main__":\n    sys.exit(${code})\n    print(nobody)`;
    const report = await harness.python(program, { ownTests: true });
    expect(report).toMatchObject({ executed: true, passed: holds });
    if (holds) expect(JSON.stringify(report.checks)).not.toContain('nobody');
  });

  test('is judged by the examples of the request, although one of its own tests needs threads', async () => {
    const own = 'import threading\ndef test_it(): threading.Thread(target=f).start()';
    const program = (value: number) => `def f(x): return ${value}\n${own}`;
    const checks = [demand('f(2)', '4')];
    expect(await harness.python(program(4), { ownTests: true, checks })).toMatchObject({
      executed: true,
      passed: true,
    });
    expect(readError(await harness.python(program(5), { ownTests: true, checks }))).toBe('f(2) returned 5, expected 4');
  });

  test('may consist of several files', async () => {
    const files = [
      { path: 'main.py', text: 'from shapes.square import area\nassert area(3) == 9' },
      { path: 'shapes/square.py', text: 'def area(x): return x * x' },
    ];
    expect(await harness.sandbox.check({ language: 'python', files })).toMatchObject({ passed: true });
  });

  test('that does not compile is reported with the line', async () => {
    expect(readError(await harness.python('def f(:\n  pass'))).toContain('line 1');
  });

  test('that fails while it loads is not checked further', async () => {
    const { checks } = await harness.python('1 / 0', { checks: [demand('assert True')] });
    expect(checks.map(({ error }) => error?.split('\n').pop())).toEqual([
      'ZeroDivisionError: division by zero',
      'It was not reached.',
    ]);
  });

  test('that needs a package is not executed, and the package is named', async () => {
    const report = await harness.python('import numpy as np\nfrom flask import Flask');
    expect(report).toMatchObject({ executed: false, passed: false });
    expect(report.reason).toContain('flask, numpy');
  });
});

describe('a JavaScript or TypeScript program', () => {
  test('is run without its types, together with its tests', async () => {
    const program = `
export function double(x: number): number { return 2 * x }
test('doubles', () => expect(double(2)).toBe(4));
test('waits', async () => { await new Promise((done) => setTimeout(done, 60_000)); expect(double(1)).toBe(3) });`;
    const report = await harness.javascript(program, { ownTests: true, checks: [demand('double(4)', '8')] });
    expect(passed(report)).toEqual(['the program loads', 'double(4)', 'doubles']);
    expect(readError(report)).toContain('Expected: 3\nReceived: 2');
  });

  test('passes the examples of a request if and only if it satisfies them', async () => {
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
    const checks = extractJavaScriptExamples(request, right);
    expect(checks).toHaveLength(7);
    expect(await harness.javascript(right, { checks })).toMatchObject({ passed: true });
    const wrong = right
      .replace("'-'", "'_'")
      .replace('b, 0)', 'b, 1)')
      .replace('?? 0', '?? 1')
      .replace('=== 1', '=== 2');
    const { checks: results } = await harness.javascript(wrong.replace('list[0]', 'null').replace('n / 2', '0'), {
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
    expect((await harness.javascript('const f = (n: number) => 120n', { checks })).passed).toBe(true);
  });

  test('may consist of several files', async () => {
    const files = [
      { path: 'main.ts', text: "import { area } from './square';\nconsole.log(area(3));" },
      { path: 'square.ts', text: 'export const area = (x: number) => x * x;' },
    ];
    expect(await harness.sandbox.check({ language: 'ts', files })).toMatchObject({ passed: true, output: '9\n' });
  });

  test('fails when a console assertion fails', async () => {
    expect(readError(await harness.javascript('console.assert(1 === 2, "one is not two")'))).toContain(
      'one is not two',
    );
  });

  test('that needs a package is not executed, and the package is named', async () => {
    const report = await harness.javascript("import express from 'express'; express()");
    expect(report).toMatchObject({ executed: false, reason: 'It needs what the sandbox does not have: express.' });
  });
});

test.each([
  ['rust', [{ path: 'main.rs', text: 'fn main() {}' }], 'not rust'],
  ['python', [{ path: 'main.py', text: '  ' }], 'no code'],
  ['python', [{ path: '../main.py', text: '1' }], 'outside'],
  ['python', [{ path: 'main.py', text: '#'.repeat(600_000) }], 'too long'],
])('reports that a program cannot be executed: %s, %j', async (language, files, reason) => {
  const report = await harness.sandbox.check({ language, files });
  expect(report).toMatchObject({ executed: false, passed: false, checks: [] });
  expect(report.reason).toContain(reason);
});

test('programs beyond the concurrency limit wait', async () => {
  const reports = await Promise.all([1, 2, 3, 4].map((n) => harness.python(`print(${n})`)));
  expect(reports.map(({ output }) => output)).toEqual(['1\n', '2\n', '3\n', '4\n']);
});

test('an aborted caller leaves the queue, or its program is stopped', async () => {
  const own = createHarness({ concurrency: 1 });
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
});

test('a warm check takes tens of milliseconds', async () => {
  const times: number[] = [];
  for (let i = 0; i < 5; i++) {
    times.push((await harness.python('def f(x): return x', { checks: [demand('assert f(1) == 1')] })).ms);
  }
  expect(times.sort((a, b) => a - b)[2]).toBeLessThan(500);
});

describe('TypeScript syntax that is more than types', () => {
  test.each([
    ['namespaces', 'namespace A { export namespace B { export const one = 1; } }\nassert.equal(A.B.one, 1);'],
    [
      'a namespace that adds to a function',
      'function f() { return f.one; }\nnamespace f { export const one = 1; }\nassert.equal(f(), 1);',
    ],
    ['enums', "enum E { A, B = 5, C }\nconst enum F { X = 'x' }\nassert.deepEqual([E.C, E[0], F.X], [6, 'A', 'x']);"],
    [
      'parameter properties',
      'class P { constructor(private readonly a: number, public b = 2) {}\n  sum() { return this.a + this.b; } }\nassert.equal(new P(1).sum(), 3);',
    ],
    [
      'decorators',
      'function twice(value: any, _context: ClassMethodDecoratorContext) { return function (this: any, ...x: any[]) { return 2 * value.apply(this, x); }; }\nclass D { @twice one() { return 1; } }\nassert.equal(new D().one(), 2);',
    ],
    [
      'decorators as they were',
      'function twice(_t: any, _k: string, descriptor: PropertyDescriptor) { const own = descriptor.value; descriptor.value = function () { return 2 * own.call(this); }; }\nclass D { @twice one() { return 1; } }\nassert.equal(new D().one(), 2);',
    ],
    ['imports by require', "import util = require('util');\nassert.equal(util.format('%d', 1), '1');"],
    ['an export of the module itself', 'class A {}\nexport = A;\nassert.ok(new A());'],
    ['accessors', 'class A { accessor one = 1; }\nassert.equal(new A().one, 1);'],
    [
      'using',
      "const log: string[] = [];\n{\n  using a = { [Symbol.dispose]() { log.push('x'); } };\n}\nassert.equal(log.length, 1);",
    ],
    ['what it knows of itself', 'if (import.meta.url === `file://${process.argv[1]}`) {}\nassert.ok(import.meta.url);'],
    [
      'abstract classes, overloads and the like',
      'abstract class A { abstract f(): number; }\nclass B extends A { override f() { return 1; } }\nfunction g(a: string): string;\nfunction g(a: any) { return a; }\nconst c = { a: 1 } satisfies Record<string, number>;\nassert.equal(new B().f() + c.a, 2 as const);',
    ],
  ])('%s', async (_what, text) => {
    const report = await harness.javascript(`import assert from 'assert';\n${text}`, { ownTests: true });
    expect(report).toMatchObject({ executed: true, passed: true });
    expect(report.checks.length).toBeGreaterThan(1);
  });

  test('that is invalid is reported with its position', async () => {
    const report = await harness.javascript('namespace A {\nconst = 1;\n}');
    expect(report).toMatchObject({ executed: true, passed: false });
    expect(readError(report)).toMatch(/SyntaxError: .*main\.ts:2/s);
  });

  test.each([
    ['too deep', `namespace A { const a = ${'('.repeat(200_000)} }`],
    ['too long', `namespace A { const a = '${'x'.repeat(300_000)}' }`],
  ])('%s is not executed, and stays within its limits', async (_what, text) => {
    expect(await harness.javascript(text)).toMatchObject({
      executed: false,
      reason: expect.stringMatching(/compiled here/),
    });
  });
});

test.each([
  ['python', 'def f():\n    import numpy\n    return 1\nf()', 'numpy'],
  ['python', 'import turtle', 'turtle'],
  ['python', 'import os\nos.fork()', 'processes'],
  ['javascript', 'export default function App() { return <p>Hi</p>; }\nApp();', 'React'],
  ['javascript', "process.stdin.on('data', console.log);", 'keyboard input'],
  ['javascript', "const { stdin } = require('process');", 'keyboard input'],
  [
    'javascript',
    "if (process.argv.length < 3) {\n  console.error('Usage: main.js FILE');\n  process.exit(1);\n}",
    'command-line arguments',
  ],
  ['javascript', "import React from 'react';\nexport const App = () => <p>Hi</p>;", 'react'],
])('in %s a feature that the sandbox lacks is reported, and is not a failure: %j', async (language, text, missing) => {
  const name = language === 'python' ? 'main.py' : 'main.js';
  const report = await harness.sandbox.check({ language, files: [{ path: name, text }], ownTests: true });
  expect(report).toMatchObject({ executed: false, missing: [missing] });
});
