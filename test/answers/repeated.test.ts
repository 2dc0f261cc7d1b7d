/** The share of a text that repeats earlier texts. */
import { repeatedShare } from '../../src/answers/repeated';

const EARLIER = 'We should not use it. First, cost can be a significant factor, as it needs much memory.';

it('is the share of words in sequences that occur in an earlier text, ignoring case and punctuation', () => {
  expect(repeatedShare(EARLIER, [EARLIER])).toBe(1);
  expect(repeatedShare('FIRST: COST can be *a significant* factor', ['Something else', EARLIER])).toBe(1);
  expect(repeatedShare('Cost can be a significant factor, and so can people who understand.', [EARLIER])).toBe(0.5);
});

it('does not count short common phrases, or sequences across the end of a text', () => {
  expect(
    repeatedShare('Cost can be a significant burden. It needs much memory, and we should not use it blindly.', [
      EARLIER,
    ]),
  ).toBe(0);
  expect(repeatedShare('one two three four five six', ['one two three', 'four five six'])).toBe(0);
});

it('counts each occurrence of a repeated sequence, and words of overlapping sequences once', () => {
  const row = 'cost can be a significant factor';
  expect(repeatedShare(`${row} ${row}`, [EARLIER])).toBe(1);
  expect(repeatedShare(`first ${row} as it says`, [EARLIER])).toBe(0.9);
});

it('is zero for an empty text, and without earlier texts', () => {
  expect(repeatedShare('', [EARLIER])).toBe(0);
  expect(repeatedShare(EARLIER, [])).toBe(0);
});
