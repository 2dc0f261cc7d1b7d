import { equalLiterals } from '../../src/sandbox/host/python-literal';

const range = Array.from({ length: 20_000 }, (_, i) => i).join();

test.each([
  ['1', '1.0'],
  ['True', '1'],
  ['-0.0', '0'],
  ['[1, (2,), {3}]', '[1,(2,),{3}]'],
  ["{'a': 1, 'b': [2]}", '{"b": [2], "a": 1}'],
  ['{1, 2, 3}', '{3, 2, 1}'],
  ['set()', 'set()'],
  ['((1))', '1'],
  ["'it\\'s'", '"it\'s"'],
  ["'\\n\\x41\\u00e9'", '"""\nAé"""'],
  ["'ab'", "'a' 'b'"],
  ['123456789012345678901234567890', '123456789012345678901234567890'],
  ['1e3', '1000'],
  ['None', 'None'],
  ['()', '()'],
  ['{1, 1.0, True}', '{1}'],
  ['9.261000000000001', '9.26100'],
  ['[2.0000000000000004]', '[2]'],
  [`{${range}}`, `{${range.split(',').reverse().join()}}`],
])('%s equals %s', (got, expected) => expect(equalLiterals(got, expected)).toBe(true));

test.each([
  ['[1, 2]', '(1, 2)'],
  ['(1,)', '1'],
  ['1', "'1'"],
  ['None', 'False'],
  ['[1]', '[1, 2]'],
  ['{1: 2}', '{1: 3}'],
  ['123456789012345678901234567890', '123456789012345678901234567891'],
  ["'a'", "'A'"],
  ['{}', 'set()'],
  ['3.14', '3.1415'],
  ['1.00000000001', '1'],
])('%s does not equal %s', (got, expected) => expect(equalLiterals(got, expected)).toBe(false));

test.each([
  '<object at 0x1>',
  'f(1)',
  '1 2',
  '[1',
  "'a",
  'Hello',
  '{1: 2, 3}',
  '',
  '['.repeat(100_000),
  `${'['.repeat(100_000)}${']'.repeat(100_000)}`,
])('%# is not a literal', (text) => expect(equalLiterals(text, '1')).toBeUndefined());
