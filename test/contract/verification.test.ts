import type { CheckReport, CheckResult, Verification } from '../../src/contract';
import { compareReports, describeVerification, isDemanded, isVerified } from '../../src/contract/verification';

const check = (origin: CheckResult['origin'], passed: boolean): CheckResult => ({
  name: `a ${origin} check`,
  origin,
  passed,
  ...(passed ? {} : { error: 'Traceback\nAssertionError: no' }),
});
function readReport(checks: CheckResult[], more: Partial<CheckReport> = {}): CheckReport {
  const passed = checks.every((one) => one.passed);
  return { language: 'python', executed: true, passed, checks, output: '', ms: 1, ...more };
}
const verified = (checks: CheckResult[], more: Partial<Verification> = {}): Verification => {
  return { ...readReport(checks), turn: 'draft', rounds: 0, ...more };
};

test.each([
  ['loads', [check('load', true)], true],
  ['does not load', [check('load', false)], false],
  ['fails its own test, and nothing was demanded', [check('load', true), check('own', false)], false],
  [
    'fails its own test, and does what was demanded',
    [check('load', true), check('request', true), check('own', false)],
    true,
  ],
  [
    'passes its own test, and fails what was demanded',
    [check('load', true), check('request', false), check('own', true)],
    false,
  ],
])('a program that %s', (_what, checks, holds) => expect(isVerified(readReport(checks))).toBe(holds));

test('a program that had to be killed is not verified, whatever passed before', () => {
  const report = readReport([check('load', true), check('request', true)], { killed: 'time', passed: false });
  expect(isVerified(report)).toBe(false);
  expect(describeVerification({ ...report, turn: 'draft', rounds: 0 })).toBe(
    'Executed (python): 2 of 2 checks passed, and was stopped at its limit of time.',
  );
});

describe('of more checks than are listed', () => {
  const counts = {
    request: { total: 1, failed: 0 },
    own: { total: 100_000, failed: 99_990 },
    load: { total: 1, failed: 0 },
  };
  const listed = Array.from({ length: 50 }, () => check('own', false));

  test('all are counted', () => {
    const text = describeVerification(verified(listed, { counts, passed: false }));
    expect(text).toContain('Executed (python): 12 of 100002 checks passed.');
    expect(text.split('\n')).toHaveLength(7);
    expect(text).toContain('- 99985 more');
  });

  test('unlisted checks decide too', () => {
    expect(isVerified(readReport(listed, { counts }))).toBe(true);
    expect(isDemanded(readReport(listed, { counts }))).toBe(true);
    const undemanded = { ...counts, request: { total: 0, failed: 0 } };
    expect(isVerified(readReport([check('load', true)], { counts: undemanded }))).toBe(false);
    const better = { ...undemanded, own: { total: 100_000, failed: 50 } };
    expect(
      compareReports(readReport(listed, { counts: better }), readReport(listed, { counts: undemanded })),
    ).toBeLessThan(0);
  });
});

test('a program that was not executed is not verified', () => {
  expect(isVerified(readReport([], { executed: false, passed: false }))).toBe(false);
});

test('required checks take precedence over own tests', () => {
  const demanded = readReport([check('load', true), check('request', true), check('own', false), check('own', false)]);
  const selfish = readReport([check('load', true), check('request', false), check('own', true), check('own', true)]);
  expect([selfish, demanded].sort(compareReports)[0]).toBe(demanded);
  expect(compareReports(demanded, demanded)).toBe(0);
});

test.each([
  [verified([check('load', true), check('own', true)]), 'Executed (python): 2 of 2 checks passed.'],
  [
    verified([check('load', true), check('own', true)], { rounds: 2 }),
    'Executed (python): 2 of 2 checks passed after 2 repairs.',
  ],
  [verified([check('load', true)]), 'Executed (python): it runs, and nothing else was tested.'],
  [
    verified([check('load', false)], { rounds: 1 }),
    'Executed (python): it does not run after 1 repair. It does not work yet:\n- a load check: AssertionError: no',
  ],
  [
    verified([check('load', true)], { agreement: { drafts: 3, agreeing: 2, calls: 20 } }),
    'Executed (python): it runs, and nothing else was tested. 2 of 3 drafts return the same for 20 calls.',
  ],
  [
    verified([check('own', true)], { agreement: { drafts: 2, agreeing: 2, calls: 1 } }),
    'Executed (python): 1 of 1 checks passed. 2 drafts return the same for 1 call.',
  ],
  [
    verified([check('request', true), check('own', false)], { agreement: { drafts: 2, agreeing: 1, calls: 9 } }),
    'Executed (python): 1 of 2 checks passed. 2 drafts return different values for 9 calls. The examples of the request hold; tests of its own do not:\n- a own check: AssertionError: no',
  ],
  [
    verified([check('own', true)], { agreement: { drafts: 3, agreeing: 2, calls: 5, failed: 1 } }),
    'Executed (python): 1 of 1 checks passed. 2 of 3 drafts return the same for 5 calls, 1 more fails.',
  ],
  [
    verified([check('own', true)], { agreement: { drafts: 1, agreeing: 1, calls: 0, failed: 4 } }),
    'Executed (python): 1 of 1 checks passed. It is the only one of 5 drafts that passes.',
  ],
  [verified([], { executed: false, reason: 'Not rust.' }), 'Not executed: Not rust.'],
  [
    verified([check('load', true), check('request', false)], { rounds: 1 }),
    'Executed (python): 1 of 2 checks passed after 1 repair. It does not work yet:\n- a request check: AssertionError: no',
  ],
  [
    verified([check('request', true), check('own', false)]),
    'Executed (python): 1 of 2 checks passed. The examples of the request hold; tests of its own do not:\n- a own check: AssertionError: no',
  ],
])('is described in a sentence, %#', (verification, text) => expect(describeVerification(verification)).toBe(text));
