/** Prints a value as Python does. */
import type { Literal } from '../../sandbox/host/python-literal';

export function print(value: Literal): string {
  switch (value.kind) {
    case 'number':
      return value.word ?? (Number.isFinite(value.value) ? value.text : `float("${value.text}")`);
    case 'text':
      return JSON.stringify(value.value);
    case 'none':
      return 'None';
    case 'dict':
      return `{${value.entries.map((entry) => entry.map(print).join(': ')).join(', ')}}`;
    default:
      return printItems(value.kind, value.items.map(print));
  }
}

function printItems(kind: 'list' | 'tuple' | 'set', items: string[]): string {
  if (kind === 'list') return `[${items.join(', ')}]`;
  if (kind === 'tuple') return `(${items.map((item) => `${item},`).join(' ')})`;
  return items.length > 0 ? `{${items.join(', ')}}` : 'set()';
}
