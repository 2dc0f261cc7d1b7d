/** A report stays small, whatever a program puts into it, and it counts what it does not list. */
import fc from 'fast-check';
import { MOST_LISTED, REPORT_BYTES } from '../../src/contract/check-bounds';
import type { CheckReport, CheckResult } from '../../src/contract/checks';
import { boundReport } from '../../src/sandbox/host/bound-report';
import { shorten } from '../../src/sandbox/guest/shorten';
import { Results } from '../../src/sandbox/host/results';
import { createHarness, type Harness } from './fixtures';

const listBytes = (report: CheckReport) => Buffer.byteLength(JSON.stringify(report));

/** Characters that take one, three and six bytes in JSON. */
const longText = fc
  .tuple(fc.constantFrom('x', '漢', '\0', '\ud800', '"', '😀'), fc.nat({ max: 20_000 }))
  .map(([sign, count]) => sign.repeat(count));
const result = fc.record({
  name: longText,
  origin: fc.constantFrom('request', 'own'),
  passed: fc.boolean(),
  error: longText,
});
const report = fc.record({
  language: longText,
  executed: fc.boolean(),
  reason: longText,
  missing: fc.array(longText),
  passed: fc.boolean(),
  checks: fc.array(result, { maxLength: 80 }) as fc.Arbitrary<CheckResult[]>,
  output: longText,
  ms: fc.nat(),
});

test('a report with arbitrary texts takes at most 64 kB', () => {
  fc.assert(
    fc.property(report, (given) => {
      const bounded = boundReport(given);
      expect(listBytes(bounded)).toBeLessThanOrEqual(REPORT_BYTES);
      expect(bounded.checks.length).toBe(Math.min(given.checks.length, MOST_LISTED));
    }),
    { numRuns: 50 },
  );
});

test('a report that fits is unchanged', () => {
  const checks: CheckResult[] = [{ name: 'f', origin: 'own', passed: false, error: 'x'.repeat(2000) }];
  const small = { language: 'python', executed: true, passed: false, checks, output: 'y'.repeat(8000), ms: 1 };
  expect(boundReport(small)).toEqual(small);
});

test('a shortened text keeps its two ends and its limit', () => {
  const cut = shorten(`${'a'.repeat(1000)}${'b'.repeat(1000)}`, 100);
  expect(cut).toHaveLength(100);
  expect(cut).toMatch(/^a+\n\[\.\.\.\]\nb+$/);
  expect(shorten('abc', 3)).toBe('abc');
});

describe('results', () => {
  const add = (results: Results, count: number, passes: (i: number) => boolean) => {
    for (let i = 0; i < count; i++) results.add({ name: String(i), origin: 'own', passed: passes(i) });
  };
  const namesIn = (results: Results) => results.checks.map(({ name }) => Number(name));

  test('are all listed in order while there are few', () => {
    const results = new Results();
    add(results, MOST_LISTED, (i) => i % 2 === 0);
    expect(namesIn(results)).toEqual(Array.from({ length: MOST_LISTED }, (_, i) => i));
    expect(results.counts.own).toEqual({ total: 50, failed: 25 });
  });

  test('are listed with failures first when there are many', () => {
    const results = new Results();
    add(results, 1000, (i) => i !== 7 && i !== 990);
    expect(namesIn(results).slice(0, 4)).toEqual([7, 990, 0, 1]);
    expect(results.checks).toHaveLength(MOST_LISTED);
    expect([results.total, results.failed]).toEqual([1000, 2]);
  });
});

describe('programs with very many tests', () => {
  let harness: Harness;
  beforeAll(async () => {
    harness = createHarness();
    await harness.sandbox.layers();
  }, 120_000);
  afterAll(() => harness.stop());

  test.each([
    ['Python functions', 'python', 'for i in range(100_000): exec(f"def test_{i}(): assert {i} < 10, \'x\' * 5000")'],
    [
      'a table of pytest',
      'python',
      'import pytest\n@pytest.mark.parametrize("i", range(100_000))\ndef test_it(i): assert i < 10',
    ],
    [
      'JavaScript',
      'javascript',
      'for (let i = 0; i < 100_000; i++) test("x".repeat(500) + i, () => expect(i).toBeLessThan(10))',
    ],
  ] as const)(
    '%s: they end within the limit of time, and their report is short',
    async (_what, language, program) => {
      const start = performance.now();
      const reported = await harness[language](program, { ownTests: true });
      expect(performance.now() - start).toBeLessThan(60_000);
      expect(reported).toMatchObject({ executed: true, passed: false });
      expect(reported.checks.length).toBeLessThanOrEqual(MOST_LISTED);
      expect(listBytes(reported)).toBeLessThanOrEqual(REPORT_BYTES);
    },
    120_000,
  );
});
