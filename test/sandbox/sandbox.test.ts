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

test('a warm check takes tens of milliseconds', async () => {
  const times: number[] = [];
  for (let i = 0; i < 5; i++) {
    times.push((await rig.python('def f(x): return x', { checks: [demand('assert f(1) == 1')] })).ms);
  }
  expect(times.sort((a, b) => a - b)[2]).toBeLessThan(500);
});
