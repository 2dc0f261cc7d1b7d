import { isStuck } from '../../src/local-model/repetition';
import type { Token } from '../../src/local-model/language-model';

const passage = (length: number) => Array.from({ length }, (_, i) => i as Token);
const again = (tokens: Token[], times: number) => Array.from({ length: times }, () => tokens).flat();

test.each([1, 7, 32])('a passage of %i tokens, over and over, is one that the model does not leave', (length) => {
  const tokens = [...passage(500), ...again(passage(length), Math.ceil(200 / length))];
  expect(isStuck(tokens)).toBe(true);
  expect(isStuck([...tokens, 9999 as Token])).toBe(false);
});

test.each([
  ['a short answer', again(passage(4), 20)],
  ['a row of the same a hundred times', [...passage(300), ...again(passage(1), 100)]],
  ['a long passage said twice', again(passage(120), 2)],
  ['text', passage(1000)],
])('%s is an answer like any other', (_what, tokens) => {
  expect(isStuck(tokens)).toBe(false);
});
