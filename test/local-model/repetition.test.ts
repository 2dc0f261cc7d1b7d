import { isStuck } from '../../src/local-model/repetition';
import type { Token } from '../../src/local-model/language-model';

const passage = (length: number) => Array.from({ length }, (_, i) => i as Token);
const again = (tokens: Token[], times: number) => Array.from({ length: times }, () => tokens).flat();

/** Words, digits and signs one by one, similar to real vocabularies. */
const vocabulary: string[] = [];
const listTokens = (text: string): Token[] =>
  (text.match(/[a-z_]+|\d|\s+|[^\w\s]/gi) ?? []).map((word) => {
    if (!vocabulary.includes(word)) vocabulary.push(word);
    return vocabulary.indexOf(word) as Token;
  });
const lines = (count: number, line: (n: number) => string) => Array.from({ length: count }, (_, n) => line(n)).join('');

/** Whether it is found stuck at any point. */
const breaksOff = (tokens: Token[]) => tokens.some((_, end) => isStuck(tokens.slice(0, end)));

test.each([1, 7, 32])('a passage of %i tokens, repeated, counts as stuck', (length) => {
  const tokens = [...passage(500), ...again(passage(length), Math.ceil(200 / length))];
  expect(isStuck(tokens)).toBe(true);
  expect(isStuck([...tokens, 9999 as Token])).toBe(false);
});

test.each([33, 100, 320])('so does one of %i tokens at its sixth occurrence', (length) => {
  const tokens = [...passage(500), ...again(passage(length), 6)];
  expect(breaksOff(tokens.slice(0, -1))).toBe(false);
  expect(isStuck(tokens)).toBe(true);
});

test('so does a program that repeats the same tests', () => {
  const tests = `def test_empty():\n    assert flock([]) == []\n\n\ndef test_one():\n    assert flock([1, 2]) == [3]\n\n\n`;
  expect(breaksOff(listTokens(`def flock(birds):\n    return birds\n\n\n${tests.repeat(7)}`))).toBe(true);
});

test.each([
  ['a short answer', again(passage(4), 20)],
  ['the same token a hundred times', [...passage(300), ...again(passage(1), 100)]],
  ['a long passage said twice', again(passage(120), 2)],
  ['a long passage said five times', again(passage(120), 5)],
  ['text', passage(1000)],
  ['a grid of long rows of zeros', listTokens(lines(30, () => `[${'0, '.repeat(40)}],\n`))],
  ['a table of squares', listTokens(lines(200, (n) => `| ${n} | ${n * n} |\n`))],
  [
    'tests that differ in a number',
    listTokens(lines(60, (n) => `def test_${n}():\n    assert f(${n}) == ${n + 1}\n\n\n`)),
  ],
  [
    'a list of objects',
    listTokens(
      lines(60, (n) => `  {"id": ${n}, "name": "bird", "kind": "starling", "age": 3, "tags": ["a", "b", "c"]},\n`),
    ),
  ],
])('%s is not stuck', (_what, tokens) => {
  expect(breaksOff(tokens)).toBe(false);
});
