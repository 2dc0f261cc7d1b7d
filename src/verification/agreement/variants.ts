/** Values close to a given one, as a tester would try them: empty, plus one, minus one, reversed, negative. */
import type { Literal } from '../../sandbox/host/python-literal';

type Of<Kind extends Literal['kind']> = Extract<Literal, { kind: Kind }>;

export const whole = (value: number): Literal => ({ kind: 'number', text: String(value), value });
export const text = (value: string): Literal => ({ kind: 'text', value });
export const list = (...items: Literal[]): Literal => ({ kind: 'list', items });

export function listVariants(value: Literal): Literal[] {
  switch (value.kind) {
    case 'number':
      return variantsOfNumber(value);
    case 'text':
      return variantsOfText(value.value).map(text);
    case 'list':
    case 'tuple':
      return variantsOfItems(value.items).map((items) => ({ kind: value.kind, items }));
    case 'set':
      return [[], value.items.slice(1)].map((items) => ({ kind: 'set', items }));
    case 'dict':
      return [[], value.entries.slice(1)].map((entries) => ({ kind: 'dict', entries }));
    case 'none':
      return [];
  }
}

function variantsOfNumber({ value, word }: Of<'number'>): Literal[] {
  if (word) return [{ kind: 'number', text: String(1 - value), value: 1 - value, word: value ? 'False' : 'True' }];
  if (Number.isSafeInteger(value)) return [value + 1, value - 1, 0, 1, value + 2, -value].map(whole);
  if (!Number.isFinite(value) || Number.isInteger(value)) return [whole(0)];
  return [value + 0.5, -value].map((other) => ({ kind: 'number', text: other.toFixed(2), value: other }));
}

/** A longer text is varied only by the empty one. UTF-16 units. */
const LONGEST_TEXT = 2000;

function variantsOfText(value: string): string[] {
  if (value.length > LONGEST_TEXT) return [''];
  const signs = [...value];
  const reversed = [...signs].reverse().join('');
  return ['', reversed, value + value, signs.slice(1).join(''), signs.slice(0, 1).join(''), value.toUpperCase()];
}

function variantsOfItems(items: readonly Literal[]): Literal[][] {
  const replaced = items.slice(0, 2).flatMap((item, at) => {
    const [first] = listVariants(item);
    return first ? [items.with(at, first)] : [];
  });
  const less = [items.slice(0, -1), items.slice(0, 1)];
  return [[], [...items].reverse(), items.map(negate), ...less, [...items, ...items], ...replaced];
}

/** Inverts the sign of all numbers in the value. */
function negate(value: Literal): Literal {
  if (value.kind === 'list' || value.kind === 'tuple') return { ...value, items: value.items.map(negate) };
  if (value.kind !== 'number' || value.word || value.value === 0) return value;
  const text = value.text.startsWith('-') ? value.text.slice(1) : `-${value.text}`;
  return { kind: 'number', text, value: -value.value };
}
