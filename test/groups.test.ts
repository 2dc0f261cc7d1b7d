/** The groups in which `npm test` runs the suites. */
import { join } from 'node:path';
import { NAMES, SUITES, findRank, isNamed, listFiles } from './groups.cjs';

test('each name is the name of a suite or folder', () => {
  expect(NAMES.filter((name) => !SUITES.some((suite) => isNamed([name], suite)))).toEqual([]);
});

test('each suite is in one group', () => {
  const files = [...listFiles('unit'), ...listFiles('servers'), ...listFiles('alone')];
  expect(files).toHaveLength(SUITES.length);
  expect(new Set(files).size).toBe(SUITES.length);
});

test('a listed suite starts before one that is not listed, and the longest before a shorter one', () => {
  const [longest, long, other] = ['end-to-end/real-model', 'sandbox/layers', 'health'].map((suite) =>
    findRank(join(__dirname, `${suite}.test.ts`)),
  );
  expect(longest).toBeLessThan(long!);
  expect(long).toBeLessThan(other!);
});
