/** Runs every escape behind whatever layers a sandbox has: none escapes or forges a verdict, and the next program runs normally. */
import type { CheckReport } from '../../../src/contract/checks';
import type { SandboxOptions } from '../../../src/sandbox/host/sandbox';
import { createHarness, demand, type Harness } from '../fixtures';
import { KNOWN_BRIDGES, OTHER_BRIDGES, type EscapeProgram } from './bridges';
import { JAVASCRIPT_FORGERIES, PYTHON_FORGERIES } from './forgeries';

const START_MS = 240_000;
const PROGRAM_MS = 60_000;

/** The check fails or was not run, and nothing of JavaScript was printed. */
export function expectNoEscape(report: CheckReport): void {
  expect(report.passed).toBe(false);
  expect(report.checks.filter(({ origin, passed }) => origin === 'request' && passed)).toEqual([]);
  expect(report.output).not.toMatch(/^OUT/m);
  if (!report.executed) expect(report.reason).toBeTruthy();
}

/** `options` select the layers, for example. */
export function runEscapeSuite(name: string, options: Partial<SandboxOptions> = {}): void {
  describe(`escapes, ${name}`, () => {
    let harness: Harness;
    beforeAll(async () => {
      harness = createHarness({ wallMs: 4000, ...options });
      await harness.sandbox.layers();
    }, START_MS);
    afterAll(async () => {
      process.stdout.write(
        `escapes, ${name}: ${harness.programs()} programs, behind ${(await harness.sandbox.layers()).join(', ')}\n`,
      );
      await harness.stop();
    });
    const each = (programs: readonly EscapeProgram[]) => programs.map(({ name, text }) => [name, text] as const);

    test.each(each([...KNOWN_BRIDGES, ...OTHER_BRIDGES]))(
      'Python to JavaScript: %s',
      async (_name, text) => {
        expectNoEscape(await harness.python(text, { checks: [demand('assert f(2) == 4')] }));
      },
      PROGRAM_MS,
    );

    test.each(each(PYTHON_FORGERIES))(
      'Python: a program that %s',
      async (_name, text) => {
        expectNoEscape(await harness.python(text, { checks: [demand('assert f(2) == 4')] }));
      },
      PROGRAM_MS,
    );

    test.each(each(JAVASCRIPT_FORGERIES))(
      'JavaScript: a program that %s',
      async (_name, text) => {
        expectNoEscape(await harness.javascript(text, { checks: [demand('f(2)', '4')] }));
      },
      PROGRAM_MS,
    );

    test(
      'a program after all of these is checked normally',
      async () => {
        const python = await harness.python('def f(x): return x * x\nprint(f(3))', {
          checks: [demand('assert f(2) == 4')],
        });
        expect(python).toMatchObject({ passed: true, output: '9\n' });
        const javascript = await harness.javascript('function f(x) { return x * x }', {
          checks: [demand('f(2)', '4')],
        });
        expect(javascript).toMatchObject({ passed: true });
      },
      PROGRAM_MS,
    );
  });
}
