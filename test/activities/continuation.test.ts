/** A continued answer joins the earlier text exactly, wherever it was cut off and however the model continues. */
import { createPrefixJoin, trimPrefix } from '../../src/model-call/continuation';
import { createChance, type Chance } from '../support/chance';

/** The text that readers have after a model has continued `shown` with these pieces. */
function join(shown: string, pieces: readonly string[]): string {
  let text = shown;
  const joint = createPrefixJoin(shown, (piece) => {
    if (piece === '') throw new Error('An empty piece was passed on.');
    text += piece;
  });
  for (const piece of pieces) joint(piece);
  return text;
}

const SPACES = [' ', '  ', '    ', '\n', '\n\n', '\r\n', '\t', '\n    ', '\u00a0', '\u3000', '\ufeff'];
const WORDS = ['def', 'x', '=', '1.', '```', '🐦', 'Vögel', '鳥', 'e\u0301', '```python', '\u200b'];

function randomText(chance: Chance): string {
  let text = chance.below(4) === 0 ? chance.pick(SPACES) : '';
  for (let count = chance.below(12); count > 0; count--) {
    text += chance.pick(WORDS);
    for (let gaps = chance.below(4); gaps > 0; gaps--) text += chance.pick(SPACES);
  }
  return text;
}

const words = (text: string) => text.replace(/\s+/g, '');

it('for any text, cut and pieces: if the model repeats the trimmed white space, the text is exact', () => {
  const chance = createChance(1);
  for (let round = 0; round < 5000; round++) {
    const text = randomText(chance);
    const shown = text.slice(0, chance.below(text.length + 1));
    const pieces = chance.pieces(text.slice(trimPrefix(shown).length), 1 + chance.below(6));
    const joined = join(shown, pieces);
    if (joined !== text) expect({ shown, pieces, joined }).toEqual({ shown, pieces, joined: text });
  }
});

it('if the model produces other white space at the joint, no word is lost and the published text is unchanged', () => {
  const chance = createChance(2);
  for (let round = 0; round < 5000; round++) {
    const shown = randomText(chance);
    const continuation = randomText(chance);
    const pieces = chance.pieces(continuation, 1 + chance.below(6));
    const joined = join(shown, pieces);
    const endsInSpace = trimPrefix(shown) !== shown;
    const sound =
      joined.startsWith(shown) &&
      words(joined) === words(shown) + words(continuation) &&
      // only white space before the first word may differ
      joined.endsWith(continuation.trimStart()) &&
      (endsInSpace || joined === shown + continuation);
    if (!sound) expect({ shown, pieces }).toBe(`joined to ${JSON.stringify(joined)}`);
  }
});

it.each([
  [
    'four spaces of indentation stay four when the model says them again',
    'if x:\n    ',
    ['\n   ', ' return'],
    'if x:\n    return',
  ],
  ['indentation that the cut left half done is completed', 'if x:\n  ', ['\n', '    return'], 'if x:\n    return'],
  ['a model that does not say the white space again joins right behind it', 'one ', ['two'], 'one two'],
  ['a model that says less of it does not say it twice', 'one\n\n', ['\n', 'two'], 'one\n\ntwo'],
  ['a model that says other white space does not change what is shown', 'one\n', [' ', ' ', ' two'], 'one\ntwo'],
  ['a text without white space at its end is joined as it is', 'sing', ['ing', ' birds'], 'singing birds'],
  ['what is said after the joint is passed on at once and untouched', 'a ', [' b', ' ', ' ', 'c'], 'a b  c'],
  [
    'white space that goes beyond what is known comes through without a word after it',
    'a ',
    [' ', '\n', '\n'],
    'a \n\n',
  ],
  ['a beginning of nothing but white space is not said twice', '\n\n', ['\n', '\nOne'], '\n\nOne'],
])('%s', (_name, shown, pieces, text) => {
  expect(join(shown, pieces)).toBe(text);
});

it('passes on each piece at once after the first word', () => {
  const received: string[] = [];
  const joint = createPrefixJoin('a ', (piece) => received.push(piece));
  for (const piece of [' ', 'b', ' ', 'c']) joint(piece);
  expect(received).toEqual(['b', ' ', 'c']);
});

it.each([
  ['a \n\t', 'a'],
  [' a', ' a'],
  ['\u3000\ufeff', ''],
  ['🐦\u200b', '🐦\u200b'],
])('the prefix of %j is %j', (text, prefix) => {
  expect(trimPrefix(text)).toBe(prefix);
});
