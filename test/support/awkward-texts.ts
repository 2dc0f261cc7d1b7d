/**
 * Texts that are expensive to parse: each is a short piece repeated, alone, between a start and an end, or nested. An expression or a loop
 * that backtracks takes time on one of them that grows with the square of its length, or worse.
 */
import { createChance } from './chance';

/** Returns a text of about `size` UTF-16 units. */
export type Shape = (size: number) => string;

const repeat =
  (piece: string): Shape =>
  (size) =>
    piece.repeat(Math.ceil(size / piece.length)).slice(0, size);

const nested =
  (open: string, inner: string, close: string): Shape =>
  (size) => {
    const depth = Math.floor(size / (open.length + close.length));
    return open.repeat(depth) + inner + close.repeat(depth);
  };

const within =
  (start: string, piece: string, end: string): Shape =>
  (size) =>
    start + repeat(piece)(size) + end;

/** Pieces that have a meaning for some reader. */
const PIECES = [
  ...[
    ' ',
    '\t',
    '\n',
    '\r',
    '\r\n',
    '\u2028',
    ' \n',
    '\n ',
    '\t \n',
    '\0',
    '\ufeff',
    '\u202e',
    '\u05d0',
    '\u0301',
    'e\u0301',
    '\ud800',
    '😀',
  ],
  ...[
    '(',
    '[',
    '{',
    '<',
    ')',
    ']',
    '}',
    '>',
    '()',
    '[]',
    '{}',
    '( ',
    '[,',
    '(,',
    '([{',
    '[1,',
    '{"a":',
    '<a ',
    '<a>',
    '<!--',
    '<![CDATA[',
  ],
  ...[
    '"',
    "'",
    '`',
    '\\',
    '"\'',
    "'a",
    '"a',
    '`a',
    '\\"',
    "\\'",
    "'\\",
    '"\\',
    '"""',
    "'''",
    '"" ',
    '```',
    '```\n',
    '~~~\n',
    '`` `',
    '${',
    '"b\'"',
  ],
  ...[
    '#',
    '# ',
    '# x\n',
    '## Steps\n',
    '###### x\n',
    '*',
    '**',
    '* ',
    '**a',
    '*a*',
    '1. **',
    '1) ',
    '- ',
    '-\n',
    '---\n',
    '> ',
    '>>> ',
    '>>> f(1)\n',
  ],
  ...[
    '...',
    '... \n',
    ':',
    ': ',
    ',',
    ', ',
    '.',
    ';',
    '=',
    '==',
    '= ',
    '=a',
    '=>',
    '->',
    '→',
    '|',
    '| a ',
    '|-',
    '!',
    '![',
    '](',
    '[a](',
    '~',
    '_',
    '_a',
    '__',
    '$',
    '%',
  ],
  ...[
    '&',
    '&amp;',
    '@',
    '/',
    '//',
    '/*',
    '/a',
    'http://',
    'www.',
    '0',
    '1',
    '1_',
    '1e',
    '.1',
    '1.',
    '-1',
    '0x',
    '1h',
    '1ms',
    '1-',
    '\\x',
    '\\u',
    '\\u{',
    '\\N{',
  ],
  ...[
    '{{',
    '}}',
    '\\{{',
    '{{ ',
    '{{a',
    '{{a}}',
    '{{}',
    '{ {',
    'a',
    'A',
    'a ',
    'a\n',
    'a.',
    'a,',
    'a:',
    'a=',
    'a(',
    'a\\',
  ],
  ...[
    'Input:',
    'Input: ',
    'Input: 1\n',
    'Output:',
    'Output: 1\n',
    'Input: 1 Output: ',
    'f(',
    'f(1)',
    'f( ',
    "f('",
    'f("\\',
    'f(1) == ',
    'f(1) returns ',
    'f(1,',
  ],
  ...[
    'def f(',
    'def f(a',
    'def f():\n',
    'async def f(',
    'function f(',
    'function ',
    'class A',
    'class A:',
    'class a\n',
    'assert ',
    'assert f(',
    'import ',
    'import a',
  ],
  ...[
    'from a import ',
    'export ',
    'const ',
    'const a',
    'const a=',
    'let a',
    'await ',
    'async ',
    'expect(',
    'print(',
    'console.log(',
    'lambda ',
    'for ',
    'import a from ',
  ],
  ...[
    'if ',
    'but ',
    'should ',
    'should be ',
    'not ',
    'is ',
    'actual ',
    'actually ',
    'actual:',
    'wrong:',
    'currently ',
    'expected ',
    'order ',
    'any order ',
    'For ',
    'For x ',
  ],
  ...['For x, the output is ', 'given ', 'then ', 'the output ', 'returns ', 'the same words over and over ', 'word '],
  ...[
    'POSITION ',
    'POSITION: ',
    'POSITION: for or ',
    'POSITION:for,',
    'POSITION: for CONFIDENCE',
    'CONFIDENCE: ',
    'VERDICT ',
    'VERDICT: ',
    'VERDICT: PASS',
    'no ',
    'yes ',
  ],
  ...[
    '<think>',
    '</think>',
    'data: ',
    'data: {}\n\n',
    'data: {}\n',
    ':\n\n',
    'error: {',
    'error: {}\n',
    'event: a\n',
    'Bearer ',
    'sk-',
    'per-day',
    'import pytest\n',
  ],
];

