import { equalValues } from '../../src/sandbox/host/javascript-literal';

test.each([
  ['1', '1.0'],
  ['-0', '0'],
  ['0.30000000000000004', '0.3'],
  ['[2.0000000000000004]', '[2]'],
  ['[1,2]', '[ 1, 2, ]'],
  ['{"a":true,"b":[null]}', "{ b: [null], 'a': true }"],
  ['{"1":"x"}', '{1: `x`}'],
  ['{"a":1}', '{ a: 1, b: undefined }'],
  ['[null,null]', '[undefined, NaN]'],
  ['"it\'s\\n\\u00e9"', "'it\\'s\\n\\xe9'"],
  ['"😀"', "'\\u{1F600}'"],
  ['NaN', 'NaN'],
  ['undefined', 'undefined'],
])('%s equals %s', (got, expected) => expect(equalValues(got, expected)).toBe(true));

test.each([
  ['1', '"1"'],
  ['1', 'true'],
  ['null', 'undefined'],
  ['[1]', '[1,2]'],
  ['[]', '{}'],
  ['{"a":1}', '{a: 2}'],
  ['{"a":1}', '{a: 1, b: null}'],
  ['9007199254740991', '9007199254740990'],
  ['1.00000000001', '1'],
  ['"null"', 'null'],
])('%s does not equal %s', (got, expected) => expect(equalValues(got, expected)).toBe(false));

test.each([
  'None',
  'f(1)',
  '1 2',
  '[1',
  "'a",
  '{a}',
  '{1, 2}',
  '(1, 2)',
  '`${a}`',
  '5n',
  '[...a]',
  '',
  '['.repeat(100_000),
])('%# is not a literal', (text) => expect(equalValues(text, '1')).toBeUndefined());
