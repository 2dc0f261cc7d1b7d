/** How much of a text was said before. */
import { repeatedShare } from '../../src/contract/repeated';

const EARLIER = 'We should not use it. First, cost can be a significant factor, as it needs much memory.';

it('is the share of the words that stand in an earlier text in a row, whatever their case and their punctuation', () => {
  expect(repeatedShare(EARLIER, [EARLIER])).toBe(1);
  expect(repeatedShare('FIRST: COST can be *a significant* factor', ['Something else', EARLIER])).toBe(1);
  expect(repeatedShare('Cost can be a significant factor, and so can people who understand.', [EARLIER])).toBe(0.5);
});

it('does not count the short phrases that all people use, nor rows that run over the end of a text', () => {
  expect(
    repeatedShare('Cost can be a significant burden. It needs much memory, and we should not use it blindly.', [
      EARLIER,
    ]),
  ).toBe(0);
  expect(repeatedShare('one two three four five six', ['one two three', 'four five six'])).toBe(0);
});

it('counts a row that comes twice each time, and words of overlapping rows once', () => {
  const row = 'cost can be a significant factor';
  expect(repeatedShare(`${row} ${row}`, [EARLIER])).toBe(1);
  expect(repeatedShare(`first ${row} as it says`, [EARLIER])).toBe(0.9);
});

it('of nothing, and beside nothing, is none', () => {
  expect(repeatedShare('', [EARLIER])).toBe(0);
  expect(repeatedShare(EARLIER, [])).toBe(0);
});