/** Starts after which a reader is inside a construct. */
const BEGINNINGS = [
  ...[
    'def f(',
    'def f(a):\n',
    'function f(',
    'Input: ',
    'Input: a = ',
    'Output: ',
    '# ',
    '## Steps',
    '**',
    '>>> ',
    '>>> f(1)\n',
    'assert f(',
    'f(',
    'f(1)',
    'f(1) == ',
    'f(1) = 1 ',
  ],
  ...[
    'f(1) returns 1',
    'f(1) // ',
    'f(1) # returns',
    'For ',
    'For x = ',
    'For x the output is ',
    '```',
    '```python\n',
    '```js ',
    '{{',
    '{{a',
    'VERDICT',
    'POSITION',
    'POSITION: for',
  ],
  ...[
    '"',
    "'",
    '"""',
    "f('",
    'f([',
    '[',
    '{',
    '{"a": ',
    '[1',
    '<',
    '<a',
    '1',
    '1.',
    'data: ',
    'const f = ',
    'const f',
    'export ',
    'import ',
    'class A',
    'actual ',
    'current',
    'order ',
  ],
  ...['- ', '* ', 'print(f(1)', 'expect(f(1)).toBe(', 'if '],
];
const FILLINGS = [
  ' ',
  '\t',
  'a',
  'a ',
  '(',
  '[',
  '"',
  "'",
  '1',
  '-',
  '*',
  ',',
  '=',
  '.',
  ':',
  '`',
  '\n',
  '\\',
  '(a',
  'a, ',
  '_1',
];

/** Returns the shapes by the name of their parts. */
export function awkwardShapes(): Map<string, Shape> {
  const named = (name: string, shape: Shape) => [name, shape] as const;
  return new Map([
    ...PIECES.map((piece) => named(show(piece), repeat(piece))),
    ...(
      [
        ['[', '', ']'],
        ['(', '', ')'],
        ['{', '', '}'],
        ['{"a":', '1', '}'],
        ['[[],', '', ']'],
        ['(1,', '', ')'],
        ['f(', '', ')'],
        ['f([', '', '])'],
        ['<a>', '', '</a>'],
        ['> ', 'a', ''],
        ['{{', '', '}}'],
        ['*', 'a', '*'],
        ['[a', '', '](b)'],
      ] as const
    ).map(([open, inner, close]) => named(`nested ${show(open)} ${show(close)}`, nested(open, inner, close))),
    named('one long line of words', (size) => words(size, ' ')),
    named('short lines of words', (size) => words(size, '\n')),
    named('one long word', repeat('abcdefghij')),
    named('headings of all ranks', repeat('# a\n## b\n### c\n#### d\n##### e\n###### f\n**g**\n1. **h**\n')),
    named('a fence that grows', (size) => Array.from({ length: Math.sqrt(size) }, (_, i) => '`'.repeat(i)).join('\n')),
    named('nested JSON that ends early', repeat('[{"a":[')),
    named('a call with a list that ends early', (size) => `f([${'1, '.repeat(size / 3)}`),
    named('many calls with strings that do not end', repeat('f(\'f("')),
  ]);
}

/** Returns random combinations of pieces, starts and ends, determined by a seed. */
export function combinedShapes(seed: number, count: number): Map<string, Shape> {
  const chance = createChance(seed);
  return new Map(
    Array.from({ length: count }, (_, i) => {
      const parts = Array.from({ length: 1 + chance.below(4) }, () => chance.pick(PIECES));
      const piece = i % 2 ? chance.pick(FILLINGS) : parts.join('');
      const start = chance.pick(BEGINNINGS);
      const end = chance.below(2) ? ' x' : chance.pick(PIECES);
      return [`${show(start)} + ${show(piece)} + ${show(end)}`, within(start, piece, end)];
    }),
  );
}

function words(size: number, separator: string): string {
  const all: string[] = [];
  for (let length = 0, i = 0; length < size; i++) {
    const word = `w${(i * 7919) % 10007}`;
    all.push(word);
    length += word.length + 1;
  }
  return all.join(separator);
}

const show = (piece: string) => JSON.stringify(piece).slice(1, -1);
